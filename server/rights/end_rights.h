#ifndef YIMA_SERVER_RIGHTS_END_RIGHTS_H_
#define YIMA_SERVER_RIGHTS_END_RIGHTS_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/decision.pb.h"
#include "yima/v1/facility.pb.h"

namespace yima::server {

/// Open objections that may stand on one right: with them, all that ends with a facility fits into
/// one change.
constexpr uint32_t kObjectionsMax = 200;

/// Open objections against claims on one right of a facility, by rising id.
Result<std::vector<Read<v1::Objection>>> OpenObjections(const store::Snapshot& snapshot,
                                                        uint64_t facility, v1::RightKind kind);

/// Puts a claim with how it ended, and takes it off its right in `facility`.
void EndClaim(const Read<v1::Claim>& claim, v1::ClaimState state, const v1::Decision& decision,
              v1::Facility& facility, ChangeWriter& writer);
/// Puts all objections with how they ended, and takes them off their right.
void EndObjections(const std::vector<Read<v1::Objection>>& objections, v1::ObjectionState state,
                   const v1::Decision& decision, v1::Right& right, ChangeWriter& writer);
/// Ends the objections against a right on which no claim is left.
Result<void> EndObjectionsToNothing(const store::Snapshot& snapshot, v1::RightKind kind,
                                    const v1::Decision& decision, v1::Facility& facility,
                                    ChangeWriter& writer);

/// Ends all that stands on the rights of a facility that is no more: claims, objections and orders
/// are SUPERSEDED, offers ENDED. `facility` is its record as the change puts it; at most 3 × (16 +
/// 200 + 2) others are put.
Result<void> EndRights(const Domain& domain, const Call& call, const store::Snapshot& snapshot,
                       const v1::Basis& basis, v1::Facility& facility, ChangeWriter& writer);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_END_RIGHTS_H_
