#ifndef YIMA_SERVER_RIGHTS_RULES_H_
#define YIMA_SERVER_RIGHTS_RULES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "server/domain/domain.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/rights_rules.pb.h"

namespace yima::server {

/// The city's rules as one snapshot has them.
struct Rules {
  uint64_t version = 0;  ///< What decisions name; 0: none were set.
  v1::RightsRules record;

  /// What holds for a class: of the rules whose prefix fits, the one with the longest.
  const v1::ClassRule& ForClass(std::string_view class_code) const;
  /// Days of publicity for a facility of that class.
  uint32_t PublicityDays(std::string_view class_code) const;
  uint32_t OfferDays() const;
  /// Whether a principal of that organization (0: the registry's own) may confirm such a right.
  bool MayConfirm(uint64_t organization, v1::RightKind kind, const v1::Facility& facility) const;
};
/// RULE_FORBIDS (FAILED_PRECONDITION) unless a principal of that organization may confirm it.
Result<void> CheckRuleAllows(const Rules& rules, uint64_t organization, v1::RightKind kind,
                             const v1::Facility& facility, std::string_view field);
Result<Rules> ReadRules(const store::Snapshot& snapshot);

/// A period of some days. The day on which it begins is not counted, and it ends with its last day
/// (Civil Code of China, articles 201 to 203).
struct Period {
  uint32_t days = 0;
  v1::DayCount day_count = v1::DAY_COUNT_NATURAL;
  std::string last_day;  ///< YYYY-MM-DD of the city's clock.
  TimeUs close_us = 0;   ///< The first moment after it.
};
/// CALENDAR_YEAR_MISSING (FAILED_PRECONDITION) when it reaches into a year without a calendar, and
/// there are calendars of others.
Result<Period> PeriodFrom(const v1::RightsRules& rules, TimeUs begin, uint32_t days);

/// The day of the city's clock, YYYY-MM-DD.
std::string CityDay(const v1::RightsRules& rules, TimeUs moment);

/// The moment by which periods are judged: the clock's, but never before the log's newest entry, so
/// that a clock that is put back opens no period again. CLOCK_AHEAD when it was put far ahead.
Result<TimeUs> Moment(const Domain& domain, const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_RULES_H_
