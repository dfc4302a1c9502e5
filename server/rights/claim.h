#ifndef YIMA_SERVER_RIGHTS_CLAIM_H_
#define YIMA_SERVER_RIGHTS_CLAIM_H_

#include <functional>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// 认领: enters a claim of the caller's own organization on each right asked for. Of a facility,
/// all rights asked for are claimed, or none. Waits; for a thread of its own.
///
/// What RightsBatch says, BASIS_MISSING, DATE_MALFORMED, RIGHT_INVALID, ORGANIZATION_NOT_OWN,
/// ORGANIZATION_UNKNOWN, ORGANIZATION_ENDED; of a facility FACILITY_ENDED, RIGHT_CONFIRMED,
/// RIGHT_CLAIMED_ALREADY, CLAIMS_TOO_MANY, OFFER_OPEN, ORDER_ALREADY.
using ClaimSink = std::function<Result<void>(const v1::ClaimRightsResponse&)>;
Result<void> ClaimRights(const Domain& domain, const Call& call,
                         const v1::ClaimRightsRequest& request, const ClaimSink& sink);

/// A claim's record. CLAIM_NOT_FOUND at that field.
Result<Read<v1::Claim>> FindClaim(const store::Snapshot& snapshot, uint64_t claim,
                                  std::string_view field);

/// Takes a claim back. CLAIM_NOT_FOUND, ORGANIZATION_NOT_OWN, CLAIM_ENDED, CLAIM_BY_ORDER,
/// FIELD_TOO_LONG, FIELD_NOT_TEXT.
Result<Planned> PlanWithdrawClaim(const Domain& domain, const Call& call,
                                  const v1::WithdrawClaimRequest& request,
                                  const store::Snapshot& snapshot);
Result<v1::WithdrawClaimResponse> AnswerWithdrawClaim(const Domain& domain,
                                                      const std::vector<RecordRef>& results,
                                                      const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_CLAIM_H_
