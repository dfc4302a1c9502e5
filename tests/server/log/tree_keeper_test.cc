#include "server/log/tree_keeper.h"

#include "tests/server/log/tree_world.h"

namespace yima::server::testing {
namespace {

class TreeKeeperTest : public TreeWorld {
 protected:
  void DamageHead(const std::function<void(TreeHead&)>& damage) {
    TreeHead damaged = *head();
    damage(damaged);
    const auto stored = *world_.Read()->Get(store::Kind::kTreeHead, 1);
    store::Change change;
    change.puts.push_back({store::Kind::kTreeHead, 1, stored->revision, damaged.Serialize(), {}});
    ASSERT_TRUE(std::holds_alternative<store::Committed>(
        store::ApplyAndWait(world_.store(), std::move(change))));
  }
  std::string ReasonOfAnother() {
    TreeKeeper another(world_.domain());
    const auto grown = another.Grow();
    return grown ? "" : grown.error().reason;
  }
  TreeKeeper keeper_{world_.domain()};
};

TEST_F(TreeKeeperTest, SignsTheTreeOfAllThatIsCommitted) {
  for (const uint64_t added : {0, 1, 2, 253, 1, 300, 1000}) {
    AddEntries(added);
    ASSERT_TRUE(keeper_.Grow());
    const auto checkpoint = OpenCheckpoint(head()->note, world_.registry()->id() + "/1", log_key());
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->size, LogSize());
    EXPECT_EQ(checkpoint->root, TreeOf(LogSize()).Root()) << LogSize();
  }
}

TEST_F(TreeKeeperTest, GrowsAboveTheSecondLevelOfTiles) {
  AddEntries(66'000);
  auto more = keeper_.Grow();
  EXPECT_TRUE(more && *more);
  EXPECT_LT(head()->checkpoint.size, LogSize());
  while (more && *more) more = keeper_.Grow();
  ASSERT_TRUE(more);
  EXPECT_EQ(head()->checkpoint.root, TreeOf(LogSize()).Root());
  EXPECT_EQ(head()->open[2].size(), 1u);
}

TEST_F(TreeKeeperTest, WritesNothingWhileNothingIsCommitted) {
  AddEntries(3);
  ASSERT_TRUE(keeper_.Grow());
  const std::string before = world_.State();
  ASSERT_TRUE(keeper_.Grow());
  EXPECT_EQ(world_.State(), before);
}

TEST_F(TreeKeeperTest, GoesOnWhereTheOneBeforeStopped) {
  AddEntries(700);
  ASSERT_TRUE(keeper_.Grow());
  const std::string note = head()->note;
  world_.domain().tree->Set(nullptr);
  TreeKeeper another(world_.domain());
  ASSERT_TRUE(another.Grow());
  EXPECT_EQ(head()->note, note);
  AddEntries(400);
  ASSERT_TRUE(another.Grow());
  EXPECT_EQ(head()->checkpoint.root, TreeOf(LogSize()).Root());
}

TEST_F(TreeKeeperTest, SignsTheSameTreeForAnotherEpoch) {
  AddEntries(300);
  ASSERT_TRUE(keeper_.Grow());
  const TreeHash root = head()->checkpoint.root;
  const uint64_t size = head()->checkpoint.size;
  world_.ChangeRegistry([](v1::Registry& registry) { registry.set_epoch(2); });
  TreeKeeper another(world_.domain());
  ASSERT_TRUE(another.Grow());
  EXPECT_EQ(head()->checkpoint.origin, world_.registry()->id() + "/2");
  EXPECT_TRUE(OpenCheckpoint(head()->note, world_.registry()->id() + "/2", log_key()));
  EXPECT_GT(head()->checkpoint.size, size);
  const auto snapshot = world_.Read();
  const auto proof = ConsistencyProof(size, head()->checkpoint.size, HashesIn(*head(), *snapshot));
  EXPECT_TRUE(
      VerifyConsistency(size, head()->checkpoint.size, *proof, root, head()->checkpoint.root));
}

TEST_F(TreeKeeperTest, SignsNothingOverADamagedHead) {
  AddEntries(300);
  ASSERT_TRUE(keeper_.Grow());
  const TreeHead sound = *head();
  DamageHead([](TreeHead& damaged) { damaged.open[0][3][5] ^= 1; });
  EXPECT_EQ(ReasonOfAnother(), "TREE_DAMAGED");
  DamageHead([](TreeHead& damaged) { damaged.open[0].pop_back(); });
  EXPECT_EQ(ReasonOfAnother(), "TREE_DAMAGED");
  DamageHead([](TreeHead& damaged) { damaged.note = "nothing"; });
  EXPECT_EQ(ReasonOfAnother(), "TREE_DAMAGED");
  DamageHead([&](TreeHead& damaged) { damaged = sound; });
  EXPECT_EQ(ReasonOfAnother(), "");
}

TEST_F(TreeKeeperTest, SignsNoMoreThanTheLogHolds) {
  AddEntries(5);
  ASSERT_TRUE(keeper_.Grow());
  DamageHead([&](TreeHead& damaged) {
    damaged.open[0].push_back(HashLeaf("never committed"));
    ++damaged.checkpoint.size;
    damaged.checkpoint.root = RootOfOpen(damaged);
    damaged.note = damaged.checkpoint.Sign(*world_.keys().All(KeyKind::kLog)[0]).ToString();
  });
  EXPECT_EQ(ReasonOfAnother(), "TREE_DAMAGED");
}

TEST_F(TreeKeeperTest, SignsNothingOverEntriesThatAreOthersThanThoseSigned) {
  AddEntries(300);
  ASSERT_TRUE(keeper_.Grow());
  // A log that lost its tail and grew again has as many entries, but not the same.
  DamageHead([&](TreeHead& damaged) {
    damaged.open[0].back() = HashLeaf("of another entry");
    damaged.checkpoint.root = RootOfOpen(damaged);
    damaged.note = damaged.checkpoint.Sign(*world_.keys().All(KeyKind::kLog)[0]).ToString();
  });
  EXPECT_EQ(ReasonOfAnother(), "TREE_DAMAGED");
}

TEST_F(TreeKeeperTest, AKeeperThatFoundDamageSignsNoMore) {
  AddEntries(300);
  ASSERT_TRUE(keeper_.Grow());
  DamageHead([&](TreeHead& damaged) {
    for (int i = 0; i < 5; ++i) damaged.open[0].push_back(HashLeaf("lost"));
    damaged.checkpoint.size += 5;
    damaged.checkpoint.root = RootOfOpen(damaged);
    damaged.note = damaged.checkpoint.Sign(*world_.keys().All(KeyKind::kLog)[0]).ToString();
  });
  TreeKeeper another(world_.domain());
  EXPECT_EQ(another.Grow().error().reason, "TREE_DAMAGED");
  AddEntries(10);
  EXPECT_EQ(another.Grow().error().reason, "TREE_DAMAGED");
  EXPECT_EQ(ReasonOfAnother(), "TREE_DAMAGED");
}

TEST_F(TreeKeeperTest, ALostHeadIsNoFirstStart) {
  store::Change change;
  change.puts.push_back({store::Kind::kTreeTile, 1, 0, "left over", {}});
  store::ApplyAndWait(world_.store(), std::move(change));
  EXPECT_EQ(ReasonOfAnother(), "TREE_DAMAGED");
  EXPECT_EQ(head(), nullptr);
}

TEST_F(TreeKeeperTest, SignsOnlyByAKeyThatIsPublished) {
  world_.ChangeRegistry([](v1::Registry& registry) { registry.clear_log_keys(); });
  EXPECT_EQ(ReasonOfAnother(), "LOG_KEY_MISSING");
  EXPECT_EQ(head(), nullptr);
}

}  // namespace
}  // namespace yima::server::testing
