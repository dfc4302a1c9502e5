#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <utility>

#include "server/domain/batch_items.h"
#include "server/domain/entry_view.h"
#include "tests/server/plates.h"
#include "tests/server/rights/procedure.h"
#include "tests/server/watched_store.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;

constexpr uint32_t kMany = 8 * kBatchChunk;

/// Batches of rights of which several changes are planned before the first is durable.
class UnderWayTest : public ProcedureTest {
 protected:
  UnderWayTest() : UnderWayTest(new WatchedStore(MemoryStore())) {}

  void AddMany() {
    for (uint32_t number = 2; number <= kMany; ++number) {
      world_.AddFacility(number, bureau_, water_);
    }
  }
  uint64_t ClaimAll() {
    As(water_manager_, kManagers);
    const auto answers = Claim(ClaimOf(water_));
    EXPECT_TRUE(answers) << answers.error().message;
    return answers ? answers->back().progress().rights() : 0;
  }
  /// Another writer changes facilities before the n-th change that puts any is applied: those, or
  /// else the first one that it puts.
  void MoveBeforeChange(int n, const std::vector<uint64_t>& those = {}) {
    store_->before_apply = [this, n, those, seen = 0](store::Store& store,
                                                      const store::Change& change) mutable {
      if (!PutsFacilities(change) || ++seen != n) return;
      const auto put = std::ranges::find(change.puts, store::Kind::kFacility, &store::Put::kind);
      moved_ = put->id;
      for (const uint64_t uid : those.empty() ? std::vector<uint64_t>{put->id} : those) {
        const auto read = *Get<v1::Facility>(*store.Read(), uid);
        v1::Facility after = read->record;
        after.set_address("moved");
        ChangeWriter writer(world_.call("test"), "");
        writer.Replace(uid, read->revision, read->record, after);
        store::ApplyAndWait(store, *writer.Take(*store.Read()));
      }
    };
  }
  /// As lists have them.
  std::vector<uint64_t> AllFacilities() {
    std::vector<uint64_t> all;
    EXPECT_TRUE(world_.Read()->Scan(store::Kind::kFacility, 0, {},
                                    [&](uint64_t uid, uint64_t, std::string_view) {
                                      all.push_back(uid);
                                      return true;
                                    }));
    return all;
  }

  static std::vector<uint64_t> MovedOf(const std::vector<v1::ConfirmClaimsResponse>& answers) {
    std::vector<uint64_t> moved;
    for (const auto& answer : answers) {
      for (const auto& outcome : answer.progress().facilities()) {
        if (outcome.kind() == v1::FACILITY_OUTCOME_KIND_MOVED) moved.push_back(outcome.facility());
      }
    }
    return moved;
  }

  WatchedStore* store_;
  uint64_t moved_ = 0;

 private:
  explicit UnderWayTest(WatchedStore* store)
      : ProcedureTest(std::unique_ptr<store::Store>(store)), store_(store) {}
};

TEST_F(UnderWayTest, EachRightIsClaimedPublishedAndConfirmedOnce) {
  AddMany();
  store_->BeLate();
  EXPECT_EQ(ClaimAll(), kMany);
  const uint64_t notice = Published();
  AfterPeriodOf(notice);
  const auto answers = Confirm(ConfirmOf());
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().progress().rights(), kMany);
  EXPECT_EQ(Record<v1::Notice>(notice).claims(), kMany);
  EXPECT_TRUE(Record<v1::Notice>(notice).decided());
  EXPECT_EQ(*world_.Read()->Counter(NoticeCounter(notice, v1::CLAIM_STATE_CONFIRMED)), kMany);
  EXPECT_EQ(OwnersInState(world_, v1::RIGHT_STATE_CONFIRMED), kMany);
  EXPECT_GT(store_->most_waiting(), 1u);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

/// Two records a facility: a change holds a few less than a list has, and goes on with the next
/// one.
TEST_F(UnderWayTest, NoChangeIsSpentOnTheRestOfAList) {
  AddMany();
  size_t changes = 0;
  store_->on_come = [&](const store::Change& change) { changes += PutsFacilities(change); };
  EXPECT_EQ(ClaimAll(), kMany);
  EXPECT_EQ(changes, kMany / kBatchChunk + 1);
  store_->on_come = nullptr;
}

TEST_F(UnderWayTest, AChangeThatIsRefusedIsPlannedAnewWithThoseBehindIt) {
  AddMany();
  ClaimAll();
  AfterPeriodOf(Published());
  store_->BeLate();
  MoveBeforeChange(3);
  const auto request = ConfirmOf();
  const auto answers = Confirm(request);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().progress().rights(), kMany - 1);
  EXPECT_EQ(answers->back().progress().moved(), 1u);
  EXPECT_EQ(OwnersInState(world_, v1::RIGHT_STATE_CONFIRMED), kMany - 1);
  ASSERT_NE(moved_, 0u);
  EXPECT_EQ(world_.Facility(moved_).owning().state(), v1::RIGHT_STATE_CLAIMED);
  EXPECT_THAT(Findings(world_), IsEmpty());
  const auto again = Confirm(request);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->back().progress().rights(), kMany - 1);
}

