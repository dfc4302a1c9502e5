#include "server/registry/undo_batch.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/registry/facility_update.h"
#include "tests/server/findings.h"
#include "tests/server/plates.h"
#include "tests/server/unchanged.h"
#include "tests/server/watched_store.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;
constexpr auto kFailed = StatusCode::kFailedPrecondition;
constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

class UndoBatchTest : public ::testing::Test {
 protected:
  using Answers = std::vector<v1::UndoBatchResponse>;

  v1::EditFacilitiesRequest EditOf(const std::vector<std::string>& paths) {
    v1::EditFacilitiesRequest request;
    request.set_request_id(fmt::format("edit-{}", ++requests_));
    request.mutable_filter()->add_class_codes("01001");
    for (const auto& path : paths) request.add_update_mask(path);
    return request;
  }
  uint64_t EditAll(const v1::EditFacilitiesRequest& request) {
    const auto answers =
        methods_.Stream<v1::EditFacilitiesResponse>("RegistryService/EditFacilities", request);
    EXPECT_TRUE(answers) << answers.error().message;
    return answers ? answers->back().batch() : 0;
  }
  uint64_t SetAddress(const std::string& address) {
    auto request = EditOf({"address"});
    request.mutable_facility()->set_address(address);
    return EditAll(request);
  }
  v1::UndoBatchRequest Of(uint64_t batch, std::string request_id = "undo-1") {
    v1::UndoBatchRequest request;
    request.set_request_id(std::move(request_id));
    request.set_batch(batch);
    return request;
  }
  Result<Answers> Undo(
      const v1::UndoBatchRequest& request,
      const std::function<Result<void>(const v1::UndoBatchResponse&)>& on_response = {}) {
    return methods_.Stream<v1::UndoBatchResponse>("RegistryService/UndoBatch", request,
                                                  on_response);
  }
  /// A batch that creates facilities as a ledger's import does, with this many rows.
  uint64_t Import(uint32_t rows) {
    v1::Batch batch;
    batch.set_id(uint64_t{1} << 32 | (900 + ++requests_));
    batch.set_kind(v1::BATCH_KIND_IMPORT);
    batch.set_state(v1::BATCH_STATE_DONE);
    batch.set_principal("local");
    ChangeWriter writer(world_.call("test"), "", batch.id());
    writer.Create(batch.id(), batch);
    for (uint32_t i = 0; i < rows; ++i) {
      v1::Facility facility = world_.Facility(a_);
      facility.set_uid(uint64_t{1} << 32 | (5000 + i));
      facility.mutable_codes(0)->set_digits(fmt::format("14050201001{:06}", 5000 + i));
      auto* external = facility.add_external_codes();
      external->set_namespace_("ledger");
      external->set_value(fmt::format("W-{}", i));
      facility.set_batch(batch.id());
      writer.Create(facility.uid(), facility);
      created_.push_back(facility.uid());
    }
    v1::Batch ended = batch;
    EXPECT_TRUE(Apply(world_, writer));
    ended.set_end_time_us(world_now);
    ChangeWriter end(world_.call("test"), "", batch.id());
    end.Replace(batch.id(), 1, batch, ended);
    EXPECT_TRUE(Apply(world_, end));
    return batch.id();
  }
  static std::string ReasonOf(const Answers& answers, uint64_t uid) {
    for (const auto& answer : answers) {
      for (const auto& one : answer.facilities()) {
        if (one.facility() == uid) return one.reason();
      }
    }
    return "not told";
  }

  v1::UpdateFacilityRequest Into(uint64_t part, uint64_t whole) {
    v1::UpdateFacilityRequest request;
    request.set_request_id(fmt::format("into-{}", ++requests_));
    request.mutable_facility()->set_uid(part);
    request.mutable_facility()->set_parent(whole);
    request.add_update_mask("parent");
    return request;
  }
  void PutInto(uint64_t part, uint64_t whole) {
    const auto put = methods_.Unary<v1::UpdateFacilityResponse>("RegistryService/UpdateFacility",
                                                                Into(part, whole));
    ASSERT_TRUE(put) << put.error().message;
  }
  v1::UndoBatchRequest DryRunOf(uint64_t batch) {
    auto request = Of(batch, "");
    request.set_dry_run(true);
    return request;
  }
  /// Does something once, after a chunk was planned and before it is applied.
  void BeforeAChunk(const std::function<void()>& act) {
    store_->before_apply = [act, done = false](store::Store&, const store::Change& change) mutable {
      if (PutsFacilities(change) && !std::exchange(done, true)) act();
    };
  }
  static std::string ToText(const v1::UndoBatchResponse& last) {
    return fmt::format("{} restored, {} withdrawn, {} unchanged, {} refused, {} moved",
                       last.restored(), last.withdrawn(), last.unchanged(), last.refused(),
                       last.moved());
  }

