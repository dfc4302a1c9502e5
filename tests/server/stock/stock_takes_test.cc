#include "server/stock/stock_takes.h"

#include <gmock/gmock.h>

#include "tests/server/stock/counting.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;

class StockTakesTest : public StockTest {
 protected:
  Result<v1::GetStockTakeResponse> Of(uint64_t id) {
    v1::GetStockTakeRequest request;
    request.set_stock_take(id);
    return methods_.Unary<v1::GetStockTakeResponse>("StockTakeService/GetStockTake", request);
  }
};

TEST_F(StockTakesTest, FreezesWhatTheFilterFinds) {
  const auto id = Start();
  ASSERT_TRUE(id) << id.error().message;
  world_.AddFacility(9, bureau_);
  const auto stock_take = Of(*id)->stock_take();
  EXPECT_EQ(stock_take.expected(), 3u);
  EXPECT_EQ(stock_take.source(), "class 01001");
  EXPECT_EQ(stock_take.wrong_place_metres(), 100u);
  EXPECT_EQ(stock_take.state(), v1::STOCK_TAKE_STATE_OPEN);
  EXPECT_EQ(Of(*id)->findings(), 0u);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(StockTakesTest, TheSameRequestAgainIsTheSameStockTake) {
  const auto id = Start();
  const std::string state = world_.State();
  EXPECT_EQ(*Start(), *id);
  EXPECT_EQ(world_.State(), state);
  EXPECT_EQ(RefusalOf(Start("start-1", 50)).reason, "REQUEST_ID_REUSED");
  EXPECT_NE(*Start("start-2"), *id);
}

TEST_F(StockTakesTest, RefusesWhatIsNoneAndChangesNothing) {
  RefusesUnchanged(world_, [&] { return Start("a", 0, "02001"); },
                   {StatusCode::kFailedPrecondition, "NOTHING_EXPECTED", "filter"});
  RefusesUnchanged(world_, [&] { return Start("b", 100'001); },
                   {StatusCode::kInvalidArgument, "DISTANCE_OUT_OF_RANGE", "wrong_place_metres"});
  RefusesUnchanged(world_, [&] { return Start(""); },
                   {StatusCode::kInvalidArgument, "REQUEST_ID_MISSING", "request_id"});
  const Refusal unknown{StatusCode::kNotFound, "STOCK_TAKE_NOT_FOUND", "stock_take"};
  RefusesUnchanged(
      world_, [&] { return End(999); }, unknown);
  EXPECT_EQ(RefusalOf(Of(999)), unknown);
}

TEST_F(StockTakesTest, EndingTwiceIsTheSame) {
  const uint64_t id = *Start();
  EXPECT_EQ(End(id)->stock_take().state(), v1::STOCK_TAKE_STATE_ENDED);
  const std::string state = world_.State();
  EXPECT_TRUE(End(id, "end-1"));
  EXPECT_TRUE(End(id, "end-2"));
  EXPECT_EQ(world_.State(), state);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(StockTakesTest, ExpectsNothingBeyondTheReachAndIsEndedByWhoBeganIt) {
  const uint64_t others = *Start();
  BeBounded("140521", "7");
  EXPECT_EQ(RefusalOf(Start("a")).reason, "NOTHING_EXPECTED");
  EXPECT_EQ(RefusalOf(End(others)),
            (Refusal{StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "stock_take"}));
  BeBounded("140502", "7");
  const uint64_t own = *Start("b");
  EXPECT_TRUE(End(own));
}

TEST_F(StockTakesTest, AreListedNewestFirst) {
  const uint64_t first = *Start("a");
  const uint64_t second = *Start("b");
  v1::ListStockTakesRequest request;
  request.set_page_size(1);
  const auto list = [&] {
    return *methods_.Unary<v1::ListStockTakesResponse>("StockTakeService/ListStockTakes", request);
  };
  EXPECT_EQ(list().stock_takes(0).id(), second);
  request.set_page_token(list().next_page_token());
  EXPECT_EQ(list().stock_takes(0).id(), first);
  EXPECT_EQ(list().next_page_token(), "");
}

}  // namespace
}  // namespace yima::server::testing
