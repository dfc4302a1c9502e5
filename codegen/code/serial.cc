#include "codegen/code/serial.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace yima {
namespace {

constexpr std::string_view kSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kForm = "want XXXXX-XXXXX-C, 10 symbols and a check symbol";

/// Crockford base32, forgiving: lower case, O for 0, I and L for 1. Nothing for other characters.
std::optional<uint64_t> SymbolValue(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  const size_t at = kSymbols.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return at;
}

}  // namespace

Result<Serial> Serial::FromInteger(uint64_t value) {
  if (value > kMax) {
    return Invalid("SERIAL_OUT_OF_RANGE", fmt::format("serial {} exceeds {}", value, kMax),
                   "serial");
  }
  Serial serial;
  serial.value_ = value;
  return serial;
}

Result<Serial> Serial::Parse(std::string_view digits) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool leading_zero = digits.size() > 1 && digits[0] == '0';
  if (error == std::errc::result_out_of_range) {
    return Invalid("SERIAL_OUT_OF_RANGE", fmt::format("serial \"{}\" exceeds {}", digits, kMax),
                   "serial");
  }
  if (error != std::errc() || end != digits.data() + digits.size() || leading_zero) {
    return Invalid("SERIAL_MALFORMED",
                   fmt::format("serial \"{}\", want decimal digits without leading zeros",
                               digits.substr(0, 64)),
                   "serial");
  }
  return FromInteger(value);
}

Result<Serial> Serial::ParseShortNumber(std::string_view text) {
  uint64_t value = 0;
  int symbols = 0;
  uint64_t check = 0;
  for (const char c : text) {
    if (c == '-' || c == ' ') continue;
    const auto symbol = SymbolValue(c);
    if (!symbol || symbols == 11) {
      return Invalid("SHORT_NUMBER_MALFORMED",
                     fmt::format("short number \"{}\", {}", text.substr(0, 64), kForm),
                     "short_number");
    }
    if (symbols < 10) {
      value = value << 5 | *symbol;
    } else {
      check = *symbol;
    }
    ++symbols;
  }
  if (symbols != 11 || value > kMax) {
    return Invalid("SHORT_NUMBER_MALFORMED",
                   fmt::format("short number \"{}\", {}", text.substr(0, 64), kForm),
                   "short_number");
  }
  if (value % 37 != check) {
    return Invalid("SHORT_NUMBER_CHECK",
                   fmt::format("check symbol of short number \"{}\" is wrong: a symbol was misread",
                               text.substr(0, 64)),
                   "short_number");
  }
  return FromInteger(value);
}

std::string Serial::ShortNumber() const {
  constexpr std::string_view kCheckSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
  std::string text = "00000-00000-0";
  uint64_t rest = value_;
  for (int i = 9; i >= 0; --i, rest >>= 5) {
    text[static_cast<size_t>(i < 5 ? i : i + 1)] = kSymbols[rest & 31];
  }
  text[12] = kCheckSymbols[value_ % 37];
  return text;
}

std::string Serial::ToString() const { return std::to_string(value_); }

}  // namespace yima
