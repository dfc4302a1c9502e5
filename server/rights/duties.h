#ifndef YIMA_SERVER_RIGHTS_DUTIES_H_
#define YIMA_SERVER_RIGHTS_DUTIES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "server/domain/domain.h"
#include "yima/v1/claim.pb.h"
#include "yima/v1/decision.pb.h"
#include "yima/v1/objection.pb.h"
#include "yima/v1/order.pb.h"

namespace yima::server {

/// Who acts, and for whom.
struct Actor {
  std::string principal;
  uint64_t organization = 0;  ///< It belongs to; 0: the registry's own.

  /// The same principal, or one of the same organization that is not the registry's own.
  bool IsOneWith(std::string_view other, uint64_t others_organization) const {
    return principal == other || (organization != 0 && organization == others_organization);
  }
};
Result<Actor> ActorOf(const Call& call, const store::Snapshot& snapshot);

/// ORGANIZATION_NOT_OWN (PERMISSION_DENIED) unless the actor belongs to that organization.
Result<void> CheckOwn(const Actor& actor, uint64_t organization, std::string_view field);

/// DUTIES_NOT_SEPARATE (PERMISSION_DENIED) when the actor is who did the other part, or one of its
/// organization that is not the registry's own: `what` says which, as in "entered the claim".
Result<void> CheckOtherPrincipal(const Actor& actor, std::string_view other, std::string_view what,
                                 std::string_view field);
Result<void> CheckOtherOrganization(const Actor& actor, uint64_t other, std::string_view what,
                                    std::string_view field);

/// Of a claim: neither who entered it decides on it, nor a colleague, nor one of the organization
/// that it is for. The same of an objection; but the clerk who enters a paper objects to nothing.
Result<void> CheckNotClaimant(const Actor& actor, const v1::Claim& claim, std::string_view field);
Result<void> CheckNotObjector(const Actor& actor, const v1::Objection& objection,
                              std::string_view field);

/// ORGANIZATION_UNKNOWN (NOT_FOUND), ORGANIZATION_ENDED (FAILED_PRECONDITION).
Result<Read<v1::Organization>> FindActing(const store::Snapshot& snapshot, uint64_t organization,
                                          std::string_view field);

/// What an actor decides now; the reason, in the clear, may be empty.
v1::Decision Decide(const Actor& actor, TimeUs now, uint64_t rules, std::string_view reason,
                    const v1::Basis& basis);
v1::Approval Approve(const Actor& actor, TimeUs now);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_DUTIES_H_
