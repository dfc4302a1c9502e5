#ifndef YIMA_SERVER_ISSUANCE_SUSPICIOUS_H_
#define YIMA_SERVER_ISSUANCE_SUSPICIOUS_H_

#include "server/domain/domain.h"
#include "yima/v1/issuance_service.pb.h"

namespace yima::server {

/// Codes that were scanned where they should not be, by rising serial, within the caller's reach.
Result<v1::ListSuspiciousCodesResponse> ListSuspiciousCodes(
    const Domain& domain, const Call& call, const v1::ListSuspiciousCodesRequest& request,
    const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_ISSUANCE_SUSPICIOUS_H_
