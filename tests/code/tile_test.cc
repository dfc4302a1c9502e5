#include "codegen/code/tile.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace yima {
namespace {

TEST(TileTest, HasThePathsOfTheSpecification) {
  EXPECT_EQ((Tile{false, 0, 1'234'067}.Path()), "tile/0/x001/x234/067");
  EXPECT_EQ((Tile{false, 3, 0, 17}.Path()), "tile/3/000.p/17");
  EXPECT_EQ((Tile{true, 0, 999}.Path()), "tile/entries/999");
  EXPECT_EQ((Tile{true, 0, 1000, 1}.Path()), "tile/entries/x001/000.p/1");
}

TEST(TileTest, ReadsThePathsItWrites) {
  for (const uint64_t index : {uint64_t{0}, uint64_t{7}, uint64_t{1000}, uint64_t{999'999'999},
                               UINT64_MAX >> Tile::kHeight}) {
    for (const uint32_t width : {1u, 255u, 256u}) {
      for (const Tile& tile :
           {Tile{false, 0, index, width}, Tile{false, 7, 0, width}, Tile{true, 0, index, width}}) {
        const auto parsed = Tile::Parse(tile.Path());
        ASSERT_TRUE(parsed) << tile.Path();
        EXPECT_EQ(*parsed, tile);
      }
    }
  }
}

TEST(TileTest, RefusesOtherPaths) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/0/0",
                           "tile/0/1234",
                           "tile/00/000",
                           "tile/8/000",
                           "tile/-1/000",
                           "tile/0/x000/001",
                           "tile/0/001/000",
                           "tile/0/x001",
                           "tile/0/x001/",
                           "tile/0/000.p",
                           "tile/0/000.p/",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/0/000.p/1/2",
                           "tile/0/000/",
                           "/tile/0/000",
                           "tile/entry/000",
                           "tile/entries/0/000",
                           "tile/0/x999/x999/x999/x999/x999/x999/999",
                           "tile/0/x072/x057/x594/x037/x927/936",
                           "tile/7/001",
                           "tile/6/256",
                           "tile/0/00\xEF\xBC\x90"}) {
    EXPECT_EQ(Tile::Parse(path).error().reason, "TILE_PATH") << path;
  }
}

TEST(TileTest, AreThoseOfTheSpecificationFor70000Entries) {
  const auto tiles = NewTiles(0, 70'000);
  ASSERT_EQ(tiles.size(), 277u);
  EXPECT_EQ(tiles[272], (Tile{false, 0, 272}));
  EXPECT_EQ(tiles[273], (Tile{false, 0, 273, 112}));
  EXPECT_EQ(tiles[274], (Tile{false, 1, 0}));
  EXPECT_EQ(tiles[275], (Tile{false, 1, 1, 17}));
  EXPECT_EQ(tiles[276], (Tile{false, 2, 0, 1}));
  EXPECT_TRUE(std::ranges::all_of(tiles, [](const Tile& tile) { return tile.IsOf(70'000); }));
}

TEST(TileTest, AreMadeAnewWhereTheTreeHasGrown) {
  EXPECT_EQ(NewTiles(0, 256), (std::vector<Tile>{{false, 0, 0}, {false, 1, 0, 1}}));
  EXPECT_EQ(NewTiles(255, 257),
            (std::vector<Tile>{{false, 0, 0}, {false, 0, 1, 1}, {false, 1, 0, 1}}));
  EXPECT_EQ(NewTiles(257, 258), (std::vector<Tile>{{false, 0, 1, 2}}));
  EXPECT_TRUE(NewTiles(300, 300).empty());
  EXPECT_EQ(NewTiles(UINT64_MAX - 1, UINT64_MAX),
            (std::vector<Tile>{{false, 0, UINT64_MAX >> 8, 255}}));
}

TEST(TileTest, BelongToTreesThatReachThem) {
  EXPECT_FALSE((Tile{false, 0, 0, 1}.IsOf(0)));
  EXPECT_TRUE((Tile{false, 0, 0, 5}.IsOf(300)));
  EXPECT_FALSE((Tile{false, 0, 1, 45}.IsOf(300)));
  EXPECT_TRUE((Tile{false, 0, 1, 44}.IsOf(300)));
  EXPECT_FALSE((Tile{false, 1, 0, 2}.IsOf(300)));
  EXPECT_FALSE((Tile{true, 0, UINT64_MAX >> 8, 256}.IsOf(300)));
  EXPECT_FALSE((Tile{false, 0, UINT64_MAX >> 8, 256}.IsOf(UINT64_MAX)));
  EXPECT_TRUE((Tile{false, 0, UINT64_MAX >> 8, 255}.IsOf(UINT64_MAX)));
}

TEST(TileTest, HoldTheSubtreesOfTheirHeight) {
  EXPECT_EQ(TileOf({0, 299}, 300), (Tile{false, 0, 1, 44}));
  EXPECT_EQ(TileOf({7, 1}, 300), (Tile{false, 0, 0, 256}));
  EXPECT_EQ(TileOf({8, 0}, 300), (Tile{false, 1, 0, 1}));
}

TEST(TileTest, EntriesSurvivePrintingAndParsing) {
  std::string bundle;
  const std::vector<std::string> entries = {"", "one", std::string(65'535, 'x')};
  for (const auto& entry : entries) AppendTileEntry(bundle, entry);
  const auto parsed = ParseTileEntries(bundle, 3);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(std::ranges::equal(*parsed, entries));
}

TEST(TileTest, RefusesEntriesThatAreCutOffOrTooMany) {
  std::string bundle;
  AppendTileEntry(bundle, "one");
  AppendTileEntry(bundle, "two");
  for (const uint32_t width : {0u, 1u, 3u}) {
    EXPECT_EQ(ParseTileEntries(bundle, width).error().reason, "TILE_MALFORMED") << width;
  }
  for (size_t cut = 1; cut < bundle.size(); ++cut) {
    EXPECT_FALSE(ParseTileEntries(bundle.substr(cut), 2)) << cut;
    EXPECT_FALSE(ParseTileEntries(bundle.substr(0, bundle.size() - cut), 2)) << cut;
  }
}

}  // namespace
}  // namespace yima
