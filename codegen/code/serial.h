#ifndef YIMA_CODEGEN_CODE_SERIAL_H_
#define YIMA_CODEGEN_CODE_SERIAL_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "codegen/code/result.h"

namespace yima {

/// The 48-bit name of one plate: epoch (16 bits) ‖ number (32 bits), unique for ever in a registry.
class Serial {
 public:
  static constexpr uint64_t kMax = (uint64_t{1} << 48) - 1;

  constexpr Serial() = default;
  constexpr Serial(uint16_t epoch, uint32_t number) : value_((uint64_t{epoch} << 32) | number) {}

  /// From the integer; SERIAL_OUT_OF_RANGE above 2^48 - 1.
  static Result<Serial> FromInteger(uint64_t value);
  /// From decimal digits without leading zeros, as JSON carries it; SERIAL_MALFORMED,
  /// SERIAL_OUT_OF_RANGE.
  static Result<Serial> Parse(std::string_view digits);
  /// From a printed short number, forgiving what people do: lower case, O for 0, I and L for 1,
  /// hyphens and spaces anywhere. SHORT_NUMBER_MALFORMED, SHORT_NUMBER_CHECK (wrong check symbol).
  static Result<Serial> ParseShortNumber(std::string_view text);

  constexpr uint64_t value() const { return value_; }
  constexpr uint16_t epoch() const { return static_cast<uint16_t>(value_ >> 32); }
  constexpr uint32_t number() const { return static_cast<uint32_t>(value_); }

  /// False for those whose check symbol would be one of `*~$=U`: these are never issued.
  constexpr bool IsUsable() const { return value_ % 37 < 32; }
  /// `XXXXX-XXXXX-C`: Crockford base32 and its mod-37 check symbol. It proves nothing.
  std::string ShortNumber() const;
  /// Decimal digits.
  std::string ToString() const;

  auto operator<=>(const Serial&) const = default;

 private:
  uint64_t value_ = 0;
};

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_SERIAL_H_
