#include "codegen/code/note_lines.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace yima {
namespace {

constexpr size_t kRegistryDigits = 32;

}  // namespace

Result<uint64_t> ParseNoteNumber(std::string_view text, uint64_t max) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool leading_zero = text.size() > 1 && text[0] == '0';
  if (error != std::errc() || end != text.data() + text.size() || leading_zero || value > max) {
    return Invalid("NUMBER_MALFORMED",
                   fmt::format("\"{}\" is not a number up to {}", text.substr(0, 40), max));
  }
  return value;
}

Result<PublicKey> ParseNoteKey(std::string_view hex) {
  PublicKey key{};
  YIMA_RETURN_IF_ERROR(FromHex(hex, key));
  if (ToHex(key) != hex) return Invalid("HEX_MALFORMED", "hex digits are not lower case");
  return key;
}

Result<std::string> ParseRegistryId(std::string_view text) {
  const bool hex = std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (text.size() != kRegistryDigits || !hex) {
    return Invalid("REGISTRY_MALFORMED",
                   fmt::format("registry \"{}\" is not {} lower-case hex digits",
                               text.substr(0, 64), kRegistryDigits));
  }
  return std::string(text);
}

std::string_view NextNoteWord(std::string_view& rest) {
  const size_t end = rest.find(' ');
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return word;
}

std::vector<std::string_view> NoteWords(std::string_view text, size_t wanted) {
  std::vector<std::string_view> words;
  const bool dangling = text.ends_with(' ');
  while (!text.empty() && words.size() <= wanted) words.push_back(NextNoteWord(text));
  if (dangling) words.emplace_back();
  return words;
}

Result<uint16_t> ParseNoteEpoch(std::string_view text) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t epoch, ParseNoteNumber(text, UINT16_MAX));
  return static_cast<uint16_t>(epoch);
}

}  // namespace yima
