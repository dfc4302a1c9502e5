#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/domain/batch_items.h"
#include "server/rights/coverage.h"
#include "server/rights/rights_batch.h"
#include "tests/server/findings.h"
#include "tests/server/plates.h"
#include "tests/server/rights/confirm_request.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
constexpr uint64_t kFacilities = 7 * kBatchChunk + 7;

class ConfirmBatchTest : public ::testing::Test {
 protected:
  ConfirmBatchTest() {
    for (uint32_t number = 1; number <= kFacilities; ++number) {
      facilities_.push_back(world_.AddFacility(number, bureau_, number % 3 == 0 ? 0 : owner_));
    }
    request_ = ConfirmRequest();
    request_.mutable_filter()->add_divisions("140502");
  }

  using OnAnswer = std::function<Result<void>(const v1::ConfirmRightsResponse&)>;
  Result<Confirmations> Confirm(
      const OnAnswer& on_answer = {},
      const std::function<bool()>& cancelled = [] { return false; }) {
    return methods_.Stream<v1::ConfirmRightsResponse>("RightsService/ConfirmRights", request_,
                                                      on_answer, cancelled);
  }
  static std::vector<uint64_t> MovedOf(const Confirmations& answers) {
    std::vector<uint64_t> moved;
    for (const auto& answer : answers) {
      moved.insert(moved.end(), answer.moved_facilities().begin(), answer.moved_facilities().end());
    }
    return moved;
  }
  uint64_t CountConfirmed() const {
    uint64_t confirmed = 0;
    EXPECT_TRUE(EachCover(*world_.Read(), [&](const Cover& cover, bool coded, uint64_t count) {
      if (!coded && cover.rights[0].state == v1::RIGHT_STATE_CONFIRMED) confirmed += count;
    }));
    return confirmed;
  }
  /// Another writer changes the last facility once the first chunk is done.
  OnAnswer MoveTheLast() {
    return [this, moved = false](const v1::ConfirmRightsResponse& answer) mutable -> Result<void> {
      if (answer.done() == 0 || std::exchange(moved, true)) return {};
      EXPECT_TRUE(Edit<v1::Facility>(world_, facilities_.back(), [](v1::Facility& facility) {
        facility.set_address("moved");
      }));
      return {};
    };
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t owner_ = world_.AddOrganization("水务公司");
  Methods methods_{world_};
  std::vector<uint64_t> facilities_;
  v1::ConfirmRightsRequest request_;
};

TEST_F(ConfirmBatchTest, ConfirmsAllThatTheFilterFinds) {
  const auto answers = Confirm();
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().total(), kFacilities);
  EXPECT_EQ(answers->back().done(), kFacilities);
  EXPECT_EQ(answers->back().confirmed(), kFacilities);
  EXPECT_EQ(CountConfirmed(), kFacilities);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ConfirmBatchTest, CountsRightsThatNobodyHolds) {
  request_.set_kinds(0, v1::RIGHT_KIND_OWNING);
  const auto answers = Confirm();
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->back().not_held(), kFacilities / 3);
  EXPECT_EQ(answers->back().confirmed(), kFacilities - kFacilities / 3);
}

TEST_F(ConfirmBatchTest, DryRunFreezesWhatTheRunDoes) {
  request_.set_dry_run(true);
  const std::string state = world_.State();
  const auto dry = Confirm();
  ASSERT_TRUE(dry);
  EXPECT_EQ(world_.State(), state);
  EXPECT_EQ(dry->back().confirmed(), kFacilities);
  request_.set_dry_run(false);
  request_.set_frozen_hash(dry->back().frozen_hash());
  const auto run = Confirm();
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->back().frozen_hash(), dry->back().frozen_hash());
  EXPECT_EQ(run->back().confirmed(), kFacilities);
}

TEST_F(ConfirmBatchTest, RunIsRefusedWhenTheFilterFindsSomethingElseByNow) {
  request_.set_dry_run(true);
  const auto dry = Confirm();
  ASSERT_TRUE(dry);
  request_.set_dry_run(false);
  request_.set_frozen_hash(dry->back().frozen_hash());
  const Refusal changed{StatusCode::kFailedPrecondition, "FILTER_RESULT_CHANGED", "frozen_hash"};
  Edit<v1::Facility>(world_, facilities_[3],
                     [](v1::Facility& facility) { facility.set_address("moved"); });
  std::string state = world_.State();
  EXPECT_EQ(RefusalOf(Confirm()), changed);
  EXPECT_EQ(world_.State(), state);
  request_.mutable_filter()->add_class_codes("01003");
  EXPECT_EQ(RefusalOf(Confirm()), changed) << "nothing at all is something else too";
  EXPECT_EQ(world_.State(), state);
}

