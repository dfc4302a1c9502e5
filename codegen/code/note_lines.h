#ifndef YIMA_CODEGEN_CODE_NOTE_LINES_H_
#define YIMA_CODEGEN_CODE_NOTE_LINES_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "codegen/code/result.h"
#include "codegen/code/signature.h"

namespace yima {

/// Reads the `name value` lines of a note in their one order, passing over names that begin with
/// `x-`; the first fault is kept with its line number.
class LineReader {
 public:
  LineReader(std::string_view text, std::string reason) : rest_(text), reason_(std::move(reason)) {
    if (!text.ends_with('\n')) {
      Refuse("it does not end with a newline");
    } else {
      Advance();
    }
  }

  /// The value of the line at hand if it has that name; steps on then.
  std::optional<std::string_view> Take(std::string_view name) {
    if (fault_ || name_ != name) return std::nullopt;
    const std::string_view value = value_;
    taken_line_ = line_;
    Advance();
    return value;
  }

  /// The same for a line that must be there.
  std::string_view Require(std::string_view name) {
    if (const auto value = Take(name)) return *value;
    Refuse(name_.empty() ? fmt::format("\"{}\" is missing at the end", name)
                         : fmt::format("\"{}\" stands where \"{}\" is wanted", name_, name));
    return {};
  }

  /// Keeps the value of a Result, or its Error with the line last taken.
  template <typename T>
  T Keep(Result<T> result) {
    if (result) return *std::move(result);
    RefuseAt(taken_line_, result.error().message);
    return T{};
  }

  void RefuseTaken(std::string message) { RefuseAt(taken_line_, std::move(message)); }

  Result<void> Finish() {
    if (!name_.empty())
      Refuse(fmt::format("\"{}\" is unknown, or stands in the wrong place", name_));
    if (fault_) return tl::unexpected(*fault_);
    return {};
  }

 private:
  void Advance() {
    do {
      name_ = value_ = {};
      if (rest_.empty()) return;
      ++line_;
      const size_t end = rest_.find('\n');
      const std::string_view line = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      const size_t space = line.find(' ');
      if (space == 0 || space == std::string_view::npos || space + 1 == line.size()) {
        return Refuse("it is not \"name value\"");
      }
      name_ = line.substr(0, space);
      value_ = line.substr(space + 1);
    } while (name_.starts_with("x-"));
  }

  void Refuse(std::string message) { RefuseAt(line_, std::move(message)); }

  void RefuseAt(size_t line, std::string message) {
    if (fault_) return;
    fault_ = Error{StatusCode::kInvalidArgument, reason_, fmt::format("line {}: {}", line, message),
                   fmt::format("line {}", line)};
  }

  std::string_view rest_;
  std::string_view name_;
  std::string_view value_;
  size_t line_ = 0;
  size_t taken_line_ = 0;
  const std::string reason_;
  std::optional<Error> fault_;
};

/// Decimal, without leading zeros. NUMBER_MALFORMED.
Result<uint64_t> ParseNoteNumber(std::string_view text, uint64_t max);
Result<uint16_t> ParseNoteEpoch(std::string_view text);
/// 64 lower-case hex digits. HEX_MALFORMED.
Result<PublicKey> ParseNoteKey(std::string_view hex);
/// 32 lower-case hex digits. REGISTRY_MALFORMED.
Result<std::string> ParseRegistryId(std::string_view text);

/// Cuts the first word off; the rest is empty after the last one.
std::string_view NextNoteWord(std::string_view& rest);
/// At most one word more than `wanted`, so that a long line costs nothing.
std::vector<std::string_view> NoteWords(std::string_view text, size_t wanted);

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_NOTE_LINES_H_
