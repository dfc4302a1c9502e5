#include "client/resume.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace yima {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kFirstAttemptsMax = 5;
constexpr milliseconds kPatience{30'000};
constexpr milliseconds kFirstPause{100};
constexpr milliseconds kPauseMax{2'000};

}  // namespace

bool IsBrokenOff(const Error& error) {
  return error.code == StatusCode::kUnavailable || error.reason == "STREAM_TOO_SLOW" ||
         error.reason == "MESSAGE_LATE";
}

Result<void> Resuming(
    const std::function<Result<void>(const std::function<void()>& progress)>& attempt) {
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
    if (any ? Clock::now() - failing_since > kPatience : failed >= kFirstAttemptsMax) return ended;
    std::this_thread::sleep_for(std::min(kPauseMax, kFirstPause * (1 << std::min(failed - 1, 10))));
  }
}

}  // namespace yima
