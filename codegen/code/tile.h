#ifndef YIMA_CODEGEN_CODE_TILE_H_
#define YIMA_CODEGEN_CODE_TILE_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/result.h"
#include "codegen/code/tree.h"

namespace yima {

/// A file of a log as C2SP tlog-tiles lays it out (https://c2sp.org/tlog-tiles): up to 256
/// neighbouring hashes of the tree, or as many entries.
struct Tile {
  static constexpr int kHeight = 8;  ///< Levels of the tree that one level of tiles spans.
  static constexpr uint32_t kWidth = uint32_t{1} << kHeight;
  /// Above it no tree of fewer than 2^64 entries has tiles.
  static constexpr int kLevelMax = 7;
  static constexpr size_t kEntryBytesMax = 65'535;

  bool entries = false;  ///< Entries in place of their hashes; level is 0 then.
  int level = 0;
  uint64_t index = 0;       ///< At most 2^(56 - 8 · level) - 1: further entries there are none.
  uint32_t width = kWidth;  ///< 1 to 256; fewer than 256 at the right end of the tree only.

  auto operator<=>(const Tile&) const = default;

  /// `tile/0/x001/x234/067`, `tile/entries/000.p/17`.
  std::string Path() const;
  /// TILE_PATH for any other form: a path has one form only.
  static Result<Tile> Parse(std::string_view path);

  /// Whether a tree of this many entries has this tile, or had it while it was smaller.
  bool IsOf(uint64_t size) const;
};

/// The tile of full or partial width that holds a hash of a tree of this many entries; hashes at
/// levels that are no multiple of 8 are made of those in the tile below. Requires that the subtree
/// is complete in the tree.
Tile TileOf(const Subtree& subtree, uint64_t size);

/// All tiles of hashes of a tree of this many entries that one of `older`, which must not be more,
/// did not have so. One for each 256 entries between: bound a stranger's size before asking.
std::vector<Tile> NewTiles(uint64_t older, uint64_t size);

/// Entries of at most kEntryBytesMax as a tile of entries holds them: 2 bytes of length,
/// big-endian, before each.
void AppendTileEntry(std::string& bundle, std::string_view entry);
/// TILE_MALFORMED unless there are `width` of them and nothing else. They point into the bundle.
Result<std::vector<std::string_view>> ParseTileEntries(std::string_view bundle, uint32_t width);

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_TILE_H_
