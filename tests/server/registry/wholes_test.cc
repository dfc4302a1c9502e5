// Parts and wholes where more than one change meets: at one moment, or within one batch.
#include "server/registry/wholes.h"

#include <algorithm>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/registry/facility_update.h"
#include "tests/server/findings.h"
#include "tests/server/plates.h"
#include "tests/server/unchanged.h"
#include "tests/server/watched_store.h"
#include "tests/store/store_kit.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;
constexpr auto kFailed = StatusCode::kFailedPrecondition;

class MeetingChangesTest : public ::testing::Test {
 protected:
  explicit MeetingChangesTest(std::unique_ptr<store::Store> over = store::OpenMemoryStore())
      : store_(new WatchedStore(std::move(over))) {}

  v1::UpdateFacilityRequest Into(uint64_t part, uint64_t whole) {
    v1::UpdateFacilityRequest request;
    request.set_request_id(fmt::format("into-{}-{}", part, whole));
    request.mutable_facility()->set_uid(part);
    request.mutable_facility()->set_parent(whole);
    request.add_update_mask("parent");
    return request;
  }
  Result<v1::UpdateFacilityResponse> PutInto(uint64_t part, uint64_t whole) {
    return methods_.Unary<v1::UpdateFacilityResponse>("RegistryService/UpdateFacility",
                                                      Into(part, whole));
  }
  uint64_t Add() { return world_.AddFacility(++number_, bureau_); }
  /// A row of n facilities, each a part of the one before.
  std::vector<uint64_t> Stack(int n) {
    std::vector<uint64_t> stack;
    for (int i = 0; i < n; ++i) {
      stack.push_back(Add());
      if (i > 0) {
        EXPECT_TRUE(PutInto(stack[i], stack[i - 1]));
      }
    }
    return stack;
  }
  void Scrap(uint64_t uid) {
    ASSERT_TRUE(Edit<v1::Facility>(world_, uid, [](auto& f) { f.set_life(v1::LIFE_SCRAPPED); }));
  }
  Result<v1::RetireFacilityResponse> Retire(uint64_t uid) {
    v1::RetireFacilityRequest request;
    request.set_request_id(fmt::format("retire-{}", uid));
    request.set_facility(uid);
    request.set_date("2026-11-24");
    request.mutable_basis()->set_kind("报废单");
    request.mutable_basis()->set_number("1");
    return methods_.Unary<v1::RetireFacilityResponse>("RegistryService/RetireFacility", request);
  }
  /// The part is put into the whole after the next change was planned, and before it is applied.
  void InThatMoment(uint64_t part, uint64_t whole) {
    store_->before_apply = [this, part, whole, done = false](store::Store& store,
                                                             const store::Change&) mutable {
      if (std::exchange(done, true)) return;
      auto planned = PlanUpdateFacility(world_.domain(), world_.call("test"), Into(part, whole),
                                        *world_.Read());
      ASSERT_TRUE(planned) << planned.error().message;
      EXPECT_TRUE(std::holds_alternative<store::Committed>(
          store::ApplyAndWait(store, std::move(planned->change))));
    };
  }
  v1::EditFacilitiesRequest AllInto(const std::vector<uint64_t>& parts, uint64_t whole) {
    v1::EditFacilitiesRequest request;
    request.set_request_id(fmt::format("all-into-{}", whole));
    for (const uint64_t uid : parts) request.mutable_filter()->add_uids(uid);
    request.mutable_facility()->set_parent(whole);
    request.add_update_mask("parent");
    return request;
  }
  v1::EditFacilitiesResponse EditAll(const v1::EditFacilitiesRequest& request) {
    const auto answers =
        methods_.Stream<v1::EditFacilitiesResponse>("RegistryService/EditFacilities", request);
    EXPECT_TRUE(answers) << answers.error().message;
    return answers ? answers->back() : v1::EditFacilitiesResponse();
  }
  v1::EditFacilitiesResponse WouldEdit(v1::EditFacilitiesRequest request) {
    request.clear_request_id();
    request.set_dry_run(true);
    return EditAll(request);
  }

  WatchedStore* store_;  ///< The world owns it.
  World world_{std::unique_ptr<store::Store>(store_)};
  uint64_t bureau_ = world_.AddOrganization("城管局");
  Methods methods_{world_};
  uint32_t number_ = 0;
};

