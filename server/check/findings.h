#ifndef YIMA_SERVER_CHECK_FINDINGS_H_
#define YIMA_SERVER_CHECK_FINDINGS_H_

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace yima::server {

/// What a check found, in words, up to a number that a person can still read.
class Findings {
 public:
  static constexpr size_t kMax = 1000;

  template <typename... Args>
  void Add(fmt::format_string<Args...> format, Args&&... args) {
    if (!full()) list_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  bool full() const { return list_.size() >= kMax; }
  std::vector<std::string> Take() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_FINDINGS_H_
