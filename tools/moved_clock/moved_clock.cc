// Preloaded into a program, puts its clock ahead by MOVED_CLOCK_SECONDS: what std::chrono tells it,
// not what the kernel's timers run by.

#include <chrono>
#include <cstdlib>

#include <time.h>

std::chrono::system_clock::time_point std::chrono::system_clock::now() noexcept {
  static const long seconds = [] {
    const char* text = std::getenv("MOVED_CLOCK_SECONDS");
    return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
  }();
  timespec real{};
  clock_gettime(CLOCK_REALTIME, &real);
  return time_point(std::chrono::seconds(real.tv_sec + seconds) +
                    std::chrono::nanoseconds(real.tv_nsec));
}
