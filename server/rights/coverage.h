#ifndef YIMA_SERVER_RIGHTS_COVERAGE_H_
#define YIMA_SERVER_RIGHTS_COVERAGE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "server/domain/cover.h"
#include "server/domain/domain.h"
#include "yima/v1/coverage.pb.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// How far some facilities have come.
class CoverageSum {
 public:
  /// So many facilities that are alike in `cover`; `coded`: so many of those counted before, or
  /// after, have an active code.
  void Add(const Cover& cover, bool coded, uint64_t count);
  v1::Coverage Under(std::string group) const;

 private:
  static constexpr size_t kStates = 5;
  struct Right {
    std::array<uint64_t, kStates> states{};
    uint64_t published = 0;
  };
  static void Fill(const Right& right, v1::RightCounts& counts);

  uint64_t facilities_ = 0;
  uint64_t coded_ = 0;
  std::array<Right, 3> rights_;
};

/// Visits all counters of coverage: the whole registry's in as many steps as there are facilities
/// that differ. `coded`: whether it counts those with an active code alone.
using CoverVisitor = std::function<void(const Cover& cover, bool coded, uint64_t count)>;
Result<void> EachCover(const store::Snapshot& snapshot, const CoverVisitor& visit);

/// 赋码率, 公示率, 确权率 as they stand. Known callers see what lies within their reach; the public
/// sees all, but of no organization. TOKEN_MISSING, DIVISION_MALFORMED, CLASS_MALFORMED,
/// ENUM_UNKNOWN, TOO_MANY_VALUES.
Result<v1::GetCoverageResponse> GetCoverage(const Domain& domain, const Call& call,
                                            const v1::GetCoverageRequest& request,
                                            const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_COVERAGE_H_
