#include "client/import/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

namespace yima::ledger {
namespace {

constexpr std::string_view kWideSpace = "\xE3\x80\x80";

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Takes up to `width` digits off the front.
std::optional<int> TakeDigits(std::string_view& text, size_t width) {
  int value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + std::min(width, text.size()), value);
  if (error != std::errc() || text.front() == '-') return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

bool TakeAny(std::string_view& text, std::initializer_list<std::string_view> separators) {
  for (const std::string_view separator : separators) {
    if (!text.starts_with(separator)) continue;
    text.remove_prefix(separator.size());
    return true;
  }
  return false;
}

template <size_t N>
bool OneOf(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// ` 8:30`, `T08:30:00.000Z`: what exports write after a date. It is not looked at.
bool IsTimeOfDay(std::string_view text) {
  if (!TakeAny(text, {" ", "T"})) return false;
  return text.find_first_not_of("0123456789:.+-Z ") == std::string_view::npos &&
         text.find(':') != std::string_view::npos;
}

}  // namespace

std::string_view Trim(std::string_view text) {
  for (;;) {
    if (text.starts_with(kWideSpace)) {
      text.remove_prefix(kWideSpace.size());
    } else if (!text.empty() && IsSpace(text.front())) {
      text.remove_prefix(1);
    } else {
      break;
    }
  }
  for (;;) {
    if (text.ends_with(kWideSpace)) {
      text.remove_suffix(kWideSpace.size());
    } else if (!text.empty() && IsSpace(text.back())) {
      text.remove_suffix(1);
    } else {
      return text;
    }
  }
}

std::string FoldFullWidth(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    // U+FF01–U+FF3F are EF BC 81–BF, U+FF40–U+FF5E are EF BD 80–9E.
    if (text[i] == '\xEF' && i + 2 < text.size()) {
      const auto second = static_cast<uint8_t>(text[i + 1]);
      const auto third = static_cast<uint8_t>(text[i + 2]);
      if (second == 0xBC && third >= 0x81) {
        folded += static_cast<char>(third - 0x60);
        i += 2;
        continue;
      }
      if (second == 0xBD && third <= 0x9E) {
        folded += static_cast<char>(third - 0x20);
        i += 2;
        continue;
      }
    }
    folded += text[i];
  }
  return folded;
}

Result<std::string> ParseDate(std::string_view text) {
  const auto malformed = [text] {
    return Invalid("DATE_MALFORMED",
                   fmt::format("date \"{}\" is none, want YYYY-MM-DD", text.substr(0, 40)), "date");
  };
  std::string_view rest = text;
  const auto year = TakeDigits(rest, 4);
  const bool packed = !rest.empty() && rest.front() >= '0' && rest.front() <= '9';
  if (!year || text.size() - rest.size() != 4) return malformed();
  if (!packed && !TakeAny(rest, {"-", "/", ".", "年"})) return malformed();
  const auto month = TakeDigits(rest, 2);
  if (!month || (!packed && !TakeAny(rest, {"-", "/", ".", "月"}))) return malformed();
  const auto day = TakeDigits(rest, 2);
  if (!day || (packed && text.size() - rest.size() != 8)) return malformed();
  TakeAny(rest, {"日"});
  if (!rest.empty() && !IsTimeOfDay(rest)) return malformed();
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return malformed();
  return fmt::format("{:04}-{:02}-{:02}", *year, *month, *day);
}

Result<v1::Condition> ParseCondition(std::string_view text) {
  struct Word {
    std::string_view word;
    v1::Condition condition;
  };
  static constexpr Word kWords[] = {
      {"完好", v1::CONDITION_INTACT},    {"intact", v1::CONDITION_INTACT},
      {"破损", v1::CONDITION_DAMAGED},   {"damaged", v1::CONDITION_DAMAGED},
      {"丢失", v1::CONDITION_LOST},      {"lost", v1::CONDITION_LOST},
      {"废弃", v1::CONDITION_ABANDONED}, {"abandoned", v1::CONDITION_ABANDONED},
      {"移除", v1::CONDITION_REMOVED},   {"removed", v1::CONDITION_REMOVED},
  };
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  for (const Word& word : kWords) {
    if (word.word == lower) return word.condition;
  }
  return Invalid("CONDITION_UNKNOWN",
                 fmt::format("condition \"{}\" is unknown, want 完好, 破损, 丢失, 废弃 or 移除",
                             text.substr(0, 40)),
                 "condition");
}

std::optional<double> ParseNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

bool MeansOwnerless(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kWords = {"无主", "无主部件", "无权属",
                                                             "无权属单位", "ownerless"};
  return OneOf(text, kWords);
}

bool MeansUnknown(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kWords = {"-",    "--",   "—",       "/",
                                                             "不详", "未知", "unknown", "无"};
  return OneOf(text, kWords);
}

}  // namespace yima::ledger
