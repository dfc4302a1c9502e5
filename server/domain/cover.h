#ifndef YIMA_SERVER_DOMAIN_COVER_H_
#define YIMA_SERVER_DOMAIN_COVER_H_

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/store/store.h"
#include "yima/v1/facility.pb.h"

namespace yima::server {

/// What coverage counts of a facility's right.
struct RightCover {
  uint64_t holder = 0;  ///< 0: none.
  v1::RightState state = v1::RIGHT_STATE_UNSPECIFIED;
  bool published = false;  ///< 公示: claimed in a notice, or confirmed after one.
  bool operator==(const RightCover&) const = default;
};

/// All of a facility by which coverage tells facilities apart. Those that are alike in it are
/// counted together, so that any grouping and any caller's reach is a sum over these counters.
struct Cover {
  std::string_view division;
  std::string_view class_code;
  std::array<RightCover, 3> rights;  ///< Supervising, owning, maintaining.
};

/// The counter of the facilities that are like this one: `cover/140502/01001/7-8-0/1d0`. Division,
/// class, the three holders, and a sign for each right: its RightState as a digit, or a letter from
/// `a` on when it is published. Empty for those that coverage leaves out: scrapped and withdrawn.
std::string CoverCounter(const v1::Facility& facility);
/// The counter of those of them that have an active code: `coded/140502/…`; empty for none.
std::string CodedCounter(std::string_view cover_counter);
/// Reads the name of a counter of either family; nothing when it is another one. Points into it.
std::optional<Cover> ParseCover(std::string_view counter);
bool IsCodedCounter(std::string_view counter);
/// Behind all names of both families, which stand first among all counters.
constexpr std::string_view kCoverEnd = "cover0";

/// Says of facilities, asked by rising uid, whether they have an active code: one look at the index
/// for 256 uids, since it is asked of all that a registry or a batch holds.
class CodedFacilities {
 public:
  explicit CodedFacilities(const store::Snapshot& snapshot) : snapshot_(snapshot) {}

  Result<bool> Has(uint64_t facility);

 private:
  const store::Snapshot& snapshot_;
  std::string block_;
  std::bitset<256> coded_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_COVER_H_
