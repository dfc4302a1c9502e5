#include "server/domain/clock_watch.h"

#include <ctime>

#include <fmt/format.h>

namespace yima::server {
namespace {

constexpr TimeUs kJumpMax = TimeUs{86'400} * 1'000'000;

}  // namespace

TimeUs Uptime() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return TimeUs{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000;
}

Result<void> ClockWatch::Check(TimeUs now) const {
  const TimeUs expected = started_ + uptime_();
  if (now - expected <= kJumpMax) return {};
  return Fail(StatusCode::kFailedPrecondition, "CLOCK_AHEAD",
              fmt::format("the clock says {}, by the time gone by since the start it is {}: set it "
                          "right, or restart the server if it is right now",
                          FormatTime(now), FormatTime(expected)));
}

}  // namespace yima::server
