#ifndef YIMA_SERVER_RIGHTS_COVERAGE_DAYS_H_
#define YIMA_SERVER_RIGHTS_COVERAGE_DAYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/domain/domain.h"
#include "yima/v1/coverage.pb.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// Days since 1970 of a date YYYY-MM-DD, the id of a CoverageDay; nothing when it is none, or one
/// before 1970-01-02.
std::optional<uint64_t> DayNumber(std::string_view date);
std::string DayText(uint64_t day);

/// Writes how far the city had come at the end of each day that is over. Use from one thread.
class CoverageDayKeeper {
 public:
  explicit CoverageDayKeeper(const Domain& domain) : domain_(domain) {}

  /// Writes the days since the last one that is kept, each as it stands now: while no server ran
  /// nothing changed. The first day of all is that of the log's newest entry. Looks at little until
  /// a day is over. CLOCK_AHEAD, and the store's own errors.
  Result<void> Keep();

 private:
  Result<uint64_t> FirstMissing(const store::Snapshot& snapshot, uint64_t today) const;
  Result<void> Write(const store::Snapshot& snapshot, uint64_t first, uint64_t today,
                     TimeUs moment) const;

  const Domain& domain_;
  uint64_t kept_until_ = 0;  ///< No day before it is missing.
};

/// The days kept, then today as it stands. Callers whose reach has bounds get the divisions that
/// are theirs whole, the organizations that are, and as the total what these divisions add up to,
/// or these organizations when they have no division. DAY_MALFORMED.
Result<v1::ListCoverageDaysResponse> ListCoverageDays(const Domain& domain, const Call& call,
                                                      const v1::ListCoverageDaysRequest& request,
                                                      const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_COVERAGE_DAYS_H_
