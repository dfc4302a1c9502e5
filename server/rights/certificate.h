#ifndef YIMA_SERVER_RIGHTS_CERTIFICATE_H_
#define YIMA_SERVER_RIGHTS_CERTIFICATE_H_

#include <functional>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

// Certificates 确权证书: CERTIFICATE.md beside this says what one is.

using CertificateSink = std::function<Result<void>(const v1::IssueCertificatesResponse&)>;

/// One certificate for each facility of the target, by rising uid, each as of a tree that holds all
/// that was committed before the call. Waits some seconds for that tree to be signed.
/// TARGET_MISSING, FACILITY_NOT_FOUND, SCOPE_EXCEEDED, what the filter refuses; LOG_NOT_READY
/// (UNAVAILABLE); CERTIFICATE_KEY_MISSING (FAILED_PRECONDITION); RECORD_DAMAGED, ENTRY_DAMAGED,
/// TREE_DAMAGED (DATA_LOSS); CALL_ENDED.
Result<void> IssueCertificates(const Domain& domain, const Call& call,
                               const v1::IssueCertificatesRequest& request,
                               const CertificateSink& sink);

/// Whether the facility's record is still the one that a certificate shows. For everybody: it says
/// of a facility when it changed last and no more. REGISTRY_OTHER (FAILED_PRECONDITION),
/// FACILITY_NOT_FOUND.
Result<v1::CheckCertificateResponse> CheckCertificate(const Domain& domain, const Call& call,
                                                      const v1::CheckCertificateRequest& request,
                                                      const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_CERTIFICATE_H_
