#ifndef YIMA_SERVER_REGISTRY_FILTER_H_
#define YIMA_SERVER_REGISTRY_FILTER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "server/domain/call.h"
#include "server/store/store.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// A facility filter, validated. Immutable, so thread-safe.
class FacilityMatcher {
 public:
  /// DIVISION_MALFORMED (a prefix is 2, 4 or 6 digits), CLASS_MALFORMED, ENUM_UNKNOWN,
  /// RIGHT_STATE_MISSING, SCHEME_UNASSIGNED, TOO_MANY_UIDS above 200,000 and TOO_MANY_VALUES above
  /// 1,000; fields are "filter.divisions[0]" and the like, where `at` is the filter's own place in
  /// the request. Nothing outside the caller's reach matches.
  static Result<FacilityMatcher> Parse(const Call& call, const v1::FacilityFilter& filter,
                                       std::string_view at = "filter");

  /// Visits facilities with uid > after that match, by rising uid, until `visit` returns false.
  /// `look` is asked before each facility, whether it matches or not; false ends the scan.
  using Visitor = std::function<bool(uint64_t revision, const v1::Facility& facility)>;
  using Look = std::function<bool(uint64_t uid)>;
  Result<void> Scan(const store::Snapshot& snapshot, uint64_t after, const Look& look,
                    const Visitor& visit) const;

  /// Whether the facility matches; false when there is none.
  Result<bool> Finds(const store::Snapshot& snapshot, uint64_t uid) const;
  /// The same of a record that was read.
  Result<bool> Takes(const store::Snapshot& snapshot, const v1::Facility& facility) const;

  /// The filter in words, for batch records: "division 140502, class 01001"; at most 256
  /// bytes. "all facilities" when it is empty.
  std::string InWords() const;

 private:
  FacilityMatcher(v1::FacilityFilter filter, std::shared_ptr<const Reach> reach)
      : filter_(std::move(filter)), reach_(std::move(reach)) {}
  Result<bool> Matches(const store::Snapshot& snapshot, const v1::Facility& facility) const;

  v1::FacilityFilter filter_;
  std::shared_ptr<const Reach> reach_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_FILTER_H_
