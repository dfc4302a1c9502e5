#ifndef YIMA_SERVER_ISSUANCE_PRINTED_H_
#define YIMA_SERVER_ISSUANCE_PRINTED_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/issuance_service.pb.h"

namespace yima::server {

/// Counts that plates were printed, all or none. BATCH_SIZE unless 1 to 1,000 serials,
/// PLATE_REPEATED, ENUM_UNKNOWN; CODE_NOT_FOUND, CODE_REVOKED; ALREADY_PRINTED names those printed
/// before, unless the request says why they are printed once more.
Result<Planned> PlanMarkPrinted(const Domain& domain, const Call& call,
                                const v1::MarkPrintedRequest& request,
                                const store::Snapshot& snapshot);
Result<v1::MarkPrintedResponse> AnswerMarkPrinted(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_ISSUANCE_PRINTED_H_
