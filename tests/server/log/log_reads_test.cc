#include "server/log/log_reads.h"

#include <algorithm>

#include "tests/server/log/tree_world.h"
#include "tests/server/methods.h"
#include "yima/v1/log_service.pb.h"

namespace yima::server::testing {
namespace {

class LogReadsTest : public TreeWorld {
 protected:
  LogReadsTest() {
    AddEntries(700 - LogSize());
    EXPECT_TRUE(keeper_.Grow());
  }
  Result<v1::GetTileResponse> Tile(uint32_t level, uint64_t index, uint32_t width) {
    v1::GetTileRequest request;
    request.set_level(level);
    request.set_index(index);
    request.set_width(width);
    return methods_.Unary<v1::GetTileResponse>("LogService/GetTile", request);
  }
  Result<v1::GetEntryBundleResponse> Entries(uint64_t index, uint32_t width) {
    v1::GetEntryBundleRequest request;
    request.set_index(index);
    request.set_width(width);
    return methods_.Unary<v1::GetEntryBundleResponse>("LogService/GetEntryBundle", request);
  }
  Result<v1::GetInclusionProofResponse> Inclusion(uint64_t index, uint64_t size) {
    v1::GetInclusionProofRequest request;
    request.set_index(index);
    request.set_size(size);
    return methods_.Unary<v1::GetInclusionProofResponse>("LogService/GetInclusionProof", request);
  }
  Result<v1::GetConsistencyProofResponse> Consistency(uint64_t older, uint64_t newer) {
    v1::GetConsistencyProofRequest request;
    request.set_older_size(older);
    request.set_newer_size(newer);
    return methods_.Unary<v1::GetConsistencyProofResponse>("LogService/GetConsistencyProof",
                                                           request);
  }
  template <typename T>
  static std::string ReasonOf(const Result<T>& result) {
    return result ? "" : result.error().reason;
  }
  static TreeHash HashIn(std::string_view bytes) {
    TreeHash hash{};
    EXPECT_EQ(bytes.size(), hash.size());
    std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
    return hash;
  }
  template <typename Response>
  static std::vector<TreeHash> ProofIn(const Response& response) {
    std::vector<TreeHash> proof;
    for (const auto& hash : response.hashes()) proof.push_back(HashIn(hash));
    return proof;
  }

