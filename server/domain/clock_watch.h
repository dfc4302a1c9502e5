#ifndef YIMA_SERVER_DOMAIN_CLOCK_WATCH_H_
#define YIMA_SERVER_DOMAIN_CLOCK_WATCH_H_

#include "codegen/code/day.h"
#include "codegen/code/result.h"

namespace yima::server {

/// Microseconds since the machine was started, time asleep included: what nobody can set.
TimeUs Uptime();

/// Notices a clock that was set far ahead while the server runs: codes signed then would carry days
/// to come, and setting it right would stop signing until these. Immutable, so thread-safe.
class ClockWatch {
 public:
  explicit ClockWatch(TimeUs now = Now(), TimeUs (*uptime)() = &Uptime)
      : uptime_(uptime), started_(now - uptime()) {}

  /// CLOCK_AHEAD (FAILED_PRECONDITION) when `now` is more than a day later than the clock at the
  /// start and the time gone by since. A clock that is set right again is right at once; one that
  /// was wrong at the start asks for a new start.
  Result<void> Check(TimeUs now) const;

 private:
  TimeUs (*uptime_)();
  TimeUs started_;  ///< By the clock at the start, when the machine's uptime was 0.
};

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_CLOCK_WATCH_H_
