#include "codegen/code/day.h"

#include <chrono>
#include <optional>

#include <fmt/format.h>

namespace yima {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr sys_days kFirst = sys_days(std::chrono::year(2020) / 1 / 1);
constexpr TimeUs kSecondUs = 1'000'000;
constexpr TimeUs kDayUs = 86'400 * kSecondUs;

/// The digits at a place as a number; -1 when one of them is none.
int Digits(std::string_view text, size_t at, size_t count) {
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<sys_days> ParseDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = Digits(text, 0, 4);
  const int month = Digits(text, 5, 2);
  const int day = Digits(text, 8, 2);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const year_month_day date{std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

std::string FormatDate(sys_days date) {
  const year_month_day ymd(date);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
}

}  // namespace

Result<Day> DayOf(TimeUs time_us) {
  const auto since_epoch = std::chrono::floor<days>(std::chrono::microseconds(time_us));
  const auto day = (sys_days(since_epoch) - kFirst).count();
  if (day < 0 || day > UINT16_MAX) {
    return Fail(StatusCode::kOutOfRange, "DAY_OUT_OF_RANGE",
                fmt::format("{} lies outside 2020-01-01 to 2199-06-06; is the clock right?",
                            FormatDate(sys_days(since_epoch))));
  }
  return static_cast<Day>(day);
}

std::string FormatDay(Day day) { return FormatDate(kFirst + days(day)); }

Result<Day> ParseDay(std::string_view text) {
  const auto date = ParseDate(text);
  const auto day = date ? (*date - kFirst).count() : -1;
  if (day < 0 || day > UINT16_MAX) {
    return Invalid("DATE_MALFORMED",
                   fmt::format("date \"{}\", want YYYY-MM-DD from 2020-01-01 to 2199-06-06",
                               text.substr(0, 32)));
  }
  return static_cast<Day>(day);
}

std::string FormatTime(TimeUs time_us) {
  const auto date = std::chrono::floor<days>(std::chrono::microseconds(time_us));
  const TimeUs second = (time_us - date.count() * kDayUs) / kSecondUs;
  return fmt::format("{}T{:02}:{:02}:{:02}Z", FormatDate(sys_days(date)), second / 3600,
                     second / 60 % 60, second % 60);
}

Result<TimeUs> ParseTime(std::string_view text) {
  if (text.size() == 20 && text[10] == 'T' && text[13] == ':' && text[16] == ':' &&
      text[19] == 'Z') {
    const auto date = ParseDate(text.substr(0, 10));
    const int hour = Digits(text, 11, 2);
    const int minute = Digits(text, 14, 2);
    const int second = Digits(text, 17, 2);
    if (date && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
        second < 60) {
      return date->time_since_epoch().count() * kDayUs +
             (hour * 3600 + minute * 60 + second) * kSecondUs;
    }
  }
  return Invalid("TIME_MALFORMED",
                 fmt::format("time \"{}\", want YYYY-MM-DDThh:mm:ssZ", text.substr(0, 32)));
}

TimeUs Now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace yima
