#ifndef YIMA_CODEGEN_CODE_DAY_H_
#define YIMA_CODEGEN_CODE_DAY_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "codegen/code/result.h"

namespace yima {

/// A UTC date as days since 2020-01-01, the payload's `issue_day`: 0 to 65,535 (2199-06-06).
using Day = uint16_t;

/// Microseconds since the Unix epoch, UTC. The one time unit inside Yima.
using TimeUs = int64_t;

/// The day on which the instant lies; OUT_OF_RANGE outside 2020-01-01 … 2199-06-06.
Result<Day> DayOf(TimeUs time_us);
/// `2026-11-24`.
std::string FormatDay(Day day);
/// The same read back; DATE_MALFORMED.
Result<Day> ParseDay(std::string_view text);
/// RFC 3339 in whole seconds, UTC: `2026-11-24T13:00:00Z`.
std::string FormatTime(TimeUs time_us);
/// Exactly that form; TIME_MALFORMED.
Result<TimeUs> ParseTime(std::string_view text);
/// The system clock.
TimeUs Now();

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_DAY_H_