  WatchedStore* store_ = new WatchedStore;
  World world_{std::unique_ptr<store::Store>(store_)};
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t owner_ = world_.AddOrganization("水务公司");
  uint64_t a_ = world_.AddFacility(1, bureau_);
  uint64_t b_ = world_.AddFacility(2, bureau_, owner_);
  Methods methods_{world_};
  std::vector<uint64_t> created_;
  int requests_ = 0;
};

TEST_F(UndoBatchTest, EditedFacilitiesAreWhatTheyWere) {
  const v1::Facility before = world_.Facility(b_);
  auto request = EditOf({"address", "owning", "class_code", "position"});
  request.mutable_facility()->set_address("黄华街297号");
  request.mutable_facility()->set_class_code("01003");
  request.mutable_facility()->mutable_owning()->set_holder(bureau_);
  request.mutable_facility()->mutable_position()->set_longitude(112);
  request.mutable_facility()->mutable_position()->set_latitude(35);
  const uint64_t batch = EditAll(request);
  EXPECT_EQ(world_.Facility(b_).class_code(), "01003");
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->back().total(), 2);
  EXPECT_EQ(undone->back().restored(), 2);
  EXPECT_EQ(undone->back().refused(), 0);
  v1::Facility after = world_.Facility(b_);
  after.set_update_time_us(before.update_time_us());
  EXPECT_EQ(after.SerializeAsString(), before.SerializeAsString());
  const auto record = (*Get<v1::Batch>(*world_.Read(), undone->back().batch()))->record;
  EXPECT_EQ(record.kind(), v1::BATCH_KIND_UNDO);
  EXPECT_EQ(record.source(), fmt::format("batch {}", batch));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, NothingIsGivenBackToAnOrganizationThatEndedMeanwhile) {
  auto request = EditOf({"owning"});
  request.mutable_facility()->mutable_owning()->set_holder(bureau_);
  const uint64_t batch = EditAll(request);
  ASSERT_TRUE(EndOrganization(world_, owner_));
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->back().refused(), 1);
  EXPECT_EQ(ReasonOf(*undone, b_), "ORGANIZATION_ENDED");
  EXPECT_EQ(world_.Facility(b_).owning().holder(), bureau_);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, CreatedFacilitiesAreWithdrawnAndGiveUpTheirNames) {
  const uint64_t batch = Import(3);
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->back().withdrawn(), 3);
  EXPECT_EQ(undone->back().restored(), 0);
  EXPECT_EQ(world_.Facility(created_[0]).life(), v1::LIFE_WITHDRAWN);
  EXPECT_EQ(*world_.Read()->Holder(store::Index::kExternalCode, ExternalCodeKey("ledger", "W-0")),
            0);
  EXPECT_EQ(
      *world_.Read()->Holder(store::Index::kFacilityCode, FacilityCodeKey(2, "14050201001005000")),
      0);
  v1::ListFacilitiesRequest list;
  list.mutable_filter()->set_batch(batch);
  EXPECT_EQ(methods_.Unary<v1::ListFacilitiesResponse>("RegistryService/ListFacilities", list)
                ->facilities_size(),
            0);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, KeepsWhatOthersBuiltOnAndSaysWhy) {
  const uint64_t batch = Import(5);
  AddPlate(world_, kSerial, created_[0]);
  Edit<v1::Facility>(world_, created_[1], [](auto& facility) { facility.set_address("x"); });
  PutInto(a_, created_[2]);
  const std::string state = world_.State();
  const auto would = Undo(DryRunOf(batch));
  ASSERT_TRUE(would) << would.error().message;
  EXPECT_EQ(world_.State(), state);
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(undone) << undone.error().message;
  for (const auto* answers : {&*would, &*undone}) {
    EXPECT_EQ(answers->back().total(), 5);
    EXPECT_EQ(answers->back().withdrawn(), 2);
    EXPECT_EQ(answers->back().refused(), 3);
    EXPECT_EQ(ReasonOf(*answers, created_[0]), "UNDO_HAS_CODES");
    EXPECT_EQ(ReasonOf(*answers, created_[1]), "UNDO_CHANGED_SINCE");
    EXPECT_EQ(ReasonOf(*answers, created_[2]), "UNDO_HAS_PARTS");
  }
  EXPECT_EQ(world_.Facility(created_[0]).life(), v1::LIFE_IN_USE);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, ValuesThatAreGoneComeBackAsTheirHash) {
  v1::UpdateFacilityRequest update;
  update.set_request_id("remark");
  update.mutable_facility()->set_uid(a_);
  update.add_update_mask("remark");
  update.add_update_mask("personal");
  update.set_remark("张三看见的");
  update.add_personal()->set_name("户主");
  update.mutable_personal(0)->set_value("李四");
  ASSERT_TRUE(methods_.Unary<v1::UpdateFacilityResponse>("RegistryService/UpdateFacility", update));
  const v1::Facility before = world_.Facility(a_);
  auto request = EditOf({"remark", "address"});
  request.set_remark("另一句");
  request.mutable_facility()->set_address("x");
  const auto undone = Undo(Of(EditAll(request)));
  ASSERT_TRUE(undone) << undone.error().message;
  const v1::Facility after = world_.Facility(a_);
  EXPECT_EQ(after.personal(0).value().value(), "李四");
  EXPECT_EQ(after.remark().hash(), before.remark().hash());
  EXPECT_EQ(after.remark().value() + after.remark().salt(), "");
  EXPECT_EQ(ReasonOf(*undone, a_), "PERSONAL_VALUE_GONE");
  EXPECT_EQ(ReasonOf(*undone, b_), "");
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, TheSameRequestGoesOnAndIsAnsweredTheSame) {
  for (uint32_t i = 0; i < 600; ++i) world_.AddFacility(100 + i, bureau_);
  const uint64_t batch = SetAddress("x");
  ASSERT_FALSE(Undo(Of(batch), [](const auto&) -> Result<void> {
    return Fail(StatusCode::kCancelled, "CALL_CANCELLED", "gone");
  }));
  EXPECT_EQ(world_.Facility(a_).address(), "");
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->back().restored(), 602);
  const std::string state = world_.State();
  EXPECT_EQ(Undo(Of(batch))->back().SerializeAsString(), undone->back().SerializeAsString());
  EXPECT_EQ(world_.State(), state);
  // Once more under another id finds that the undoing came after.
  EXPECT_EQ(Undo(Of(batch, "undo-2"))->back().refused(), 602);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, TheLaterOfTwoEditsIsTakenBackFirst) {
  const uint64_t first = SetAddress("first");
  const uint64_t second = SetAddress("second");
  EXPECT_EQ(Undo(Of(first, "undo-first"))->back().refused(), 2);
  EXPECT_EQ(Undo(Of(second, "undo-second"))->back().restored(), 2);
  EXPECT_EQ(world_.Facility(a_).address(), "first");
}

