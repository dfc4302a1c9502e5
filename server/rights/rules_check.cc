#include "server/rights/rules_check.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "server/registry/facility_rules.h"
#include "server/rights/duties.h"

namespace yima::server {
namespace {

constexpr uint32_t kDaysMax = 365;
constexpr int kClassRulesMax = 500;
constexpr int kConfirmRulesMax = 200;
constexpr int kCandidatesMax = 32;
constexpr int kValuesMax = 500;
constexpr int kCalendarDaysMax = 100;
constexpr size_t kPrefixMax = 16;
/// An entry of the log holds the whole record, and at most 65,535 bytes.
constexpr size_t kBytesMax = 60'000;

bool IsDigits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<void> CheckDays(uint32_t days, const std::string& field) {
  if (days <= kDaysMax) return {};
  return Invalid("RULE_DAYS", fmt::format("{} days, want 1 to {}, or 0", days, kDaysMax), field);
}

Result<void> CheckCount(int count, int max, const std::string& field) {
  if (count <= max) return {};
  return Invalid("RULE_TOO_MANY", fmt::format("{} {}, want at most {}", count, field, max), field);
}

Result<void> CheckPrefix(const std::string& prefix, const std::string& field) {
  if (IsDigits(prefix) && prefix.size() <= kPrefixMax) return {};
  return Invalid("RULE_PREFIX",
                 fmt::format("\"{}\" begins no class code, want at most {} digits",
                             prefix.substr(0, 64), kPrefixMax),
                 field);
}

Result<void> CheckDivision(const std::string& prefix, const std::string& field) {
  const size_t size = prefix.size();
  if (IsDigits(prefix) && (size == 2 || size == 4 || size == 6)) return {};
  return Invalid("RULE_DIVISION",
                 fmt::format("division prefix \"{}\", want 2, 4 or 6 digits", prefix.substr(0, 64)),
                 field);
}

tl::unexpected<Error> Twice(std::string_view what, std::string field) {
  return Invalid("RULE_TWICE", fmt::format("{} stands twice", what), std::move(field));
}

/// The dates of one list: real ones, of that year, rising.
Result<void> CheckDates(const google::protobuf::RepeatedPtrField<std::string>& dates, uint32_t year,
                        const std::string& at) {
  if (dates.size() > kCalendarDaysMax) {
    return Invalid("CALENDAR_TOO_LONG",
                   fmt::format("{} days, want at most {}", dates.size(), kCalendarDaysMax), at);
  }
  for (int i = 0; i < dates.size(); ++i) {
    const std::string field = fmt::format("{}[{}]", at, i);
    if (!IsDate(dates[i])) {
      return Invalid("DATE_MALFORMED",
                     fmt::format("date \"{}\", want YYYY-MM-DD", dates[i].substr(0, 32)), field);
    }
    if (dates[i].substr(0, 4) != fmt::to_string(year)) {
      return Invalid("CALENDAR_DAY", fmt::format("{} is no day of {}", dates[i], year), field);
    }
    if (i > 0 && dates[i] <= dates[i - 1]) {
      return Invalid("CALENDAR_ORDER",
                     fmt::format("{} stands behind {}, want rising days", dates[i], dates[i - 1]),
                     field);
    }
  }
  return {};
}

Result<void> CheckCalendar(const v1::Calendar& calendar, const std::string& at) {
  constexpr uint32_t kFirst = 2000;
  constexpr uint32_t kLast = 2199;
  if (calendar.year() < kFirst || calendar.year() > kLast) {
    return Invalid("CALENDAR_YEAR",
                   fmt::format("year {}, want {} to {}", calendar.year(), kFirst, kLast),
                   at + ".year");
  }
  YIMA_RETURN_IF_ERROR(CheckDates(calendar.days_off(), calendar.year(), at + ".days_off"));
  YIMA_RETURN_IF_ERROR(CheckDates(calendar.working_days(), calendar.year(), at + ".working_days"));
  for (int i = 0; i < calendar.working_days_size(); ++i) {
    const std::string& day = calendar.working_days(i);
    if (std::ranges::find(calendar.days_off(), day) == calendar.days_off().end()) continue;
    return Invalid("CALENDAR_DAY", fmt::format("{} is a day off and a working day", day),
                   fmt::format("{}.working_days[{}]", at, i));
  }
  return CheckText(calendar.source(), 200, at + ".source");
}

Result<void> CheckCalendars(const v1::RightsRules& rules) {
  for (int i = 0; i < rules.calendars_size(); ++i) {
    const std::string at = fmt::format("rules.calendars[{}]", i);
    YIMA_RETURN_IF_ERROR(CheckCalendar(rules.calendars(i), at));
    if (i > 0 && rules.calendars(i).year() <= rules.calendars(i - 1).year()) {
      return Invalid("CALENDAR_ORDER",
                     fmt::format("year {} stands behind {}, want rising years",
                                 rules.calendars(i).year(), rules.calendars(i - 1).year()),
                     at + ".year");
    }
  }
  return {};
}

Result<void> CheckCandidates(const store::Snapshot& snapshot, const v1::ClassRule& rule,
                             const std::string& at) {
  YIMA_RETURN_IF_ERROR(CheckCount(rule.candidates_size(), kCandidatesMax, at));
  std::set<uint64_t> seen;
  for (int i = 0; i < rule.candidates_size(); ++i) {
    const std::string field = fmt::format("{}[{}]", at, i);
    YIMA_RETURN_IF_ERROR(FindActing(snapshot, rule.candidates(i), field));
    if (!seen.insert(rule.candidates(i)).second) {
      return Twice(fmt::format("organization {}", rule.candidates(i)), field);
    }
  }
  return {};
}

Result<void> CheckClassRules(const store::Snapshot& snapshot, const v1::RightsRules& rules) {
  YIMA_RETURN_IF_ERROR(CheckCount(rules.class_rules_size(), kClassRulesMax, "rules.class_rules"));
  std::set<std::string_view> seen;
  for (int i = 0; i < rules.class_rules_size(); ++i) {
    const auto& rule = rules.class_rules(i);
    const std::string at = fmt::format("rules.class_rules[{}].", i);
    YIMA_RETURN_IF_ERROR(CheckPrefix(rule.class_prefix(), at + "class_prefix"));
    if (!seen.insert(rule.class_prefix()).second) {
      return Twice(fmt::format("the prefix \"{}\"", rule.class_prefix()), at + "class_prefix");
    }
    YIMA_RETURN_IF_ERROR(CheckDays(rule.publicity_days(), at + "publicity_days"));
    YIMA_RETURN_IF_ERROR(CheckCandidates(snapshot, rule, at + "candidates"));
  }
  return {};
}

/// Whose principals may confirm; 0 is the registry itself.
Result<void> CheckConfirmers(const store::Snapshot& snapshot, const v1::ConfirmRule& rule,
                             const std::string& at) {
  YIMA_RETURN_IF_ERROR(CheckCount(rule.organizations_size(), kValuesMax, at));
  for (int i = 0; i < rule.organizations_size(); ++i) {
    if (rule.organizations(i) == 0) continue;
    YIMA_RETURN_IF_ERROR(FindActing(snapshot, rule.organizations(i), fmt::format("{}[{}]", at, i)));
  }
  return {};
}

Result<void> CheckConfirmRule(const store::Snapshot& snapshot, const v1::ConfirmRule& rule,
                              const std::string& at) {
  YIMA_RETURN_IF_ERROR(CheckConfirmers(snapshot, rule, at + "organizations"));
  for (int i = 0; i < rule.kinds_size(); ++i) {
    const int kind = rule.kinds(i);
    if (kind >= v1::RIGHT_KIND_SUPERVISING && kind <= v1::RIGHT_KIND_MAINTAINING) continue;
    return Invalid("RULE_KIND_UNKNOWN", fmt::format("{} is no kind of right", kind),
                   fmt::format("{}kinds[{}]", at, i));
  }
  YIMA_RETURN_IF_ERROR(CheckCount(rule.class_prefixes_size(), kValuesMax, at + "class_prefixes"));
  for (int i = 0; i < rule.class_prefixes_size(); ++i) {
    YIMA_RETURN_IF_ERROR(
        CheckPrefix(rule.class_prefixes(i), fmt::format("{}class_prefixes[{}]", at, i)));
  }
  YIMA_RETURN_IF_ERROR(CheckCount(rule.divisions_size(), kValuesMax, at + "divisions"));
  for (int i = 0; i < rule.divisions_size(); ++i) {
    YIMA_RETURN_IF_ERROR(CheckDivision(rule.divisions(i), fmt::format("{}divisions[{}]", at, i)));
  }
  return {};
}

Result<void> CheckConfirmRules(const store::Snapshot& snapshot, const v1::RightsRules& rules) {
  YIMA_RETURN_IF_ERROR(
      CheckCount(rules.confirm_rules_size(), kConfirmRulesMax, "rules.confirm_rules"));
  for (int i = 0; i < rules.confirm_rules_size(); ++i) {
    YIMA_RETURN_IF_ERROR(CheckConfirmRule(snapshot, rules.confirm_rules(i),
                                          fmt::format("rules.confirm_rules[{}].", i)));
  }
  return {};
}

Result<void> CheckOwnFields(const v1::RightsRules& rules) {
  if (rules.update_time_us() != 0) {
    return Invalid("FIELD_OUTPUT_ONLY", "update_time_us is set by the server",
                   "rules.update_time_us");
  }
  YIMA_RETURN_IF_ERROR(CheckText(rules.authority_zh(), 100, "rules.authority_zh"));
  YIMA_RETURN_IF_ERROR(CheckText(rules.authority_en(), 100, "rules.authority_en"));
  YIMA_RETURN_IF_ERROR(CheckLines(rules.how_to_object(), 500, "rules.how_to_object"));
  YIMA_RETURN_IF_ERROR(CheckDays(rules.publicity_days(), "rules.publicity_days"));
  YIMA_RETURN_IF_ERROR(CheckDays(rules.offer_days(), "rules.offer_days"));
  if (!v1::DayCount_IsValid(rules.day_count())) {
    return Invalid("ENUM_UNKNOWN",
                   fmt::format("{} is no known value", static_cast<int>(rules.day_count())),
                   "rules.day_count");
  }
  const int offset = rules.utc_offset_minutes();
  if (offset >= -720 && offset <= 840) return {};
  return Invalid("RULE_OFFSET", fmt::format("{} minutes, want -720 to 840", offset),
                 "rules.utc_offset_minutes");
}

}  // namespace

Result<void> CheckRules(const store::Snapshot& snapshot, const v1::RightsRules& rules) {
  YIMA_RETURN_IF_ERROR(CheckOwnFields(rules));
  YIMA_RETURN_IF_ERROR(CheckCalendars(rules));
  YIMA_RETURN_IF_ERROR(CheckClassRules(snapshot, rules));
  YIMA_RETURN_IF_ERROR(CheckConfirmRules(snapshot, rules));
  const size_t size = rules.ByteSizeLong();
  if (size <= kBytesMax) return {};
  return Invalid("RULE_TOO_LARGE",
                 fmt::format("the rules take {} bytes, want at most {}", size, kBytesMax), "rules");
}

}  // namespace yima::server
