#include "client/cli/table.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace yima::cli {
namespace {

/// Blocks of Unicode that East Asian Width calls wide or full-width.
constexpr std::pair<uint32_t, uint32_t> kWide[] = {
    {0x1100, 0x115F}, {0x2E80, 0x303E},   {0x3041, 0x33FF},  {0x3400, 0x4DBF}, {0x4E00, 0x9FFF},
    {0xA000, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},  {0xFE30, 0xFE6F}, {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};

bool IsWide(uint32_t character) {
  return std::ranges::any_of(kWide, [&](const auto& block) {
    return block.first <= character && character <= block.second;
  });
}

}  // namespace

size_t ColumnsOf(std::string_view utf8) {
  size_t columns = 0;
  uint32_t character = 0;
  for (size_t i = 0; i < utf8.size();) {
    const auto first = static_cast<uint8_t>(utf8[i]);
    size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    size = std::min(size, utf8.size() - i);
    character = size == 1 ? first : first & (0xFFU >> (size + 1));
    for (size_t k = 1; k < size; ++k) {
      character = character << 6 | (static_cast<uint8_t>(utf8[i + k]) & 0x3FU);
    }
    columns += IsWide(character) ? 2 : 1;
    i += size;
  }
  return columns;
}

void Table::Add(std::vector<std::string> cells) {
  widths_.resize(std::max(widths_.size(), cells.size()));
  for (size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], ColumnsOf(cells[i]));
  rows_.push_back(std::move(cells));
}

std::vector<std::string> Table::Lines() const {
  std::vector<std::string> lines;
  for (const auto& cells : rows_) {
    std::string& line = lines.emplace_back();
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string pad(widths_[i] - ColumnsOf(cells[i]), ' ');
      line.append(i == 0 ? "" : "  ").append(i == 0 ? cells[i] + pad : pad + cells[i]);
    }
  }
  return lines;
}

}  // namespace yima::cli
