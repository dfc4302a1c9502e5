#ifndef YIMA_SERVER_REGISTRY_WHOLES_H_
#define YIMA_SERVER_REGISTRY_WHOLES_H_

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/facility.pb.h"

namespace yima::server {

/// Facilities that may stand one within another, the outermost and the innermost included.
constexpr int kWholesMax = 8;
/// Of the parts of a facility that are shown beside it.
constexpr size_t kPartsShownMax = 20;

/// Parts that one change puts into their wholes. What is above a part is checked in the same
/// change, so two changes at one moment cannot make a circle or too deep a stack between them.
/// From one thread.
class Wholes {
 public:
  Wholes(const Call& call, const store::Snapshot& snapshot) : call_(call), snapshot_(snapshot) {}

  /// Takes a part that names its parent; one without any is nothing to do. `field` names the
  /// parent in the request. PARENT_UNKNOWN (NOT_FOUND), PARENT_CYCLE, PARENT_TOO_DEEP, PARENT_ENDED
  /// (FAILED_PRECONDITION); SCOPE_EXCEEDED, since a whole tells of its parts.
  Result<void> Join(const v1::Facility& part, std::string_view field);
  /// Takes a facility as this change makes it, for parts that join after it.
  void Settle(const v1::Facility& after) { settled_[after.uid()] = after.parent(); }
  /// Adds the checks, and the mark of wholes that get their first part.
  void Put(ChangeWriter& writer) const;

 private:
  Result<const Read<v1::Facility>*> Find(uint64_t uid);

  const Call& call_;
  const store::Snapshot& snapshot_;
  std::map<uint64_t, Read<v1::Facility>> above_;
  std::set<uint64_t> wholes_;
  std::map<uint64_t, uint64_t> settled_;  ///< Parents, by uid, that this change gives.
};

/// A part of the facility that is neither scrapped nor taken back; 0 when there is none.
Result<uint64_t> StandingPart(const store::Snapshot& snapshot, uint64_t uid);

/// What stands around a facility, as everybody may see it.
struct Related {
  std::optional<v1::RelatedFacility> parent;
  std::vector<v1::RelatedFacility> children;  ///< The first kPartsShownMax by rising uid.
};
/// Costs a read for a parent and a scan for parts, and nothing where there are neither.
Result<Related> RelatedTo(const store::Snapshot& snapshot, uint64_t uid, uint64_t parent,
                          bool has_parts);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_WHOLES_H_
