#include "codegen/code/facility_code.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace yima {
namespace {

bool AllDigits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Provinces, autonomous regions and municipalities of GB/T 2260.
constexpr std::array<std::string_view, 34> kProvinces = {
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34",
    "35", "36", "37", "41", "42", "43", "44", "45", "46", "50", "51", "52",
    "53", "54", "61", "62", "63", "64", "65", "71", "81", "82"};
/// 东莞, 中山, 儋州 and 嘉峪关: cities without counties, whose own code is the lowest there is.
constexpr std::array<std::string_view, 4> kWithoutCounties = {"441900", "442000", "460400",
                                                              "620200"};

bool IsCounty(std::string_view digits) {
  const std::string_view province = digits.substr(0, 2);
  if (std::ranges::find(kProvinces, province) == kProvinces.end()) return false;
  // 台湾, 香港 and 澳门 are not divided by the same rules.
  if (province == "71" || province == "81" || province == "82") return true;
  if (std::ranges::find(kWithoutCounties, digits) != kWithoutCounties.end()) return true;
  return digits.substr(2, 2) != "00" && digits.substr(4) != "00";
}

constexpr uint64_t PowerOfTen(int exponent) {
  uint64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

}  // namespace

Result<FacilityCode> FacilityCode::Parse(Scheme scheme, std::string_view digits) {
  const auto width = SchemeWidth(scheme);
  if (!width || *width == 0) {
    return Invalid("SCHEME_UNASSIGNED",
                   fmt::format("scheme {} has no facility codes, want 1, 2 or 101 to 118", scheme),
                   "scheme");
  }
  if (digits.size() != static_cast<size_t>(*width) || !AllDigits(digits)) {
    return Invalid("FACILITY_CODE_MALFORMED",
                   fmt::format("facility code \"{}\" is not {} digits, as scheme {} asks",
                               digits.substr(0, 64), *width, scheme),
                   "facility_code");
  }
  uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return FromInteger(scheme, value);
}

Result<FacilityCode> FacilityCode::FromInteger(Scheme scheme, uint64_t value) {
  const auto width = SchemeWidth(scheme);
  if (!width || *width == 0) {
    return Invalid("SCHEME_UNASSIGNED",
                   fmt::format("scheme {} has no facility codes, want 1, 2 or 101 to 118", scheme),
                   "scheme");
  }
  const bool standard = scheme == kSchemeGbt30428 || scheme == kSchemeGbt47678;
  const uint64_t lowest = standard ? PowerOfTen(*width - 1) : 0;
  if (value < lowest || value >= PowerOfTen(*width)) {
    return Invalid("FACILITY_CODE_OUT_OF_RANGE",
                   fmt::format("facility code {} is outside scheme {}: {} digits{}", value, scheme,
                               *width, standard ? ", the first not 0" : ""),
                   "facility_code");
  }
  return FacilityCode(scheme, value);
}

std::string FacilityCode::ToString() const {
  return fmt::format("{:0{}}", value_, SchemeWidth(scheme_).value_or(0));
}

Result<Division> Division::Parse(std::string_view digits) {
  if (!AllDigits(digits)) {
    return Invalid("DIVISION_MALFORMED",
                   fmt::format("division \"{}\", want 6 digits", digits.substr(0, 64)), "division");
  }
  if (digits.size() != 6) {
    return Invalid(
        "DIVISION_MALFORMED",
        fmt::format("division \"{}\" has {} digits, want 6", digits.substr(0, 64), digits.size()),
        "division");
  }
  if (!IsCounty(digits)) {
    return Invalid("DIVISION_UNKNOWN",
                   fmt::format("division \"{}\" is no county of GB/T 2260: want the 2 digits of a "
                               "province, 2 of a city and 2 of a county",
                               digits),
                   "division");
  }
  return Division(std::string(digits));
}

Result<CreditCode> CreditCode::Parse(std::string_view text) {
  // GB 32100-2015: 31 symbols, weights 3^i mod 31, check = 31 - sum mod 31.
  constexpr std::string_view kSymbols = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  std::string folded(text.substr(0, 64));
  for (char& c : folded) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const bool known = std::ranges::all_of(
      folded, [&](char c) { return kSymbols.find(c) != std::string_view::npos; });
  if (folded.size() != 18 || text.size() != 18 || !known) {
    return Invalid("CREDIT_CODE_MALFORMED",
                   fmt::format("credit code \"{}\", want 18 digits and capitals without I, O, S, "
                               "V, Z",
                               folded),
                   "credit_code");
  }
  size_t sum = 0;
  size_t weight = 1;
  for (size_t i = 0; i < 17; ++i, weight = weight * 3 % 31) {
    sum += kSymbols.find(folded[i]) * weight;
  }
  const char check = kSymbols[(31 - sum % 31) % 31];
  if (folded[17] != check) {
    return Invalid("CREDIT_CODE_CHECK",
                   fmt::format("credit code \"{}\" ends in {}, its check character would be {}",
                               folded, folded[17], check),
                   "credit_code");
  }
  return CreditCode(std::move(folded));
}

}  // namespace yima
