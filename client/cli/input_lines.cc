#include "client/cli/input_lines.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace yima::cli {

std::optional<std::string> InputLines::Next(bool or_wait) {
  while (true) {
    while (auto line = Cut()) {
      if (line->empty()) continue;
      any_ = true;
      return line;
    }
    if (ended_) return {};
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (!or_wait && ::poll(&input, 1, 0) <= 0) return {};
    ended_ = !Read();
  }
}

bool InputLines::Read() {
  constexpr size_t kSize = 64 << 10;
  buffer_.erase(0, at_);
  at_ = 0;
  const size_t before = buffer_.size();
  buffer_.resize(before + kSize);
  ssize_t got = 0;
  do {
    got = ::read(STDIN_FILENO, buffer_.data() + before, kSize);
  } while (got < 0 && errno == EINTR);
  buffer_.resize(before + static_cast<size_t>(got > 0 ? got : 0));
  return got > 0;
}

std::optional<std::string> InputLines::Cut() {
  size_t end = buffer_.find('\n', at_);
  if (end == std::string::npos) {
    if (!ended_ || at_ == buffer_.size()) return {};
    end = buffer_.size();  // The last line may lack its end.
  }
  std::string line = buffer_.substr(at_, end - at_);
  at_ = std::min(end + 1, buffer_.size());
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

}  // namespace yima::cli
