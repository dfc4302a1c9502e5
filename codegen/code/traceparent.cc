#include "codegen/code/traceparent.h"

namespace yima {

std::optional<Traceparent> Traceparent::Parse(std::string_view text) {
  constexpr std::string_view kShape = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  if (text.size() < kShape.size() || text.starts_with("ff")) return {};
  if (text.size() > kShape.size() && (text.starts_with("00") || text[kShape.size()] != '-')) {
    return {};
  }
  for (size_t i = 0; i < kShape.size(); ++i) {
    const char c = text[i];
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (kShape[i] == 'x' ? !is_hex : c != '-') return {};
  }
  const Traceparent parsed{text.substr(3, 32), text.substr(36, 16), text.substr(53, 2)};
  for (const auto id : {parsed.trace, parsed.span}) {
    if (id.find_first_not_of('0') == std::string_view::npos) return {};
  }
  return parsed;
}

}  // namespace yima
