#ifndef YIMA_SERVER_RIGHTS_FOLLOW_H_
#define YIMA_SERVER_RIGHTS_FOLLOW_H_

#include <cstdint>
#include <set>

#include "server/domain/domain.h"
#include "server/rights/duties.h"
#include "yima/v1/facility.pb.h"

namespace yima::server {

/// What is another organization's from some moment on.
struct Succession {
  uint64_t from = 0;
  uint64_t to = 0;  ///< 0: nobody.
  Actor actor;
  TimeUs moment = 0;
  uint64_t rules = 0;
  v1::Basis basis;
};

/// Records beside the facility that Follow puts at most: of each right a claim and its order, and
/// the facility's offer.
constexpr size_t kFollowPutsMax = 3 * 2 + 1;

/// Lets all that one organization has on a facility go to the other: what it holds, with state and
/// basis; its standing claims, of which one is withdrawn where the other claims already; its
/// place as a candidate. Orders that it is a side of are SUPERSEDED. Gives on how many of these
/// something was done. SUCCESSOR_MISSING: nobody would supervise the facility.
Result<uint64_t> Follow(const Succession& succession, const store::Snapshot& snapshot,
                        v1::Facility& facility, ChangeWriter& writer);

/// The facilities that it has something on: it holds or claims a right, is asked to, or is a side
/// of an order. CALL_ENDED.
Result<std::set<uint64_t>> FacilitiesOf(const Call& call, const store::Snapshot& snapshot,
                                        uint64_t organization);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_FOLLOW_H_
