#include "server/check/stock_check.h"

#include <gmock/gmock.h>

#include "server/domain/batch_items.h"
#include "tests/server/stock/counting.h"

namespace yima::server::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A stock-take with a finding, a range of blank plates and sightings, each falsified in one way.
class StockCheckTest : public StockTest {
 protected:
  StockCheckTest() {
    EXPECT_TRUE(Scan(id_, "scan-1", {Text(plates_[0].text)}));
    AddPlate(world_, Serial(10), 0);
    AddPlate(world_, Serial(11), 0);
    range_ = Hand(Serial(1), Serial(10), Serial(11));
    v1::Sightings sightings;
    sightings.set_serial(Serial(1));
    sightings.set_count(2);
    auto* place = sightings.add_places();
    place->set_hour(5);
    place->set_count(2);
    Put(Serial(1), 0, {}, sightings);
    EXPECT_THAT(Findings(world_), IsEmpty());
  }
  v1::BlankRange Hand(uint64_t id, uint64_t first, uint64_t last) {
    v1::BlankRange range;
    range.set_id(id);
    range.set_contractor(bureau_);
    range.set_first(first);
    range.set_last(last);
    range.set_plates(2);
    range.set_state(v1::BLANK_RANGE_STATE_OPEN);
    ChangeWriter writer(world_.call("test"), "");
    writer.Create(id, range);
    EXPECT_TRUE(Apply(world_, writer));
    return range;
  }
  template <typename R>
  void Put(uint64_t id, uint64_t revision, const R& before, const R& after) {
    ChangeWriter writer(world_.call("test"), "");
    writer.ReplaceUnlogged(id, revision, before, after);
    EXPECT_TRUE(Apply(world_, writer));
  }
  /// Rewrites an unlogged record as its rules would.
  template <typename R, typename Change>
  void Falsify(uint64_t id, const Change& change) {
    const auto read = *Get<R>(*world_.Read(), id);
    R after = read->record;
    change(after);
    Put(id, read->revision, read->record, after);
  }
  /// Puts other bytes over a record, past its log entry and what follows from it.
  template <typename R>
  void PutBytes(uint64_t id, const R& record) {
    const auto read = *Get<R>(*world_.Read(), id);
    ChangeWriter writer(world_.call("test"), "");
    writer.Replace(id, read->revision, read->record, read->record);
    store::Change change = writer.Take();
    change.puts[0].bytes = record.SerializeAsString();
    EXPECT_TRUE(Settled(store::ApplyAndWait(world_.store(), std::move(change))));
  }
  uint64_t FindingId() const {
    uint64_t found = 0;
    EXPECT_TRUE(world_.Read()->Scan(store::Kind::kStockFinding, 0, {},
                                    [&](uint64_t id, uint64_t, std::string_view) {
                                      found = id;
                                      return false;
                                    }));
    return found;
  }

  const uint64_t id_ = *Start();
  v1::BlankRange range_;
};

TEST_F(StockCheckTest, ARecordThatIsNotAsTheLogSaysIsFound) {
  auto stock_take = (*Get<v1::StockTake>(*world_.Read(), id_))->record;
  stock_take.set_wrong_place_metres(5000);
  PutBytes(id_, stock_take);
  range_.set_plates(1);
  PutBytes(range_.id(), range_);
  EXPECT_THAT(Findings(world_),
              ElementsAre(AllOf(HasSubstr("range of blank plates"), HasSubstr("differs")),
                          AllOf(HasSubstr("stock-take"), HasSubstr("differs"))));
}

TEST_F(StockCheckTest, AListThatIsNotTheFrozenOneIsFound) {
  store::Change change;
  BatchItem item;
  item.facility = facilities_[3];
  item.revision = 1;
  change.puts.push_back(
      {store::Kind::kBatchItems, BatchItemsId(id_, 0), 1, EncodeItems({item}), {}});
  ASSERT_TRUE(Settled(store::ApplyAndWait(world_.store(), std::move(change))));
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("has a list of 1, but counts 3"),
                                            HasSubstr("does not have the hash that it says")));
}

TEST_F(StockCheckTest, OpenRangesThatOverlapAreFound) {
  Hand(Serial(2), Serial(11), Serial(11));
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("4294967297 and 4294967298 overlap")));
}

TEST_F(StockCheckTest, ARangeOfNothingIsFound) {
  Hand(Serial(2), Serial(50), Serial(40));
  EXPECT_THAT(Findings(world_),
              ElementsAre(HasSubstr("names code 4294967346, which has no record"),
                          HasSubstr("names code 4294967336, which has no record"),
                          HasSubstr("holds 2 plates from 4294967346 to 4294967336")));
}

TEST_F(StockCheckTest, AFindingOfWhatThereIsNotIsFound) {
  Falsify<v1::StockFinding>(FindingId(), [](auto& finding) {
    finding.set_facility(4242);
    finding.set_outcome(v1::STOCK_OUTCOME_MISSING);
  });
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("names facility 4242, which has no record"),
                                            HasSubstr("says nothing that could be seen")));
}

TEST_F(StockCheckTest, AFindingThatIsNotFoundUnderItsTermIsFound) {
  store::Change change;
  change.terms.push_back(
      {store::Kind::kStockFinding, StockPlateTerm(id_, Serial(1)), FindingId(), false});
  change.adds.push_back({StockCounter(id_), 1});
  ASSERT_TRUE(Settled(store::ApplyAndWait(world_.store(), std::move(change))));
  EXPECT_THAT(Findings(world_), AllOf(Contains(HasSubstr("is not found under its term")),
                                      Contains(HasSubstr("is 2, but the records make it 1"))));
}

TEST_F(StockCheckTest, SightingsThatDoNotAddUpAreFound) {
  Falsify<v1::Sightings>(Serial(1), [](auto& sightings) { sightings.set_count(1); });
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("count 1, but its places 2")));
}

TEST_F(StockCheckTest, ASuspicionThatDoesNotFollowIsFound) {
  store::Change change;
  change.terms.push_back({store::Kind::kSighting, SuspiciousTerm(), Serial(1), true});
  ASSERT_TRUE(Settled(store::ApplyAndWait(world_.store(), std::move(change))));
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("under term suspicious")));
}

}  // namespace
}  // namespace yima::server::testing