TEST_F(ConfirmBatchTest, WhatAnotherWriterMovedIsListedAndNotOverwritten) {
  const auto answers = Confirm(MoveTheLast());
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().moved(), 1);
  EXPECT_EQ(answers->back().confirmed(), kFacilities - 1);
  EXPECT_THAT(MovedOf(*answers), ElementsAre(facilities_.back()));
  const v1::Facility moved = world_.Facility(facilities_.back());
  EXPECT_EQ(moved.address(), "moved");
  EXPECT_EQ(moved.supervising().state(), v1::RIGHT_STATE_RECORDED);
  EXPECT_THAT(Findings(world_), IsEmpty());
  // The same request tells the same again, from what it kept.
  const auto again = Confirm();
  ASSERT_TRUE(again);
  EXPECT_THAT(MovedOf(*again), ElementsAre(facilities_.back()));
  EXPECT_EQ(again->back().SerializeAsString(), answers->back().SerializeAsString());
}

TEST_F(ConfirmBatchTest, GoesOnAfterACancellationAtEachChunk) {
  const uint64_t chunks = kFacilities / kBatchChunk + 1;
  for (uint64_t chunk = 1; chunk < chunks; ++chunk) {
    bool stop = false;
    const auto broken = Confirm(
        [&](const v1::ConfirmRightsResponse& answer) -> Result<void> {
          stop = answer.done() >= chunk * kBatchChunk;
          return {};
        },
        [&] { return stop; });
    EXPECT_EQ(RefusalOf(broken), (Refusal{StatusCode::kUnavailable, "CALL_ENDED", ""}));
    EXPECT_GE(CountConfirmed(), chunk * kBatchChunk);
    EXPECT_LE(CountConfirmed(), (chunk + kRightsUnderWayMax) * kBatchChunk) << "what was under way";
  }
  const auto whole = Confirm();
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->back().confirmed(), kFacilities);
  EXPECT_EQ(CountConfirmed(), kFacilities);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ConfirmBatchTest, EndsAtAListThatIsDamaged) {
  uint64_t batch = 0;
  const auto cut = Confirm(
      [&](const v1::ConfirmRightsResponse& answer) -> Result<void> {
        batch = answer.batch();
        return {};
      },
      [&] { return batch != 0; });
  EXPECT_FALSE(cut);
  const uint64_t last = BatchItemsId(batch, kFacilities / kBatchChunk);
  const auto list = *world_.Read()->Get(store::Kind::kBatchItems, last);
  ChangeWriter writer(world_.call("test"), "");
  writer.PutUnlogged(store::Kind::kBatchItems, last, list->revision,
                     list->bytes.substr(0, list->bytes.size() / 2));
  store::ApplyAndWait(world_.store(), writer.Take());
  EXPECT_EQ(RefusalOf(Confirm()), (Refusal{StatusCode::kDataLoss, "RECORD_DAMAGED", ""}));
}

TEST_F(ConfirmBatchTest, BeginsNoBatchThatNobodyWaitsFor) {
  int asked = 0;
  const auto answers = Confirm({}, [&] { return ++asked > 2; });
  EXPECT_EQ(RefusalOf(answers), (Refusal{StatusCode::kUnavailable, "CALL_ENDED", ""}));
  EXPECT_EQ(asked, 4) << "it went on to the end of the list";
  v1::ListBatchesRequest list;
  EXPECT_EQ(
      methods_.Unary<v1::ListBatchesResponse>("RegistryService/ListBatches", list)->batches_size(),
      0);
}

TEST_F(ConfirmBatchTest, GoesOnAfterAClientThatLeft) {
  const auto broken = Confirm([](const v1::ConfirmRightsResponse&) -> Result<void> {
    return Fail(StatusCode::kCancelled, "CALLER_GONE", "gone");
  });
  ASSERT_FALSE(broken);
  const auto whole = Confirm(MoveTheLast());
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->back().confirmed() + whole->back().moved(), kFacilities);
  EXPECT_EQ(CountConfirmed(), whole->back().confirmed());
}

TEST_F(ConfirmBatchTest, FilterThatFindsNothingDoesNothing) {
  request_.mutable_filter()->add_class_codes("01003");
  const std::string state = world_.State();
  const auto answers = Confirm();
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->back().total(), 0);
  EXPECT_EQ(answers->back().batch(), 0);
  EXPECT_EQ(world_.State(), state);
}

TEST_F(ConfirmBatchTest, TwoStreamsOfOneRequestShareItsBatch) {
  Result<Confirmations> answers[2] = {Confirmations(), Confirmations()};
  std::thread other([&] { answers[0] = Confirm(); });
  answers[1] = Confirm();
  other.join();
  for (const auto& each : answers) {
    ASSERT_TRUE(each) << each.error().message;
    EXPECT_EQ(each->back().confirmed(), kFacilities);
    EXPECT_EQ(each->back().moved(), 0);
  }
  EXPECT_EQ(answers[0]->back().batch(), answers[1]->back().batch());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
