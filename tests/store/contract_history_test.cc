// What every store keeps of the histories of records and of the places of facilities.
#include <algorithm>
#include <cmath>

#include "tests/store/contract.h"
#include "tests/store/dump.h"

namespace yima::store::testing {
namespace {

using Ids = std::vector<uint64_t>;

class StoreHistoryContract : public StoreContract {
 protected:
  using Indexes = std::vector<uint64_t>;
  Indexes History(Kind kind, uint64_t id, uint64_t before = UINT64_MAX, size_t count_max = 1000) {
    Indexes indexes;
    EXPECT_TRUE(Read()->ScanHistory(kind, id, before, [&](const LogRecord& record) {
      indexes.push_back(record.index);
      return indexes.size() < count_max;
    }));
    return indexes;
  }
};

TEST_P(StoreHistoryContract, EntriesOfARecordAreVisitedNewestFirst) {
  As<Committed>(Apply(Putting(PutFacility(1, 0, "a"))));
  As<Committed>(Apply(Putting(PutFacility(2, 0, "b"))));
  Change both;
  both.puts = {PutFacility(2, 1, "c"), PutFacility(1, 1, "d")};
  As<Committed>(Apply(both));
  As<Committed>(Apply(Putting(PutFacility(1, 2, "e"))));
  EXPECT_EQ(History(Kind::kFacility, 1), (Indexes{4, 3, 0}));
  EXPECT_EQ(History(Kind::kFacility, 2), (Indexes{2, 1}));
  EXPECT_EQ(History(Kind::kFacility, 1, 4), (Indexes{3, 0}));
  EXPECT_EQ(History(Kind::kFacility, 1, 0), Indexes{});
  EXPECT_EQ(History(Kind::kFacility, 1, UINT64_MAX, 2), (Indexes{4, 3}));
  EXPECT_EQ(History(Kind::kFacility, 3), Indexes{});
  EXPECT_EQ(History(Kind::kCode, 1), Indexes{});
}

TEST_P(StoreHistoryContract, RefusedChangesAreInNoHistory) {
  As<Committed>(Apply(Putting(PutFacility(1, 0, "a"))));
  As<MovedRecord>(Apply(Putting(PutFacility(1, 0, "b"))));
  As<Committed>(Apply(Putting(PutFacility(1, 1, "c"))));
  EXPECT_EQ(History(Kind::kFacility, 1), (Indexes{1, 0}));
}

TEST_P(StoreHistoryContract, UnloggedRecordsHaveNone) {
  Change change;
  change.puts = {{Kind::kNote, 1, 0, "note", {}}};
  As<Committed>(Apply(change));
  EXPECT_EQ(History(Kind::kNote, 1), Indexes{});
  EXPECT_TRUE(Read()->ScanLastEntries(Kind::kNote, [](uint64_t, uint64_t) {
    ADD_FAILURE();
    return true;
  }));
}

TEST_P(StoreHistoryContract, LinkingWhatIsLinkedChangesNothing) {
  As<Committed>(Apply(Putting(PutFacility(1, 0, "a"))));
  As<Committed>(Apply(Putting(PutFacility(1, 1, "b"))));
  const auto before = Dump(*Read(), {});
  ASSERT_TRUE(store_->LinkHistory({{0, Kind::kFacility, 1}, {1, Kind::kFacility, 1}}));
  EXPECT_EQ(Dump(*Read(), {}), before);
}

class StorePlacesContract : public StoreContract {
 protected:
  void Put(uint64_t id, std::optional<Point> at) {
    Change change;
    change.places = {{id, at}};
    As<Committed>(Apply(std::move(change)));
  }
  std::vector<uint64_t> In(const Box& box) {
    std::vector<uint64_t> ids;
    EXPECT_TRUE(Read()->ScanPlaces(box, [&](uint64_t id, const Box& around) {
      EXPECT_LT(around.east - around.west, 1e-4);
      EXPECT_LT(around.north - around.south, 1e-4);
      ids.push_back(id);
      return true;
    }));
    std::ranges::sort(ids);
    return ids;
  }
};

TEST_P(StorePlacesContract, FindsWhatLiesInABoxOnItsEdgesToo) {
  Put(1, Point{112.5, 37.5});
  Put(2, Point{112.6, 37.6});
  Put(3, Point{113.5, 37.5});
  EXPECT_EQ(In({112.5, 37.5, 112.6, 37.6}), (Ids{1, 2}));
  EXPECT_EQ(In({112.51, 37.5, 112.59, 37.6}), Ids{});
  EXPECT_EQ(In({}), (Ids{1, 2, 3}));
}

TEST_P(StorePlacesContract, TheBoxAroundHoldsTheExactPlace) {
  const Point at{112.123456789, 37.987654321};
  Put(1, at);
  int visits = 0;
  EXPECT_TRUE(Read()->ScanPlaces({}, [&](uint64_t, const Box& around) {
    EXPECT_LE(around.west, at.longitude);
    EXPECT_GE(around.east, at.longitude);
    EXPECT_LE(around.south, at.latitude);
    EXPECT_GE(around.north, at.latitude);
    return ++visits < 10;
  }));
  EXPECT_EQ(visits, 1);
}

TEST_P(StorePlacesContract, AFacilityThatMovedIsFoundAtItsNewPlaceAlone) {
  Put(1, Point{112.5, 37.5});
  Put(1, Point{-112.5, -37.5});
  EXPECT_EQ(In({112, 37, 113, 38}), Ids{});
  EXPECT_EQ(In({-113, -38, -112, -37}), Ids{1});
  Put(1, std::nullopt);
  Put(1, std::nullopt);
  EXPECT_EQ(In({}), Ids{});
}

TEST_P(StorePlacesContract, TheEndsOfTheEarthArePlaces) {
  Put(1, Point{180, 90});
  Put(2, Point{-180, -90});
  EXPECT_EQ(In({180, 90, 180, 90}), Ids{1});
  EXPECT_EQ(In({-180, -90, -180, -90}), Ids{2});
}

TEST_P(StorePlacesContract, PlacesThatAreNoneAreRefused) {
  for (const Point at : {Point{180.1, 0}, Point{0, -90.1}, Point{std::nan(""), 0}}) {
    Change change;
    change.places = {{1, at}};
    EXPECT_EQ(ReasonOf(Apply(change)), "CHANGE_MALFORMED");
  }
  Change nobody;
  nobody.places = {{0, Point{1, 1}}};
  EXPECT_EQ(ReasonOf(Apply(nobody)), "CHANGE_MALFORMED");
  EXPECT_EQ(In({}), Ids{});
}

TEST_P(StorePlacesContract, AChangeThatIsRefusedLeavesNoPlace) {
  As<Committed>(Apply(Putting(PutFacility(1, 0, "a"))));
  Change change = Putting(PutFacility(1, 0, "b"));
  change.places = {{1, Point{1, 1}}};
  As<MovedRecord>(Apply(change));
  EXPECT_EQ(In({}), Ids{});
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreHistoryContract,
                         ::testing::Values(StoreType::kSqlite, StoreType::kMemory), StoreTypeName);
INSTANTIATE_TEST_SUITE_P(Stores, StorePlacesContract,
                         ::testing::Values(StoreType::kSqlite, StoreType::kMemory), StoreTypeName);

}  // namespace
}  // namespace yima::store::testing
