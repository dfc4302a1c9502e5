#include "codegen/code/tile.h"

#include <cassert>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace yima {
namespace {

constexpr std::string_view kTile = "tile/";
constexpr std::string_view kEntries = "entries";
constexpr std::string_view kPartial = ".p/";

tl::unexpected<Error> NoTile(std::string_view path) {
  return Invalid("TILE_PATH",
                 fmt::format("{} bytes are not tile/LEVEL/NNN, tile/entries/NNN or one of these "
                             "with .p/WIDTH",
                             path.size()));
}

/// Decimal without leading zeros.
std::optional<uint64_t> ParseNumber(std::string_view digits) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool plain = digits.size() == 1 || !digits.starts_with('0');
  if (error != std::errc() || end != digits.data() + digits.size() || !plain) return std::nullopt;
  return number;
}

/// `x001/x234/067`
std::optional<uint64_t> ParseIndex(std::string_view path) {
  constexpr uint64_t kThousand = 1000;
  uint64_t index = 0;
  for (bool first = true;; first = false) {
    const bool more = path.starts_with('x');
    if (more) path.remove_prefix(1);
    if (path.size() < 3 || index > (UINT64_MAX >> Tile::kHeight) / kThousand) return std::nullopt;
    uint64_t group = 0;
    for (const char digit : path.substr(0, 3)) {
      if (digit < '0' || digit > '9') return std::nullopt;
      group = group * 10 + static_cast<uint64_t>(digit - '0');
    }
    // Else one index would have many paths.
    if (first && more && group == 0) return std::nullopt;
    index = index * kThousand + group;
    path.remove_prefix(3);
    if (!more) return path.empty() ? std::optional(index) : std::nullopt;
    if (!path.starts_with('/')) return std::nullopt;
    path.remove_prefix(1);
  }
}

/// Hashes at a level of tiles in a tree of this many entries.
uint64_t HashesAt(int level, uint64_t size) {
  return level > Tile::kLevelMax ? 0 : size >> (level * Tile::kHeight);
}

}  // namespace

std::string Tile::Path() const {
  std::string path = fmt::format("{:03}", index % 1000);
  for (uint64_t rest = index / 1000; rest > 0; rest /= 1000) {
    path.insert(0, fmt::format("x{:03}/", rest % 1000));
  }
  path.insert(0, entries ? "tile/entries/" : fmt::format("tile/{}/", level));
  if (width < kWidth) path += fmt::format("{}{}", kPartial, width);
  return path;
}

Result<Tile> Tile::Parse(std::string_view path) {
  std::string_view rest = path;
  if (!rest.starts_with(kTile)) return NoTile(path);
  rest.remove_prefix(kTile.size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return NoTile(path);
  Tile tile;
  tile.entries = rest.substr(0, slash) == kEntries;
  if (!tile.entries) {
    const auto level = ParseNumber(rest.substr(0, slash));
    if (!level || *level > kLevelMax) return NoTile(path);
    tile.level = static_cast<int>(*level);
  }
  rest.remove_prefix(slash + 1);
  if (const size_t partial = rest.find(kPartial); partial != std::string_view::npos) {
    const auto width = ParseNumber(rest.substr(partial + kPartial.size()));
    if (!width || *width < 1 || *width >= kWidth) return NoTile(path);
    tile.width = static_cast<uint32_t>(*width);
    rest = rest.substr(0, partial);
  }
  const auto index = ParseIndex(rest);
  if (!index || *index > HashesAt(tile.level + 1, UINT64_MAX)) return NoTile(path);
  tile.index = *index;
  return tile;
}

bool Tile::IsOf(uint64_t size) const {
  const uint64_t hashes = HashesAt(level, size);
  return index <= hashes / kWidth && width <= hashes - index * kWidth;
}

Tile TileOf(const Subtree& subtree, uint64_t size) {
  Tile tile;
  tile.level = subtree.level / Tile::kHeight;
  const uint64_t first = subtree.index << (subtree.level % Tile::kHeight);
  tile.index = first / Tile::kWidth;
  const uint64_t left = HashesAt(tile.level, size) - tile.index * Tile::kWidth;
  tile.width = left < Tile::kWidth ? static_cast<uint32_t>(left) : Tile::kWidth;
  return tile;
}

std::vector<Tile> NewTiles(uint64_t older, uint64_t size) {
  std::vector<Tile> tiles;
  for (int level = 0; level <= Tile::kLevelMax; ++level) {
    const uint64_t hashes = HashesAt(level, size);
    if (HashesAt(level, older) == hashes) continue;
    for (uint64_t index = HashesAt(level, older) / Tile::kWidth;
         index <= (hashes - 1) / Tile::kWidth; ++index) {
      const uint64_t left = hashes - index * Tile::kWidth;
      tiles.push_back(
          {false, level, index, left < Tile::kWidth ? static_cast<uint32_t>(left) : Tile::kWidth});
    }
  }
  return tiles;
}

void AppendTileEntry(std::string& bundle, std::string_view entry) {
  assert(entry.size() <= Tile::kEntryBytesMax);
  bundle += static_cast<char>(entry.size() >> 8);
  bundle += static_cast<char>(entry.size());
  bundle += entry;
}

Result<std::vector<std::string_view>> ParseTileEntries(std::string_view bundle, uint32_t width) {
  std::vector<std::string_view> entries;
  while (!bundle.empty() && entries.size() < width) {
    if (bundle.size() < 2) break;
    const size_t size =
        size_t{static_cast<uint8_t>(bundle[0])} << 8 | static_cast<uint8_t>(bundle[1]);
    if (bundle.size() - 2 < size) break;
    entries.push_back(bundle.substr(2, size));
    bundle.remove_prefix(2 + size);
  }
  if (bundle.empty() && entries.size() == width) return entries;
  return Fail(StatusCode::kDataLoss, "TILE_MALFORMED",
              fmt::format("a tile of entries holds {} whole ones and {} bytes more, want {}",
                          entries.size(), bundle.size(), width));
}

}  // namespace yima
