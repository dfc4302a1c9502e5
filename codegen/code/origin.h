#ifndef YIMA_CODEGEN_CODE_ORIGIN_H_
#define YIMA_CODEGEN_CODE_ORIGIN_H_

#include <compare>
#include <string>
#include <string_view>

#include "codegen/code/result.h"

namespace yima {

/// What stands before the digits of a code: `HTTPS://QR.EXAMPLE.CN/`, in upper case.
/// `HTTPS://` host [`:` port] `/` *(segment `/`), 12 to 64 characters; grammar in FORMAT.md.
class Origin {
 public:
  /// Folds ASCII lower case to upper, then asks for the grammar. ORIGIN_MALFORMED says what was
  /// wanted. With `allow_test`, an IPv4 address or a host of one label passes and IsTest() is true.
  static Result<Origin> Parse(std::string_view text, bool allow_test = false);

  const std::string& ToString() const { return text_; }
  bool IsTest() const { return is_test_; }
  auto operator<=>(const Origin&) const = default;

 private:
  Origin(std::string text, bool is_test) : text_(std::move(text)), is_test_(is_test) {}
  std::string text_;
  bool is_test_;
};

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_ORIGIN_H_
