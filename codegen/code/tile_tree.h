#ifndef YIMA_CODEGEN_CODE_TILE_TREE_H_
#define YIMA_CODEGEN_CODE_TILE_TREE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/result.h"
#include "codegen/code/tile.h"
#include "codegen/code/tree.h"

namespace yima {

/// Joins two hashes of the tree: HashChildren, or what does the same faster.
using HashPair = TreeHash (*)(const TreeHash& left, const TreeHash& right);

/// What is in no full tile: for each level, from the leaves up, fewer than 256 hashes.
using OpenTiles = std::array<std::vector<TreeHash>, Tile::kLevelMax + 1>;

/// The root over hashes of one level, one at least.
TreeHash RootOverHashes(std::span<const TreeHash> hashes, HashPair pair = HashChildren);

/// A tile of hashes as it is served, and back: TILE_MALFORMED unless it is `width` hashes.
std::string TileBytesOf(std::span<const TreeHash> hashes);
Result<std::vector<TreeHash>> ParseTileHashes(std::string_view bytes, const Tile& tile);

/// A tree in the making that keeps nothing but its open tiles, so that one of any size is made anew
/// in flat memory. A plain value; not thread-safe.
class TileTree {
 public:
  explicit TileTree(HashPair pair = HashChildren) : pair_(pair) {}
  /// Goes on from a tree of this size; nothing unless the open tiles are as many hashes as it has.
  static std::optional<TileTree> From(uint64_t size, OpenTiles open, HashPair pair = HashChildren);

  /// Told of each tile that is full now, from the leaves up.
  using Filled = std::function<Result<void>(const Tile& tile, std::span<const TreeHash> hashes)>;
  Result<void> Append(const TreeHash& leaf, const Filled& filled);
  /// 256 leaves at once, `root` being the one over them. Requires that size() is a multiple of 256.
  Result<void> AppendTile(std::span<const TreeHash> leaves, const TreeHash& root,
                          const Filled& filled);

  uint64_t size() const { return size_; }
  const OpenTiles& open() const { return open_; }
  TreeHash Root() const;
  /// The tiles at the right end, those that are not full.
  std::vector<Tile> PartialTiles() const;

 private:
  Result<void> Add(int level, TreeHash hash, uint64_t index, const Filled& filled);

  HashPair pair_;
  uint64_t size_ = 0;
  OpenTiles open_;
};

/// Reads tiles of hashes from whoever has them - a server, a folder, a stranger - and believes none
/// that does not lead up to a root: the way of every reader that does not hold the whole tree.
/// Errors: TILE_WRONG (DATA_LOSS) for a tile that is not of the tree; TILE_MALFORMED; the source's
/// own. Keeps one tile of each level beside those at the right end. Not thread-safe.
class VerifiedTiles {
 public:
  /// The bytes of a tile of hashes.
  using Source = std::function<Result<std::string>(const Tile& tile)>;

  /// Reads the tiles at the right end, of which the root is made.
  static Result<VerifiedTiles> Open(uint64_t size, const TreeHash& root, Source source,
                                    HashPair pair = HashChildren);

  /// The hash of any subtree that is complete in the tree.
  Result<TreeHash> Hash(const Subtree& subtree);
  /// For the proofs of tree.h; must not outlive this.
  SubtreeHashes hashes() {
    return [this](const Subtree& subtree) { return Hash(subtree); };
  }
  const OpenTiles& open() const { return open_; }

 private:
  struct Kept {
    uint64_t index = 0;
    std::vector<TreeHash> hashes;  ///< Empty: none is kept.
  };
  VerifiedTiles(uint64_t size, Source source, HashPair pair)
      : size_(size), source_(std::move(source)), pair_(pair) {}
  Result<const std::vector<TreeHash>*> Full(int level, uint64_t index);
  Result<TreeHash> HashAt(int level, uint64_t index);

  uint64_t size_;
  Source source_;
  HashPair pair_;
  OpenTiles open_;
  std::array<Kept, Tile::kLevelMax + 1> kept_;
};

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_TILE_TREE_H_
