#ifndef YIMA_CODEGEN_CODE_FACILITY_CODE_H_
#define YIMA_CODEGEN_CODE_FACILITY_CODE_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codegen/code/result.h"

namespace yima {

/// Number of a coding scheme, as signed in the payload.
using Scheme = uint8_t;

constexpr Scheme kSchemeBlank = 0;       ///< Blank plate: bound to a facility later.
constexpr Scheme kSchemeGbt30428 = 1;    ///< GB/T 30428.2-2013 and CJ/T 214: 16 digits, 6+2+2+6.
constexpr Scheme kSchemeGbt47678 = 2;    ///< GB/T 47678.5-2026: 17 digits, 6+2+3+6. The default.
constexpr Scheme kSchemeOwnFirst = 101;  ///< A city's own of 1 digit …
constexpr Scheme kSchemeOwnLast = 118;   ///< … to a city's own of 18 digits.

/// Digits of a code of the scheme; 0 for the blank plate; nothing when the number is unassigned.
constexpr std::optional<int> SchemeWidth(Scheme scheme) {
  if (scheme == kSchemeBlank) return 0;
  if (scheme == kSchemeGbt30428) return 16;
  if (scheme == kSchemeGbt47678) return 17;
  if (scheme >= kSchemeOwnFirst && scheme <= kSchemeOwnLast) return scheme - 100;
  return std::nullopt;
}

/// A facility's number within a scheme. Never blank: a plate not yet bound has no facility code.
class FacilityCode {
 public:
  /// Exactly the scheme's number of ASCII digits. SCHEME_UNASSIGNED, FACILITY_CODE_MALFORMED,
  /// FACILITY_CODE_OUT_OF_RANGE (schemes 1 and 2 never begin with 0).
  static Result<FacilityCode> Parse(Scheme scheme, std::string_view digits);
  /// The same from the integer that the payload carries.
  static Result<FacilityCode> FromInteger(Scheme scheme, uint64_t value);

  Scheme scheme() const { return scheme_; }
  uint64_t value() const { return value_; }
  /// Zero-padded to the scheme's width.
  std::string ToString() const;

  auto operator<=>(const FacilityCode&) const = default;

 private:
  FacilityCode(Scheme scheme, uint64_t value) : scheme_(scheme), value_(value) {}
  Scheme scheme_;
  uint64_t value_;
};

/// A county-level division of GB/T 2260: two digits each of province, city and county.
class Division {
 public:
  /// DIVISION_MALFORMED; DIVISION_UNKNOWN: of no province, or not of a county.
  static Result<Division> Parse(std::string_view digits);
  const std::string& ToString() const { return digits_; }
  auto operator<=>(const Division&) const = default;

 private:
  explicit Division(std::string digits) : digits_(std::move(digits)) {}
  std::string digits_;
};

/// A unified social credit code 统一社会信用代码: 18 characters, checked as GB 32100-2015 says.
class CreditCode {
 public:
  /// Lower case is folded. CREDIT_CODE_MALFORMED, CREDIT_CODE_CHECK (wrong check character).
  static Result<CreditCode> Parse(std::string_view text);
  const std::string& ToString() const { return text_; }
  auto operator<=>(const CreditCode&) const = default;

 private:
  explicit CreditCode(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_FACILITY_CODE_H_