TEST_F(MeetingChangesTest, AWholeIsNotScrappedBesideAPartThatJoins) {
  const uint64_t whole = Add();
  const uint64_t before = Add();
  ASSERT_TRUE(PutInto(before, whole));
  Scrap(before);
  const uint64_t part = Add();
  InThatMoment(part, whole);
  EXPECT_EQ(RefusalOf(Retire(whole)), (Refusal{kFailed, "FACILITY_HAS_PARTS", "facility"}));
  EXPECT_EQ(world_.Facility(part).parent(), whole);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(MeetingChangesTest, NothingJoinsAWholeThatIsScrappedAtThatMoment) {
  const auto stack = Stack(2);
  Scrap(stack[1]);
  const uint64_t part = Add();
  auto join = PlanUpdateFacility(world_.domain(), world_.call("test"), Into(part, stack[0]),
                                 *world_.Read());
  ASSERT_TRUE(join);
  ASSERT_TRUE(Retire(stack[0]));
  EXPECT_TRUE(std::holds_alternative<store::MovedRecord>(
      store::ApplyAndWait(world_.store(), std::move(join->change))));
  EXPECT_EQ(RefusalOf(PutInto(part, stack[0])),
            (Refusal{kFailed, "PARENT_ENDED", "facility.parent"}));
}

TEST_F(MeetingChangesTest, AStackGrowsNoHigherThanEightAtBothEndsAtOnce) {
  const auto outer = Stack(4);
  const auto inner = Stack(4);
  const uint64_t innermost = Add();
  InThatMoment(innermost, inner[3]);
  EXPECT_EQ(RefusalOf(PutInto(inner[0], outer[3])),
            (Refusal{kFailed, "PARENT_TOO_DEEP", "facility.parent"}));
  EXPECT_EQ(world_.Facility(innermost).parent(), inner[3]);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(MeetingChangesTest, ManyJoinOneWholeAtOnce) {
  constexpr int kThreads = 8;
  constexpr int kEach = 20;
  const uint64_t whole = Stack(2)[1];
  std::vector<uint64_t> parts;
  for (int i = 0; i < kThreads * kEach; ++i) parts.push_back(Add());
  std::vector<std::thread> threads;
  std::atomic<int> put = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) put += PutInto(parts[t * kEach + i], whole) ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(put, kThreads * kEach);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(MeetingChangesTest, PartsOfOneChangeCountOnceForEachWholeAboveThem) {
  const uint64_t whole = Stack(3)[2];
  std::vector<uint64_t> parts;
  for (int i = 0; i < 100; ++i) parts.push_back(Add());
  std::vector<size_t> joins;
  store_->before_apply = [&](store::Store&, const store::Change& change) {
    joins.push_back(static_cast<size_t>(std::ranges::count_if(
        change.claims, [](const auto& claim) { return claim.index == store::Index::kJoins; })));
  };
  EXPECT_EQ(EditAll(AllInto(parts, whole)).changed(), 100);
  EXPECT_EQ(std::ranges::max(joins), 3);
}

TEST_F(MeetingChangesTest, WhatLeftAWholeInTheSameBatchIsNoLongerWithinIt) {
  // The part has the lower uid, so that it is dealt with first.
  const uint64_t part = Add();
  const auto within = Stack(5);
  ASSERT_TRUE(PutInto(within[0], part));
  const uint64_t whole = Add();
  ASSERT_TRUE(PutInto(part, whole));
  const uint64_t to = Stack(2)[1];
  const auto request = AllInto({part, whole}, to);
  const auto would = WouldEdit(request);
  const auto done = EditAll(request);
  EXPECT_EQ(done.changed(), 2) << "2 above it, and 6 or 1 high";
  EXPECT_EQ(would.changed(), done.changed());
  EXPECT_EQ(would.refused(), done.refused());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(MeetingChangesTest, WhatABatchMarksAsAWholeIsNotMovedForThat) {
  std::vector<uint64_t> all;
  for (int i = 0; i < 501; ++i) all.push_back(Add());
  const auto request = AllInto(all, all.back());
  const auto would = WouldEdit(request);
  const auto done = EditAll(request);
  EXPECT_EQ(done.changed(), 500);
  EXPECT_EQ(done.refused(), 1) << "into itself";
  EXPECT_EQ(done.moved(), 0);
  EXPECT_EQ(would.changed(), done.changed());
  EXPECT_EQ(would.refused(), done.refused());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(MeetingChangesTest, ShowsPartsThatStandFirst) {
  const uint64_t whole = Add();
  std::vector<uint64_t> parts;
  for (int i = 0; i < 25; ++i) {
    parts.push_back(Add());
    ASSERT_TRUE(PutInto(parts.back(), whole));
    if (i < 22) Scrap(parts.back());
  }
  v1::GetFacilityRequest get;
  get.set_uid(whole);
  const auto found = methods_.Unary<v1::GetFacilityResponse>("RegistryService/GetFacility", get);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->children_size(), 20);
  EXPECT_EQ(found->children(0).uid(), parts[22]);
  EXPECT_EQ(found->children(2).uid(), parts[24]);
  EXPECT_EQ(found->children(3).uid(), parts[0]);
  EXPECT_EQ(found->children(3).life(), v1::LIFE_SCRAPPED);
}

struct Folder {
  store::testing::TempFolder folder;
};

/// In a file, where an index finds what stands under a term.
class LargeWholesTest : Folder, public MeetingChangesTest {
 protected:
  LargeWholesTest() : MeetingChangesTest(store::testing::OpenSqlite(folder.db())) {}
};

TEST_F(LargeWholesTest, WhatHoldsTooManyWholesIsNotMovedAtOnce) {
  const uint64_t whole = Add();
  const uint64_t first = Add();
  ASSERT_TRUE(PutInto(first, whole));
  const v1::Facility part = world_.Facility(first);
  for (uint64_t i = 0; i < 10; ++i) {
    ChangeWriter writer(world_.call("test"), "");
    for (uint64_t j = 0; j < 1000; ++j) {
      v1::Facility inner = part;
      inner.set_uid(uint64_t{1} << 32 | (100'000 + i * 1000 + j));
      inner.clear_codes();
      inner.set_has_parts(true);
      writer.Create(inner.uid(), inner);
    }
    ASSERT_TRUE(Apply(world_, writer));
  }
  const uint64_t outer = Add();
  EXPECT_EQ(RefusalOf(PutInto(whole, outer)),
            (Refusal{kFailed, "PARTS_TOO_MANY", "facility.parent"}));
  ASSERT_TRUE(PutInto(uint64_t{1} << 32 | 100'000, outer));
  EXPECT_TRUE(PutInto(whole, outer)) << "10,000 and itself are one too many, and one has left";
}

}  // namespace
}  // namespace yima::server::testing
