#ifndef YIMA_CODEGEN_CODE_TRACEPARENT_H_
#define YIMA_CODEGEN_CODE_TRACEPARENT_H_

#include <optional>
#include <string_view>

namespace yima {

/// W3C Trace Context §3.2: by which calls of many programs are found to belong together. All are
/// lower-case hex digits and views into the text.
struct Traceparent {
  std::string_view trace;  ///< 32 digits, not all 0.
  std::string_view span;   ///< 16 digits, not all 0: who calls.
  std::string_view flags;  ///< 2 digits.

  /// "VERSION-TRACE-SPAN-FLAGS"; versions above 00 may go on behind the flags. Nothing for any
  /// other text.
  static std::optional<Traceparent> Parse(std::string_view text);
};

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_TRACEPARENT_H_
