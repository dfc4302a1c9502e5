#ifndef YIMA_SERVER_REGISTRY_WHOLES_H_
#define YIMA_SERVER_REGISTRY_WHOLES_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/facility.pb.h"

namespace yima::server {

/// Facilities that may stand one within another, the outermost and the innermost included.
constexpr int kWholesMax = 8;
/// Of the parts of a facility that are shown beside it.
constexpr size_t kPartsShownMax = 20;
/// Each facility that has parts counts how often one joined it, in this many slots: a change that
/// joins takes any, one that must not be joined meanwhile expects all. See README.md.
constexpr uint8_t kJoinSlots = 32;

/// What one change does to parts and wholes. What is above a part is checked in the change that
/// puts it there, and what is within one that moves or ends is expected to get no other part, so
/// two changes at one moment make neither a circle nor too deep a stack between them, and leave no
/// part in a whole that ended. From one thread.
class Wholes {
 public:
  Wholes(const Call& call, const store::Snapshot& snapshot) : call_(call), snapshot_(snapshot) {}

  /// Takes a part that names its parent; one without any is nothing to do. `field` names the
  /// parent in the request. PARENT_UNKNOWN (NOT_FOUND), PARENT_CYCLE, PARENT_TOO_DEEP,
  /// PARENT_ENDED, PARTS_TOO_MANY (FAILED_PRECONDITION); SCOPE_EXCEEDED, since a whole tells of its
  /// parts.
  Result<void> Join(const v1::Facility& part, std::string_view field);
  /// A part of the facility that is neither scrapped nor taken back; 0 when there is none, and then
  /// the change expects that none joins it.
  Result<uint64_t> StandingPart(const v1::Facility& whole);
  /// The same of a part that was not taken back.
  Result<uint64_t> AnyPart(const v1::Facility& whole);
  /// Takes a facility as this change makes it, for those that come after it.
  void Settle(const v1::Facility& before, const v1::Facility& after);
  /// Marks a facility that this change replaces anyway, when it gets its first part.
  void Mark(v1::Facility& after);
  /// Wholes that get their first part: records that Put replaces, but for those marked already.
  size_t first_parts() const { return first_parts_.size(); }
  /// Adds the checks, the counts of joins, and the mark of wholes that get their first part.
  Result<void> Put(ChangeWriter& writer) const;
  /// Goes on as if this change were done and another begun, for who only looks what would be. What
  /// is kept is a line for each facility that moved or ended, of the first million.
  void Next();

 private:
  /// As this change leaves it.
  struct Settled {
    uint64_t parent = 0;
    bool ended = false;
    bool has_parts = false;
  };

  Result<const Read<v1::Facility>*> Find(uint64_t uid);
  bool HasEndedBy(const v1::Facility& facility) const;
  uint64_t ParentOf(const v1::Facility& facility) const;
  bool MayHaveParts(const v1::Facility& facility) const;
  Result<uint64_t> PartOf(uint64_t whole, const std::string& term, bool standing) const;
  Result<int> HeightOf(const v1::Facility& part, std::string_view field);
  Result<void> AddInnerWholes(uint64_t whole, std::vector<uint64_t>& inner) const;
  Result<void> Count(uint64_t uid, uint8_t slot, bool joined, ChangeWriter& writer) const;

  const Call& call_;
  const store::Snapshot& snapshot_;
  std::map<uint64_t, Read<v1::Facility>> above_;
  std::set<uint64_t> wholes_;  ///< That get a part.
  std::set<uint64_t> joined_;  ///< These, and all above them.
  std::set<uint64_t> closed_;  ///< Within which nothing may have been put meanwhile.
  std::set<uint64_t> marked_;  ///< By who replaces them.
  std::map<uint64_t, Settled> settled_;
  std::map<uint64_t, std::set<uint64_t>> parts_;  ///< Of those settled, by their whole.
  std::map<uint64_t, uint64_t> first_parts_;  ///< Wholes that get their first, with their parents.
};

/// A facility at a glance, as everybody may see it.
v1::RelatedFacility Glance(const v1::Facility& facility);

/// What stands around a facility, as everybody may see it.
struct Related {
  std::optional<v1::RelatedFacility> parent;
  /// The first kPartsShownMax, those that stand before those scrapped, each by rising uid.
  std::vector<v1::RelatedFacility> children;
};
/// Costs a read for a parent and a scan or two for parts, and nothing where there are neither.
Result<Related> RelatedTo(const store::Snapshot& snapshot, uint64_t uid, uint64_t parent,
                          bool has_parts);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_WHOLES_H_
