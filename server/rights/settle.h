#ifndef YIMA_SERVER_RIGHTS_SETTLE_H_
#define YIMA_SERVER_RIGHTS_SETTLE_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// 裁决: decides all that stands on one right of one facility, for one claim or for none. What it
/// is settled for stands on, and is confirmed as any other claim.
///
/// RIGHT_KIND_UNKNOWN, FIELD_MISSING, FIELD_TOO_LONG, FIELD_NOT_TEXT, BASIS_MISSING,
/// FACILITY_NOT_FOUND, SCOPE_EXCEEDED, ETAG_STALE, CLAIM_MISSING, CLAIM_NOT_FOUND, PERIOD_RUNNING,
/// CLAIM_NOT_PUBLISHED, NOTHING_TO_SETTLE, DUTIES_NOT_SEPARATE.
Result<Planned> PlanSettleClaims(const Domain& domain, const Call& call,
                                 const v1::SettleClaimsRequest& request,
                                 const store::Snapshot& snapshot);
Result<v1::SettleClaimsResponse> AnswerSettleClaims(const Domain& domain,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_SETTLE_H_