/// The second change deals with the end of the first list and most of the second one.
TEST_F(UnderWayTest, AChangeMarksInTwoListsWhatMoved) {
  AddMany();
  ClaimAll();
  AfterPeriodOf(Published());
  const std::vector<uint64_t> all = AllFacilities();
  const std::vector<uint64_t> moved = {all[kBatchChunk - 1], all[kBatchChunk]};
  store_->BeLate();
  MoveBeforeChange(1, moved);
  const auto request = ConfirmOf();
  const auto answers = Confirm(request);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().progress().rights(), kMany - 2);
  EXPECT_EQ(MovedOf(*answers), moved);
  for (const uint64_t uid : moved) {
    EXPECT_EQ(world_.Facility(uid).owning().state(), v1::RIGHT_STATE_CLAIMED);
  }
  EXPECT_THAT(Findings(world_), IsEmpty());
  const auto again = Confirm(request);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(MovedOf(*again), moved);
}

TEST_F(UnderWayTest, AClaimTakesWhatMovedMeanwhile) {
  AddMany();
  store_->BeLate();
  MoveBeforeChange(2);
  EXPECT_EQ(ClaimAll(), kMany);
  EXPECT_EQ(world_.Facility(moved_).owning().claims_size(), 1);
  EXPECT_EQ(world_.Facility(moved_).address(), "moved");
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UnderWayTest, NothingComesAfterADraftWasWithdrawn) {
  AddMany();
  ClaimAll();
  std::atomic<bool> withdraws = false;
  std::promise<void> came;
  store_->on_come = [&](const store::Change& change) {
    const bool puts_batch = std::ranges::any_of(
        change.puts, [](const auto& put) { return put.kind == store::Kind::kBatch; });
    if (puts_batch && withdraws.exchange(false)) came.set_value();
  };
  store_->BeLate();
  AsRegistrar();
  std::thread registrar;
  Result<v1::WithdrawNoticeResponse> withdrawn = v1::WithdrawNoticeResponse();
  const auto answers =
      Publish(PublishOf(), [&](const v1::PublishClaimsResponse& answer) -> Result<void> {
        if (registrar.joinable()) return {};
        v1::WithdrawNoticeRequest request;
        request.set_request_id("withdraw");
        request.set_notice(answer.progress().batch());
        request.set_reason("标题有误");
        withdraws = true;
        registrar = std::thread([&, request] {
          withdrawn =
              methods_.Unary<v1::WithdrawNoticeResponse>("RightsService/WithdrawNotice", request);
          if (withdraws.exchange(false)) came.set_value();
        });
        // It waits for its turn while the rest is planned behind it.
        came.get_future().wait();
        return {};
      });
  ASSERT_TRUE(registrar.joinable()) << answers.error().message;
  registrar.join();
  store_->on_come = nullptr;
  ASSERT_TRUE(withdrawn) << withdrawn.error().message;
  EXPECT_EQ(RefusalOf(answers), (Refusal{kFailed, "BATCH_STOPPED", ""}));
  const uint64_t batch = withdrawn->notice().id();
  bool stopped = false;
  uint64_t listed = 0;
  ASSERT_TRUE(world_.Read()->ScanLog(0, [&](const store::LogRecord& record) {
    const auto entry = ViewEntry(record.entry);
    stopped |= entry->kind == store::Kind::kBatch && entry->method.ends_with("WithdrawNotice");
    const bool lists = entry->batch == batch && entry->kind == store::Kind::kClaim;
    EXPECT_FALSE(lists && stopped);
    if (lists) ++listed;
    return true;
  }));
  EXPECT_TRUE(stopped);
  EXPECT_LT(listed, kMany);
  v1::GetBatchRequest get;
  get.set_batch(batch);
  const auto shown = methods_.Unary<v1::GetBatchResponse>("RegistryService/GetBatch", get);
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_EQ(shown->batch().counts().done(), listed) << "one claim each";
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UnderWayTest, NothingIsGivenToAnOrganizationThatEndsAtThatMomentWithAFacilityThatEnded) {
  EditFacility(facility_, [](auto& facility) { facility.set_life(v1::LIFE_SCRAPPED); });
  store_->before_apply = [this, ended = false](store::Store&, const store::Change& change) mutable {
    if (PutsFacilities(change) && !std::exchange(ended, true)) EndOrganization(world_, power_);
  };
  v1::UpdateFacilityRequest update;
  update.set_request_id("update");
  update.mutable_facility()->set_uid(facility_);
  update.mutable_facility()->mutable_owning()->set_holder(power_);
  update.add_update_mask("owning");
  const auto updated =
      methods_.Unary<v1::UpdateFacilityResponse>("RegistryService/UpdateFacility", update);
  EXPECT_EQ(RefusalOf(updated), (Refusal{kFailed, "ORGANIZATION_ENDED", "facility.owning.holder"}));
  EXPECT_EQ(world_.Facility(facility_).owning().holder(), water_);
}

TEST_F(UnderWayTest, NothingIsCreatedForAnOrganizationThatEndsAtThatMoment) {
  store_->before_apply = [this, ended = false](store::Store&, const store::Change& change) mutable {
    if (PutsFacilities(change) && !std::exchange(ended, true)) EndOrganization(world_, water_);
  };
  v1::CreateFacilityRequest create;
  create.set_request_id("create");
  create.set_assign_code(true);
  create.mutable_facility()->set_division("140502");
  create.mutable_facility()->set_class_code("01001");
  create.mutable_facility()->mutable_supervising()->set_holder(bureau_);
  create.mutable_facility()->mutable_owning()->set_holder(water_);
  const auto created =
      methods_.Unary<v1::CreateFacilityResponse>("RegistryService/CreateFacility", create);
  EXPECT_EQ(RefusalOf(created), (Refusal{kFailed, "ORGANIZATION_ENDED", "facility.owning.holder"}));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
