#include "server/http/html.h"

#include <array>
#include <cstdint>

namespace yima::server {
namespace {

constexpr std::string_view kBroken = "\xEF\xBF\xBD";

/// Length of the sequence that a first byte begins; 0 when it cannot begin one.
size_t LengthOf(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

/// One character of UTF-8, taken off the front; empty when what stands there is none.
std::string_view NextCharacter(std::string_view& rest, uint32_t& point) {
  const size_t length = LengthOf(static_cast<unsigned char>(rest.front()));
  bool sound = length != 0 && length <= rest.size();
  point = static_cast<unsigned char>(rest.front());
  if (length > 1) point &= 0xFFu >> (length + 1);
  for (size_t i = 1; sound && i < length; ++i) {
    const auto byte = static_cast<unsigned char>(rest[i]);
    sound = (byte & 0xC0) == 0x80;
    point = point << 6 | (byte & 0x3F);
  }
  // Too long a form, half a surrogate pair, above Unicode.
  sound = sound && !(length == 3 && (point < 0x800 || (point >= 0xD800 && point <= 0xDFFF))) &&
          !(length == 4 && (point < 0x10000 || point > 0x10FFFF));
  const auto character = rest.substr(0, sound ? length : 0);
  rest.remove_prefix(sound ? length : 1);
  return character;
}

/// Characters that show nothing, or that make what follows look like something else.
bool IsHidden(uint32_t point) {
  return (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7F && point <= 0x9F) ||
         point == 0x061C || (point >= 0x200B && point <= 0x200F) ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) ||
         point == 0xFEFF || (point >= 0xE0000 && point <= 0xE007F);
}

/// How many bytes a first byte begins that stand for themselves: ASCII without markup, and U+3000
/// to U+9FFF, where Chinese is; 0 for others.
constexpr auto kPlain = [] {
  std::array<uint8_t, 256> plain{};
  for (size_t c = ' '; c < 0x7F; ++c) plain[c] = 1;
  for (const unsigned char c : {'&', '<', '>', '"', '\''}) plain[c] = 0;
  for (size_t c = 0xE3; c <= 0xE9; ++c) plain[c] = 3;
  return plain;
}();

/// Bytes at the front that stand for themselves. That is nearly all there is, and looking closely
/// at each character costs ten times as much.
size_t PlainRun(std::string_view words) {
  const auto continues = [&](size_t at) {
    return at < words.size() && (static_cast<unsigned char>(words[at]) & 0xC0) == 0x80;
  };
  size_t at = 0;
  while (at < words.size()) {
    const uint8_t length = kPlain[static_cast<unsigned char>(words[at])];
    if (length == 0 || (length == 3 && !(continues(at + 1) && continues(at + 2)))) break;
    at += length;
  }
  return at;
}

}  // namespace

Html& Html::Text(std::string_view words) {
  while (!words.empty()) {
    const size_t plain = PlainRun(words);
    markup_ += words.substr(0, plain);
    words.remove_prefix(plain);
    if (words.empty()) break;
    uint32_t point = 0;
    const std::string_view character = NextCharacter(words, point);
    if (character.empty()) {
      markup_ += kBroken;
    } else if (point == '&') {
      markup_ += "&amp;";
    } else if (point == '<') {
      markup_ += "&lt;";
    } else if (point == '>') {
      markup_ += "&gt;";
    } else if (point == '"') {
      markup_ += "&quot;";
    } else if (point == '\'') {
      markup_ += "&#39;";
    } else if (!IsHidden(point)) {
      markup_ += character;
    }
  }
  return *this;
}

Html& Html::Tag(std::string_view name, std::string_view words) {
  return Raw("<").Raw(name).Raw(">").Text(words).Raw("</").Raw(name).Raw(">");
}

}  // namespace yima::server
