#include "server/rights/rules.h"

#include <algorithm>
#include <chrono>
#include <set>

#include <fmt/format.h>

#include "server/domain/entry_view.h"

namespace yima::server {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::microseconds;
using std::chrono::minutes;

constexpr uint32_t kDaysDefault = 15;
constexpr int kChinaMinutes = 480;

minutes OffsetOf(const v1::RightsRules& rules) {
  return minutes(rules.has_utc_offset_minutes() ? rules.utc_offset_minutes() : kChinaMinutes);
}

local_days DayAt(const v1::RightsRules& rules, TimeUs moment) {
  const std::chrono::local_time<microseconds> local{microseconds(moment) + OffsetOf(rules)};
  return std::chrono::floor<days>(local);
}

TimeUs BeginOf(const v1::RightsRules& rules, local_days day) {
  return (std::chrono::local_time<microseconds>(day).time_since_epoch() - OffsetOf(rules)).count();
}

std::string ToText(local_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

template <typename List>
bool Holds(const List& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

template <typename Prefixes>
bool BeginsWithOne(std::string_view value, const Prefixes& prefixes) {
  return prefixes.empty() || std::ranges::any_of(prefixes, [&](const std::string& prefix) {
           return value.starts_with(prefix);
         });
}

/// CALENDAR_YEAR_MISSING.
Result<bool> IsWorkingDay(const v1::RightsRules& rules, local_days day) {
  if (rules.calendars().empty()) return true;
  const std::chrono::year_month_day date(day);
  const auto year = static_cast<uint32_t>(static_cast<int>(date.year()));
  const auto calendar = std::ranges::find(rules.calendars(), year, &v1::Calendar::year);
  if (calendar == rules.calendars().end()) {
    return Fail(
        StatusCode::kFailedPrecondition, "CALENDAR_YEAR_MISSING",
        fmt::format("the period reaches into {}, of which the rules have no calendar", year),
        "rules.calendars");
  }
  const std::string text = ToText(day);
  if (Holds(calendar->working_days(), text)) return true;
  if (Holds(calendar->days_off(), text)) return false;
  const std::chrono::weekday weekday(day);
  return weekday != std::chrono::Saturday && weekday != std::chrono::Sunday;
}

/// A prefix longer than every other that fits; none fits: null.
const v1::ClassRule* LongestFit(const v1::RightsRules& rules, std::string_view class_code) {
  const v1::ClassRule* best = nullptr;
  for (const auto& rule : rules.class_rules()) {
    if (!class_code.starts_with(rule.class_prefix())) continue;
    if (best == nullptr || rule.class_prefix().size() > best->class_prefix().size()) best = &rule;
  }
  return best;
}

}  // namespace

const v1::ClassRule& Rules::ForClass(std::string_view class_code) const {
  const v1::ClassRule* fit = LongestFit(record, class_code);
  return fit != nullptr ? *fit : v1::ClassRule::default_instance();
}

uint32_t Rules::PublicityDays(std::string_view class_code) const {
  if (const uint32_t own = ForClass(class_code).publicity_days(); own != 0) return own;
  return record.publicity_days() != 0 ? record.publicity_days() : kDaysDefault;
}

uint32_t Rules::OfferDays() const {
  return record.offer_days() != 0 ? record.offer_days() : kDaysDefault;
}

bool Rules::MayConfirm(uint64_t organization, v1::RightKind kind,
                       const v1::Facility& facility) const {
  if (record.confirm_rules().empty()) return true;
  return std::ranges::any_of(record.confirm_rules(), [&](const v1::ConfirmRule& rule) {
    const bool who =
        rule.organizations().empty() ||
        std::ranges::find(rule.organizations(), organization) != rule.organizations().end();
    const bool what =
        rule.kinds().empty() || std::ranges::find(rule.kinds(), kind) != rule.kinds().end();
    return who && what && BeginsWithOne(facility.class_code(), rule.class_prefixes()) &&
           BeginsWithOne(facility.division(), rule.divisions());
  });
}

Result<void> CheckRuleAllows(const Rules& rules, uint64_t organization, v1::RightKind kind,
                             const v1::Facility& facility, std::string_view field) {
  if (rules.MayConfirm(organization, kind, facility)) return {};
  return Fail(StatusCode::kFailedPrecondition, "RULE_FORBIDS",
              fmt::format("the city's rules do not let you confirm {} of facility {}",
                          v1::RightKind_Name(kind), facility.uid()),
              std::string(field));
}

Result<Rules> ReadRules(const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::RightsRules>(snapshot, kRightsRulesId));
  if (!read) return Rules();
  return Rules{read->revision, std::move(read->record)};
}

std::string CityDay(const v1::RightsRules& rules, TimeUs moment) {
  return ToText(DayAt(rules, moment));
}

Result<Period> PeriodFrom(const v1::RightsRules& rules, TimeUs begin, uint32_t count) {
  Period period;
  period.days = count;
  if (rules.day_count() == v1::DAY_COUNT_WORKING) period.day_count = v1::DAY_COUNT_WORKING;
  local_days last = DayAt(rules, begin);
  for (uint32_t counted = 0; counted < count;) {
    last += days(1);
    bool counts = true;
    if (period.day_count == v1::DAY_COUNT_WORKING) {
      YIMA_ASSIGN_OR_RETURN(counts, IsWorkingDay(rules, last));
    }
    if (counts) ++counted;
  }
  for (;; last += days(1)) {
    YIMA_ASSIGN_OR_RETURN(const bool works, IsWorkingDay(rules, last));
    if (works) break;
  }
  period.last_day = ToText(last);
  period.close_us = BeginOf(rules, last + days(1));
  return period;
}

Result<TimeUs> Moment(const Domain& domain, const store::Snapshot& snapshot) {
  const TimeUs now = domain.now();
  if (domain.clock != nullptr) YIMA_RETURN_IF_ERROR(domain.clock->Check(now));
  YIMA_ASSIGN_OR_RETURN(const uint64_t size, snapshot.LogSize());
  TimeUs newest = 0;
  if (size > 0) {
    YIMA_RETURN_IF_ERROR(snapshot.ScanLog(size - 1, [&](const store::LogRecord& record) {
      if (const auto entry = ViewEntry(record.entry)) {
        newest = static_cast<TimeUs>(entry->time_us);
      }
      return false;
    }));
  }
  return std::max(now, newest);
}

}  // namespace yima::server