TEST_F(UndoBatchTest, PartsGoBackToTheWholeTheyHad) {
  auto into = EditOf({"parent"});
  into.mutable_filter()->add_uids(b_);
  into.mutable_facility()->set_parent(a_);
  const uint64_t batch = EditAll(into);
  EXPECT_EQ(world_.Facility(b_).parent(), a_);
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->back().restored(), 1);
  EXPECT_EQ(undone->back().unchanged(), 1) << "that it may have parts stays known";
  EXPECT_EQ(world_.Facility(b_).parent(), 0);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, RefusesWhatIsNoImportOrEditOrAnothers) {
  RefusesUnchanged(world_, [&] { return Undo(Of(4242)); },
                   {StatusCode::kNotFound, "BATCH_NOT_FOUND", "batch"});
  const uint64_t batch = SetAddress("x");
  Edit<v1::Batch>(world_, batch, [](auto& record) { record.set_kind(v1::BATCH_KIND_ISSUE); });
  RefusesUnchanged(world_, [&] { return Undo(Of(batch)); },
                   {kFailed, "BATCH_NOT_UNDOABLE", "batch"});
  v1::Grant grant;
  grant.add_divisions("140502");
  Reach reach;
  reach.Add(grant);
  world_.reach = std::make_shared<const Reach>(reach);
  world_.principal = "another";
  RefusesUnchanged(world_, [&] { return Undo(Of(batch)); },
                   {StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "batch"});
}

TEST_F(UndoBatchTest, ThatOthersJoinedItIsNoChangeOfAFacility) {
  const uint64_t batch = SetAddress("x");
  PutInto(world_.AddFacility(3, bureau_), a_);
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->back().restored(), 2);
  EXPECT_EQ(world_.Facility(a_).address(), "");
  EXPECT_TRUE(world_.Facility(a_).has_parts());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, AWholeThatTheBatchOnlyMarkedIsUnchangedWhateverFollowed) {
  auto into = EditOf({"parent"});
  into.mutable_filter()->add_uids(b_);
  into.mutable_facility()->set_parent(a_);
  const uint64_t batch = EditAll(into);
  SetAddress("later");
  SetAddress("later still");
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(ToText(undone->back()), "0 restored, 0 withdrawn, 1 unchanged, 1 refused, 0 moved");
  EXPECT_EQ(ReasonOf(*undone, a_), "");
  EXPECT_EQ(ReasonOf(*undone, b_), "UNDO_CHANGED_SINCE");
}

