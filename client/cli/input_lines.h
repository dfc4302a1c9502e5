#ifndef YIMA_CLIENT_CLI_INPUT_LINES_H_
#define YIMA_CLIENT_CLI_INPUT_LINES_H_

#include <optional>
#include <string>

namespace yima::cli {

/// The lines of the standard input, without their ends and but for empty ones, as they come. Holds
/// no more than a read gives and one line.
class InputLines {
 public:
  /// The next line; nothing at the end, or when `or_wait` is false and none is there yet.
  std::optional<std::string> Next(bool or_wait);
  /// Whether there was any so far.
  bool any() const { return any_; }

 private:
  bool Read();
  std::optional<std::string> Cut();

  std::string buffer_;
  size_t at_ = 0;  ///< What stands before it was given out.
  bool ended_ = false;
  bool any_ = false;
};

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_INPUT_LINES_H_
