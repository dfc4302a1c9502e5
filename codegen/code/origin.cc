#include "codegen/code/origin.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "codegen/code/code_text.h"

namespace yima {
namespace {

constexpr std::string_view kPrefix = "HTTPS://";
constexpr size_t kSizeMin = 12;
constexpr size_t kSizeMax = 64;
constexpr size_t kSegmentMax = 16;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLabelChar(char c) { return IsDigit(c) || IsLetter(c) || c == '-'; }

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t at = 0;;) {
    const size_t end = text.find(separator, at);
    parts.push_back(text.substr(at, end == std::string_view::npos ? end : end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

tl::unexpected<Error> Malformed(std::string_view text, std::string_view want) {
  return Invalid("ORIGIN_MALFORMED", fmt::format("origin \"{}\": {}", text.substr(0, 80), want),
                 "origin");
}

/// What a host breaks; empty when it is one that a phone's browser leaves alone.
std::string_view LabelFault(std::string_view label) {
  if (label.empty()) return "a label of the host is empty";
  if (!std::ranges::all_of(label, IsLabelChar)) return "the host holds more than A-Z, 0-9 and -";
  if (label.front() == '-' || label.back() == '-') return "a label begins or ends in -";
  return {};
}

std::string_view LastLabelFault(std::string_view label) {
  if (!std::ranges::any_of(label, IsLetter)) return "the last label of the host holds no letter";
  if (label.starts_with("0X")) return "the last label of the host begins with 0X";
  return {};
}

bool IsIpv4(const std::vector<std::string_view>& labels) {
  return labels.size() == 4 && std::ranges::all_of(labels, [](std::string_view label) {
           int value = 0;
           const auto [end, error] =
               std::from_chars(label.data(), label.data() + label.size(), value);
           return error == std::errc() && end == label.data() + label.size() && value <= 255 &&
                  (label.size() == 1 || label[0] != '0') && IsDigit(label[0]);
         });
}

Result<bool> CheckHost(std::string_view text, std::string_view host, bool allow_test) {
  const auto labels = Split(host, '.');
  for (const auto label : labels) {
    if (const auto fault = LabelFault(label); !fault.empty()) return Malformed(text, fault);
  }
  const bool address = IsIpv4(labels);
  // A single label too: parsers of URLs read 12345 and 0X7F as addresses and rewrite them.
  if (const auto fault = LastLabelFault(labels.back()); !address && !fault.empty()) {
    return Malformed(text, fault);
  }
  const bool is_test = address || labels.size() == 1;
  if (is_test && !allow_test) {
    return Malformed(text,
                     "an address or a host of one label is a test origin, which must be asked for");
  }
  return is_test;
}

Result<void> CheckPort(std::string_view text, std::string_view port) {
  int value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  const bool digits = std::ranges::all_of(port, IsDigit) && !port.empty();
  if (!digits || error != std::errc() || end != port.data() + port.size() || port[0] == '0' ||
      value > 65535) {
    return Malformed(text, "the port is not 1 to 65535 without leading zero");
  }
  if (value == 443) return Malformed(text, "the port 443 goes without saying");
  return {};
}

}  // namespace

Result<Origin> Origin::Parse(std::string_view text, bool allow_test) {
  const std::string folded = FoldOrigin(text);
  const std::string_view all = folded;
  if (!all.starts_with(kPrefix)) return Malformed(all, "want HTTPS:// before the host");
  if (!all.ends_with('/')) return Malformed(all, "want a / at the end");
  if (all.size() < kSizeMin || all.size() > kSizeMax) {
    return Malformed(all,
                     fmt::format("{} characters, want {} to {}", all.size(), kSizeMin, kSizeMax));
  }
  const auto parts = Split(all.substr(kPrefix.size(), all.size() - kPrefix.size() - 1), '/');
  const std::string_view authority = parts[0];
  const size_t colon = authority.find(':');
  YIMA_ASSIGN_OR_RETURN(const bool is_test, CheckHost(all, authority.substr(0, colon), allow_test));
  if (colon != std::string_view::npos) {
    YIMA_RETURN_IF_ERROR(CheckPort(all, authority.substr(colon + 1)));
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].empty() || parts[i].size() > kSegmentMax ||
        !std::ranges::all_of(parts[i], IsLabelChar)) {
      return Malformed(all, "a path segment is not 1 to 16 of A-Z, 0-9 and -");
    }
  }
  return Origin(folded, is_test);
}

}  // namespace yima
