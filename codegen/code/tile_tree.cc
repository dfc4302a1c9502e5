#include "codegen/code/tile_tree.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include <fmt/format.h>

namespace yima {
namespace {

constexpr size_t kHash = sizeof(TreeHash);

uint64_t HashesAt(int level, uint64_t size) { return size >> (level * Tile::kHeight); }

bool Fits(uint64_t size, const OpenTiles& open) {
  for (int level = 0; level <= Tile::kLevelMax; ++level) {
    if (open[static_cast<size_t>(level)].size() != HashesAt(level, size) % Tile::kWidth) {
      return false;
    }
  }
  return true;
}

/// What a level leaves open stands to the right of all that is full at it.
TreeHash RootOfOpen(const OpenTiles& open, HashPair pair) {
  std::optional<TreeHash> root;
  for (auto hashes : open) {
    if (root) hashes.push_back(*root);
    if (!hashes.empty()) root = RootOverHashes(hashes, pair);
  }
  return root.value_or(EmptyTreeRoot());
}

tl::unexpected<Error> Wrong(const Tile& tile) {
  return Fail(StatusCode::kDataLoss, "TILE_WRONG",
              fmt::format("{} is not of the tree that is signed", tile.Path()));
}

}  // namespace

TreeHash RootOverHashes(std::span<const TreeHash> hashes, HashPair pair) {
  if (hashes.size() == 1) return hashes[0];
  const size_t split = std::bit_floor(hashes.size() - 1);
  return pair(RootOverHashes(hashes.first(split), pair),
              RootOverHashes(hashes.subspan(split), pair));
}

std::string TileBytesOf(std::span<const TreeHash> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * kHash);
  for (const TreeHash& hash : hashes) bytes.append(hash.begin(), hash.end());
  return bytes;
}

Result<std::vector<TreeHash>> ParseTileHashes(std::string_view bytes, const Tile& tile) {
  if (bytes.size() != tile.width * kHash) {
    return Fail(
        StatusCode::kDataLoss, "TILE_MALFORMED",
        fmt::format("{} has {} bytes, want {}", tile.Path(), bytes.size(), tile.width * kHash));
  }
  std::vector<TreeHash> hashes(tile.width);
  for (size_t i = 0; i < hashes.size(); ++i) {
    std::copy_n(bytes.data() + i * kHash, kHash, hashes[i].begin());
  }
  return hashes;
}

std::optional<TileTree> TileTree::From(uint64_t size, OpenTiles open, HashPair pair) {
  if (!Fits(size, open)) return std::nullopt;
  TileTree tree(pair);
  tree.size_ = size;
  tree.open_ = std::move(open);
  return tree;
}

Result<void> TileTree::Append(const TreeHash& leaf, const Filled& filled) {
  const uint64_t index = size_++;
  return Add(0, leaf, index, filled);
}

Result<void> TileTree::AppendTile(std::span<const TreeHash> leaves, const TreeHash& root,
                                  const Filled& filled) {
  assert(size_ % Tile::kWidth == 0 && leaves.size() == Tile::kWidth);
  const uint64_t index = size_ / Tile::kWidth;
  size_ += Tile::kWidth;
  if (filled) YIMA_RETURN_IF_ERROR(filled({false, 0, index}, leaves));
  return Add(1, root, index, filled);
}

Result<void> TileTree::Add(int level, TreeHash hash, uint64_t index, const Filled& filled) {
  for (; level <= Tile::kLevelMax; ++level, index /= Tile::kWidth) {
    auto& open = open_[static_cast<size_t>(level)];
    open.push_back(hash);
    if (open.size() < Tile::kWidth) return {};
    hash = RootOverHashes(open, pair_);
    if (filled) YIMA_RETURN_IF_ERROR(filled({false, level, index / Tile::kWidth}, open));
    open.clear();
  }
  return {};
}

TreeHash TileTree::Root() const { return RootOfOpen(open_, pair_); }

std::vector<Tile> TileTree::PartialTiles() const {
  std::vector<Tile> tiles;
  for (int level = 0; level <= Tile::kLevelMax; ++level) {
    const size_t width = open_[static_cast<size_t>(level)].size();
    if (width == 0) continue;
    tiles.push_back(
        {false, level, HashesAt(level, size_) / Tile::kWidth, static_cast<uint32_t>(width)});
  }
  return tiles;
}

Result<VerifiedTiles> VerifiedTiles::Open(uint64_t size, const TreeHash& root, Source source,
                                          HashPair pair) {
  VerifiedTiles tiles(size, std::move(source), pair);
  Tile top;
  for (int level = 0; level <= Tile::kLevelMax; ++level) {
    const uint64_t hashes = HashesAt(level, size);
    const auto width = static_cast<uint32_t>(hashes % Tile::kWidth);
    if (width == 0) continue;
    top = {false, level, hashes / Tile::kWidth, width};
    YIMA_ASSIGN_OR_RETURN(const std::string bytes, tiles.source_(top));
    YIMA_ASSIGN_OR_RETURN(tiles.open_[static_cast<size_t>(level)], ParseTileHashes(bytes, top));
  }
  if (RootOfOpen(tiles.open_, pair) == root) return tiles;
  return Fail(StatusCode::kDataLoss, "TILE_WRONG",
              fmt::format("the tiles at the right end of {} entries, up to {}, do not make the "
                          "root that is signed",
                          size, top.Path()));
}

Result<const std::vector<TreeHash>*> VerifiedTiles::Full(int level, uint64_t index) {
  Kept& kept = kept_[static_cast<size_t>(level)];
  if (!kept.hashes.empty() && kept.index == index) return &kept.hashes;
  const Tile tile{false, level, index};
  YIMA_ASSIGN_OR_RETURN(const std::string bytes, source_(tile));
  YIMA_ASSIGN_OR_RETURN(auto hashes, ParseTileHashes(bytes, tile));
  YIMA_ASSIGN_OR_RETURN(const TreeHash wanted, HashAt(level + 1, index));
  if (RootOverHashes(hashes, pair_) != wanted) return Wrong(tile);
  kept = {index, std::move(hashes)};
  return &kept.hashes;
}

Result<TreeHash> VerifiedTiles::HashAt(int level, uint64_t index) {
  const uint64_t tile = index / Tile::kWidth;
  if (tile == HashesAt(level, size_) / Tile::kWidth) {
    return open_[static_cast<size_t>(level)][index % Tile::kWidth];
  }
  YIMA_ASSIGN_OR_RETURN(const auto* hashes, Full(level, tile));
  return (*hashes)[index % Tile::kWidth];
}

Result<TreeHash> VerifiedTiles::Hash(const Subtree& subtree) {
  const int level = subtree.level / Tile::kHeight;
  const int within = subtree.level % Tile::kHeight;
  const uint64_t first = subtree.index << within;
  if (within == 0) return HashAt(level, first);
  const size_t count = size_t{1} << within;
  const uint64_t tile = first / Tile::kWidth;
  if (tile == HashesAt(level, size_) / Tile::kWidth) {
    return RootOverHashes(
        std::span(open_[static_cast<size_t>(level)]).subspan(first % Tile::kWidth, count), pair_);
  }
  YIMA_ASSIGN_OR_RETURN(const auto* hashes, Full(level, tile));
  return RootOverHashes(std::span(*hashes).subspan(first % Tile::kWidth, count), pair_);
}

}  // namespace yima