TEST_F(UndoBatchTest, NoCircleIsMadeWithinAChunk) {
  const uint64_t c = world_.AddFacility(3, bureau_);
  const uint64_t elsewhere = world_.AddFacility(4, bureau_);
  PutInto(a_, b_);
  PutInto(b_, c);
  auto out = EditOf({"parent"});
  out.mutable_filter()->add_uids(a_);
  out.mutable_filter()->add_uids(b_);
  out.mutable_facility()->set_parent(elsewhere);
  const uint64_t batch = EditAll(out);
  PutInto(c, a_);
  const auto would = Undo(DryRunOf(batch));
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(would && undone);
  for (const auto* answers : {&*would, &*undone}) {
    EXPECT_EQ(ReasonOf(*answers, b_), "PARENT_CYCLE") << "a is in b again, and c in a";
    EXPECT_EQ(ToText(answers->back()), ToText(undone->back()));
  }
  EXPECT_EQ(undone->back().restored(), 1);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, APlateBoundAtThatMomentKeepsItsFacility) {
  const uint64_t batch = Import(2);
  BeforeAChunk([&] { AddPlate(world_, kSerial, created_[0]); });
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->back().withdrawn(), 1);
  EXPECT_EQ(ReasonOf(*undone, created_[0]), "UNDO_HAS_CODES");
  EXPECT_EQ(world_.Facility(created_[0]).life(), v1::LIFE_IN_USE);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, APartThatJoinsAtThatMomentKeepsItsWhole) {
  const uint64_t batch = Import(2);
  PutInto(a_, created_[0]);
  PutInto(a_, 0);
  BeforeAChunk([&] {
    auto planned = PlanUpdateFacility(world_.domain(), world_.call("test"), Into(b_, created_[0]),
                                      *world_.Read());
    ASSERT_TRUE(planned) << planned.error().message;
    ASSERT_TRUE(std::holds_alternative<store::Committed>(
        store::ApplyAndWait(world_.store(), std::move(planned->change))));
  });
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->back().withdrawn(), 1);
  EXPECT_EQ(ReasonOf(*undone, created_[0]), "UNDO_HAS_PARTS");
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, NamesGivenUpMayBeTakenAgainAndStayTaken) {
  const uint64_t batch = Import(2);
  const auto would = Undo(DryRunOf(batch));
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(would && undone);
  EXPECT_EQ(ToText(would->back()), ToText(undone->back()));
  v1::CreateFacilityRequest create;
  create.set_request_id("again");
  *create.mutable_facility() = world_.Facility(a_);
  create.mutable_facility()->clear_uid();
  create.mutable_facility()->mutable_codes(0)->set_digits("14050201001005000");
  const auto again =
      methods_.Unary<v1::CreateFacilityResponse>("RegistryService/CreateFacility", create);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(Undo(Of(batch))->back().SerializeAsString(), undone->back().SerializeAsString());
  const auto once_more = Undo(Of(batch, "undo-2"));
  EXPECT_EQ(once_more->back().refused(), 2);
  EXPECT_EQ(
      *world_.Read()->Holder(store::Index::kFacilityCode, FacilityCodeKey(2, "14050201001005000")),
      again->facility().uid());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UndoBatchTest, ABatchLeftHalfWayIsEndedAndTakenBack) {
  for (uint32_t i = 0; i < 600; ++i) world_.AddFacility(100 + i, bureau_);
  auto edit = EditOf({"address"});
  edit.mutable_facility()->set_address("x");
  uint64_t batch = 0;
  const auto broken = methods_.Stream<v1::EditFacilitiesResponse>(
      "RegistryService/EditFacilities", edit,
      [&](const v1::EditFacilitiesResponse& answer) -> Result<void> {
        batch = answer.batch();
        for (const auto& request : {Of(batch), DryRunOf(batch)}) {
          EXPECT_EQ(RefusalOf(Undo(request)), (Refusal{kFailed, "BATCH_RUNNING", "batch"}));
        }
        return Fail(StatusCode::kCancelled, "CALL_CANCELLED", "gone");
      });
  ASSERT_FALSE(broken);
  const auto would = Undo(DryRunOf(batch));
  const auto undone = Undo(Of(batch));
  ASSERT_TRUE(would && undone);
  EXPECT_EQ(undone->back().restored(), 500);
  EXPECT_EQ(ToText(would->back()), ToText(undone->back()));
  EXPECT_EQ(world_.Facility(a_).address(), "");
  const auto record = (*Get<v1::Batch>(*world_.Read(), batch))->record;
  EXPECT_EQ(record.state(), v1::BATCH_STATE_STOPPED);
  EXPECT_EQ(record.counts().done(), 500);
  RefusesUnchanged(world_,
                   [&] {
                     return methods_.Stream<v1::EditFacilitiesResponse>(
                         "RegistryService/EditFacilities", edit);
                   },
                   {kFailed, "BATCH_STOPPED", ""});
  EXPECT_EQ(Undo(Of(batch))->back().SerializeAsString(), undone->back().SerializeAsString());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