  Methods methods_{world_};
  TreeKeeper keeper_{world_.domain()};
};

TEST_F(LogReadsTest, BeforeTheFirstCheckpointThereIsNothing) {
  world_.domain().tree->Set(nullptr);
  const auto checkpoint = methods_.Unary<v1::GetCheckpointResponse>("LogService/GetCheckpoint",
                                                                    v1::GetCheckpointRequest());
  EXPECT_EQ(ReasonOf(checkpoint), "LOG_NOT_READY");
  EXPECT_EQ(ReasonOf(Tile(0, 0, 1)), "LOG_NOT_READY");
}

TEST_F(LogReadsTest, TheRootFollowsFromTilesAlone) {
  const auto note =
      methods_
          .Unary<v1::GetCheckpointResponse>("LogService/GetCheckpoint", v1::GetCheckpointRequest())
          ->note();
  const auto checkpoint = OpenCheckpoint(note, world_.registry()->id() + "/1", log_key());
  ASSERT_TRUE(checkpoint);
  ASSERT_EQ(checkpoint->size, 700u);
  GrowingTree tree;
  for (const yima::Tile& tile : NewTiles(0, checkpoint->size)) {
    const auto answer = Tile(static_cast<uint32_t>(tile.level), tile.index, tile.width);
    ASSERT_TRUE(answer) << tile.Path();
    ASSERT_EQ(answer->hashes().size(), tile.width * sizeof(TreeHash));
    for (uint32_t i = 0; tile.level == 0 && i < tile.width; ++i) {
      tree.Append(HashIn(std::string_view(answer->hashes()).substr(i * sizeof(TreeHash), 32)));
    }
  }
  EXPECT_EQ(tree.Root(), checkpoint->root);
}

TEST_F(LogReadsTest, ATileThatWasOnceNarrowerIsStillServedSo) {
  const std::string whole = Tile(0, 0, 256)->hashes();
  EXPECT_EQ(Tile(0, 0, 17)->hashes(), whole.substr(0, 17 * sizeof(TreeHash)));
  EXPECT_EQ(Tile(1, 0, 1)->hashes(), Tile(1, 0, 2)->hashes().substr(0, sizeof(TreeHash)));
}

TEST_F(LogReadsTest, HasNoTilesBeyondTheTree) {
  EXPECT_EQ(ReasonOf(Tile(0, 2, 189)), "TILE_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Tile(0, 3, 1)), "TILE_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Tile(1, 0, 3)), "TILE_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Tile(2, 0, 1)), "TILE_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Tile(0, UINT64_MAX, 256)), "TILE_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Entries(2, 189)), "TILE_NOT_FOUND");
  for (const uint32_t width : {0u, 257u, UINT32_MAX}) {
    EXPECT_EQ(ReasonOf(Tile(0, 0, width)), "TILE_MALFORMED");
    EXPECT_EQ(ReasonOf(Entries(0, width)), "TILE_MALFORMED");
  }
  for (const uint32_t level : {8u, UINT32_MAX}) {
    EXPECT_EQ(ReasonOf(Tile(level, 0, 1)), "TILE_MALFORMED");
  }
}

TEST_F(LogReadsTest, EntriesHashToTheTilesOfLevel0) {
  for (const auto& [index, width] : {std::pair(0u, 256u), std::pair(2u, 188u)}) {
    const auto bundle = Entries(index, width);
    ASSERT_TRUE(bundle);
    const auto entries = ParseTileEntries(bundle->bundle(), width);
    ASSERT_TRUE(entries);
    std::string hashes;
    for (const auto entry : *entries) {
      const TreeHash hash = HashLeaf(entry);
      hashes.append(hash.begin(), hash.end());
    }
    EXPECT_EQ(hashes, Tile(0, index, width)->hashes());
  }
}

TEST_F(LogReadsTest, EntriesAreForWhoMaySeeTheWholeRegistry) {
  auto reach = std::make_shared<Reach>();
  v1::Grant grant;
  grant.add_divisions("140502");
  reach->Add(grant);
  world_.reach = reach;
  EXPECT_EQ(ReasonOf(Entries(0, 1)), "SCOPE_EXCEEDED");
  EXPECT_TRUE(Tile(0, 0, 1));
}

TEST_F(LogReadsTest, ProvesEachEntryInTreesOfManySizes) {
  for (const uint64_t size : {1, 2, 255, 256, 257, 511, 512, 600, 699, 700}) {
    const TreeHash root = TreeOf(size).Root();
    for (uint64_t index = 0; index < size; index += 1 + size / 40) {
      const auto proof = Inclusion(index, size);
      ASSERT_TRUE(proof) << index << " of " << size;
      EXPECT_TRUE(VerifyInclusion(index, size, HashIn(proof->leaf_hash()), ProofIn(*proof), root))
          << index << " of " << size;
    }
  }
  EXPECT_EQ(Inclusion(3, 0)->size(), 700u);
}

TEST_F(LogReadsTest, ProvesThatTheLogOnlyGrew) {
  for (const uint64_t newer : {256, 300, 700}) {
    for (const uint64_t older : {0, 1, 100, 255, 256}) {
      const auto proof = Consistency(older, newer);
      ASSERT_TRUE(proof);
      EXPECT_TRUE(VerifyConsistency(older, newer, ProofIn(*proof), TreeOf(older).Root(),
                                    TreeOf(newer).Root()))
          << older << ' ' << newer;
    }
  }
  EXPECT_EQ(Consistency(700, 0)->newer_size(), 700u);
}

TEST_F(LogReadsTest, ProvesNothingOfSizesThatAreNotSigned) {
  EXPECT_EQ(ReasonOf(Inclusion(0, 701)), "PROOF_RANGE");
  EXPECT_EQ(ReasonOf(Inclusion(700, 700)), "PROOF_RANGE");
  EXPECT_EQ(ReasonOf(Inclusion(UINT64_MAX, 0)), "PROOF_RANGE");
  EXPECT_EQ(ReasonOf(Consistency(1, 701)), "PROOF_RANGE");
  EXPECT_EQ(ReasonOf(Consistency(701, 0)), "PROOF_RANGE");
}

TEST_F(LogReadsTest, ATileThatIsGoneIsSaid) {
  const auto stored = *world_.Read()->Get(store::Kind::kTreeTile, 2);
  store::Change change;
  change.puts.push_back({store::Kind::kTreeTile, 2, stored->revision, "short", {}});
  store::ApplyAndWait(world_.store(), std::move(change));
  EXPECT_EQ(ReasonOf(Tile(0, 1, 256)), "TREE_DAMAGED");
  EXPECT_EQ(ReasonOf(Inclusion(300, 0)), "TREE_DAMAGED");
}

}  // namespace
}  // namespace yima::server::testing
