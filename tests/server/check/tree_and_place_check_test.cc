#include <optional>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "server/log/tree_keeper.h"
#include "tests/server/check/check_kit.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The same with a facility whose position is known.
class CheckPlacesTest : public CheckTest {
 protected:
  CheckPlacesTest() {
    v1::Facility placed = Record<v1::Facility>(facility_);
    placed.mutable_position()->set_longitude(112.5);
    placed.mutable_position()->set_latitude(37.5);
    ChangeWriter writer(world_.call("test"), "");
    writer.Replace(facility_, 1, Record<v1::Facility>(facility_), placed);
    Damage(writer.Take());
  }
  void DamagePlace(uint64_t id, std::optional<store::Point> at) {
    store::Change change;
    change.places.push_back({id, at});
    Damage(std::move(change));
  }
};

TEST_F(CheckPlacesTest, APlaceThatFollowsFromItsRecordIsSound) {
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(CheckPlacesTest, FindsAPlaceThatIsMissing) {
  DamagePlace(facility_, std::nullopt);
  EXPECT_THAT(Findings(),
              ElementsAre(fmt::format("facility {} is not found at its place", facility_)));
}

TEST_F(CheckPlacesTest, FindsAPlaceThatIsAnother) {
  DamagePlace(facility_, store::Point{112.5, 37.6});
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("found at 112.50000, 37.60000")));
}

TEST_F(CheckPlacesTest, FindsAPlaceOfNoFacility) {
  DamagePlace(77, store::Point{1, 1});
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("facility 77 is found at 1.00000, 1.00000")));
}

/// The same with a log whose tree is signed.
class CheckTreeTest : public CheckTest {
 protected:
  CheckTreeTest() {
    for (uint32_t number = 2; number < 300; ++number) world_.AddFacility(number, bureau_);
    EXPECT_TRUE(TreeKeeper(world_.domain()).Grow());
    EXPECT_THAT(Findings(), IsEmpty());
  }
  void PutStored(store::Kind kind, uint64_t id, std::string bytes) {
    const auto stored = *world_.Read()->Get(kind, id);
    store::Change change;
    change.puts.push_back({kind, id, stored ? stored->revision : 0, std::move(bytes), {}});
    Damage(std::move(change));
  }
  std::string Stored(store::Kind kind, uint64_t id) {
    return (*world_.Read()->Get(kind, id))->bytes;
  }
};

TEST_F(CheckTreeTest, ATileThatIsNotOfTheEntriesIsFound) {
  std::string tile = Stored(store::Kind::kTreeTile, 1);
  tile[10'000] ^= 1;
  PutStored(store::Kind::kTreeTile, 1, tile);
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("tile/0/000 of the log's tree is not what")));
}

TEST_F(CheckTreeTest, ATileTooManyIsFound) {
  PutStored(store::Kind::kTreeTile, 1000, "one more");
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("tiles of the log's tree are stored, want")));
}

TEST_F(CheckTreeTest, ACheckpointOfAnotherRootIsFound) {
  TreeHead head = *world_.domain().tree->head();
  head.checkpoint.root = HashLeaf("another");
  head.note = head.checkpoint.Sign(*world_.keys().All(KeyKind::kLog)[0]).ToString();
  PutStored(store::Kind::kTreeHead, 1, head.Serialize());
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("is not theirs")));
}

TEST_F(CheckTreeTest, ACheckpointOfAnotherKeyIsFound) {
  TreeHead head = *world_.domain().tree->head();
  head.note = head.checkpoint.Sign(SigningKey::Generate()).ToString();
  PutStored(store::Kind::kTreeHead, 1, head.Serialize());
  EXPECT_THAT(Findings(),
              ElementsAre(HasSubstr("not signed by a key that the registry publishes")));
}

TEST_F(CheckTreeTest, AHeadThatDoesNotParseIsFound) {
  PutStored(store::Kind::kTreeHead, 1, "nothing");
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("head of the log's tree does not parse")));
}

}  // namespace
}  // namespace yima::server::testing
