#include "codegen/code/tile_tree.h"

#include <map>

#include <gtest/gtest.h>

namespace yima {
namespace {

/// A log that is kept as its tiles, as a server or a folder has them.
class TileTreeTest : public ::testing::Test {
 protected:
  void Grow(uint64_t size) {
    for (; tree_.size() < size;) {
      const TreeHash leaf = HashLeaf(std::to_string(tree_.size()));
      slow_.Append(leaf);
      ASSERT_TRUE(tree_.Append(leaf, [this](const Tile& tile, std::span<const TreeHash> hashes) {
        tiles_[tile.Path()] = TileBytesOf(hashes);
        return Result<void>();
      }));
    }
    for (const Tile& tile : tree_.PartialTiles()) {
      tiles_[tile.Path()] = TileBytesOf(tree_.open()[static_cast<size_t>(tile.level)]);
    }
  }
  VerifiedTiles::Source Source() {
    return [this](const Tile& tile) -> Result<std::string> {
      ++reads_;
      const auto found = tiles_.find(tile.Path());
      if (found == tiles_.end()) return Fail(StatusCode::kNotFound, "TILE_NOT_FOUND", tile.Path());
      return found->second;
    };
  }
  Result<VerifiedTiles> Open() { return VerifiedTiles::Open(tree_.size(), tree_.Root(), Source()); }

  TileTree tree_;
  GrowingTree slow_;
  std::map<std::string, std::string> tiles_;
  int reads_ = 0;
};

TEST_F(TileTreeTest, MakesTheRootOfRfc6962) {
  EXPECT_EQ(tree_.Root(), EmptyTreeRoot());
  for (const uint64_t size :
       {1, 2, 3, 255, 256, 257, 511, 512, 700, 65'535, 65'536, 65'537, 66'100}) {
    Grow(size);
    EXPECT_EQ(tree_.Root(), slow_.Root()) << size;
  }
}

TEST_F(TileTreeTest, TakesWholeTiles) {
  TileTree whole;
  for (uint64_t tile = 0; tile < 300; ++tile) {
    std::vector<TreeHash> leaves;
    for (uint64_t i = 0; i < 256; ++i) leaves.push_back(HashLeaf(std::to_string(256 * tile + i)));
    ASSERT_TRUE(whole.AppendTile(leaves, RootOverHashes(leaves), {}));
  }
  Grow(300 * 256);
  EXPECT_EQ(whole.Root(), tree_.Root());
  EXPECT_EQ(whole.open(), tree_.open());
}

TEST_F(TileTreeTest, GoesOnFromItsOpenTiles) {
  Grow(1'000);
  auto again = TileTree::From(tree_.size(), tree_.open());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->Root(), tree_.Root());
  EXPECT_FALSE(TileTree::From(tree_.size() + 1, tree_.open()));
  EXPECT_FALSE(TileTree::From(0, tree_.open()));
}

TEST_F(TileTreeTest, StopsWithWhatItIsToldOfATile) {
  Grow(255);
  const auto grown = tree_.Append(HashLeaf("x"), [](const Tile&, std::span<const TreeHash>) {
    return Result<void>(Fail(StatusCode::kResourceExhausted, "DISK_FULL", "full"));
  });
  EXPECT_EQ(grown.error().reason, "DISK_FULL");
}

TEST_F(TileTreeTest, VerifiedTilesGiveEverySubtree) {
  for (const uint64_t size : {1, 256, 700, 66'100}) {
    Grow(size);
    auto tiles = Open();
    ASSERT_TRUE(tiles) << tiles.error().message;
    const auto proof = InclusionProof(size / 3, size, tiles->hashes());
    ASSERT_TRUE(proof);
    EXPECT_TRUE(
        VerifyInclusion(size / 3, size, HashLeaf(std::to_string(size / 3)), *proof, slow_.Root()));
    EXPECT_EQ(*RootOf(size, tiles->hashes()), slow_.Root());
  }
}

TEST_F(TileTreeTest, ReadsATileOnceForItsNeighbours) {
  Grow(66'100);
  auto tiles = Open();
  ASSERT_TRUE(tiles);
  reads_ = 0;
  for (uint64_t index = 1'000; index < 1'020; ++index) ASSERT_TRUE(tiles->Hash({0, index}));
  EXPECT_EQ(reads_, 2);
}

TEST_F(TileTreeTest, BelievesNoTileThatDoesNotLeadToTheRoot) {
  Grow(66'100);
  for (const char* path :
       {"tile/0/003", "tile/1/000", "tile/0/258.p/52", "tile/1/001.p/2", "tile/2/000.p/1"}) {
    auto& bytes = tiles_.at(path);
    bytes[40 % bytes.size()] = static_cast<char>(bytes[40 % bytes.size()] ^ 1);
    auto tiles = Open();
    const auto hash = tiles ? tiles->Hash({0, 3 * 256}) : tl::unexpected(tiles.error());
    EXPECT_EQ(hash ? "" : hash.error().reason, "TILE_WRONG") << path;
    bytes[40 % bytes.size()] = static_cast<char>(bytes[40 % bytes.size()] ^ 1);
  }
  EXPECT_TRUE(Open()->Hash({0, 3 * 256}));
}

TEST_F(TileTreeTest, RefusesTilesCutShortAndMissing) {
  Grow(700);
  auto& bytes = tiles_.at("tile/0/001");
  const std::string whole = bytes;
  for (const size_t size : {size_t{0}, size_t{31}, size_t{32}, size_t{8191}, size_t{8193}}) {
    bytes = whole;
    bytes.resize(size, 'x');
    EXPECT_EQ(Open()->Hash({0, 256}).error().reason, "TILE_MALFORMED") << size;
  }
  tiles_.erase("tile/0/001");
  EXPECT_EQ(Open()->Hash({0, 256}).error().reason, "TILE_NOT_FOUND");
  tiles_.erase("tile/0/002.p/188");
  EXPECT_EQ(Open().error().reason, "TILE_NOT_FOUND");
}

}  // namespace
}  // namespace yima
