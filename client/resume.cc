#include "client/resume.h"

#include <algorithm>
#include <string_view>
#include <thread>

namespace yima {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kFirstAttemptsMax = 5;
constexpr milliseconds kPatience{30'000};
constexpr milliseconds kFirstPause{100};
constexpr milliseconds kPauseMax{2'000};

/// Of ends that are not UNAVAILABLE.
constexpr std::string_view kGoesOn[] = {"STREAM_TOO_SLOW", "WATCH_TOO_SLOW", "MESSAGE_LATE",
                                        "TOO_MANY_STREAMS", "BOUNDS_CHANGED"};

Result<void> Sleep(const Error&, milliseconds pause) {
  std::this_thread::sleep_for(pause);
  return {};
}

}  // namespace

bool IsBrokenOff(const Error& error) {
  return error.code == StatusCode::kUnavailable ||
         std::ranges::find(kGoesOn, error.reason) != std::ranges::end(kGoesOn);
}

Result<void> Resuming(
    const std::function<Result<void>(const std::function<void()>& progress)>& attempt,
    const Resumption& resumption) {
  const auto wait = resumption.pause ? resumption.pause : Sleep;
  bool any = false;
  int failed = 0;
  Clock::time_point failing_since;
  const auto progress = [&] {
    any = true;
    failed = 0;
  };
  while (true) {
    const auto begun = Clock::now();
    const auto ended = attempt(progress);
    if (ended || !IsBrokenOff(ended.error())) return ended;
    // No connection takes so long to fail: the stream stood, and there was nothing to say.
    if (any && Clock::now() - begun > kPatience) failed = 0;
    if (++failed == 1) failing_since = Clock::now();
    const bool out_of_patience =
        any ? Clock::now() - failing_since > kPatience : failed >= kFirstAttemptsMax;
    if (out_of_patience && !resumption.for_ever) return ended;
    YIMA_RETURN_IF_ERROR(
        wait(ended.error(), std::min(kPauseMax, kFirstPause * (1 << std::min(failed - 1, 10)))));
  }
}

}  // namespace yima
