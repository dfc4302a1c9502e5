#include "server/registry/undo_batch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/findings.h"
#include "tests/server/plates.h"
#include "tests/server/unchanged.h"

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

  World world_;
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
  v1::UpdateFacilityRequest update;
  update.set_request_id("part");
  update.mutable_facility()->set_uid(a_);
  update.mutable_facility()->set_parent(created_[2]);
  update.add_update_mask("parent");
  ASSERT_TRUE(methods_.Unary<v1::UpdateFacilityResponse>("RegistryService/UpdateFacility", update));
  const std::string state = world_.State();
  auto dry_run = Of(batch, "");
  dry_run.set_dry_run(true);
  const auto would = Undo(dry_run);
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
    // The mark of its first part is a change that another write made.
    EXPECT_EQ(ReasonOf(*answers, created_[2]), "UNDO_CHANGED_SINCE");
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

TEST_F(UndoBatchTest, RefusesWhatIsNoImportOrEditOrNotDoneOrAnothers) {
  RefusesUnchanged(world_, [&] { return Undo(Of(4242)); },
                   {StatusCode::kNotFound, "BATCH_NOT_FOUND", "batch"});
  const uint64_t batch = SetAddress("x");
  Edit<v1::Batch>(world_, batch, [](auto& record) { record.set_state(v1::BATCH_STATE_RUNNING); });
  RefusesUnchanged(world_, [&] { return Undo(Of(batch)); }, {kFailed, "BATCH_RUNNING", "batch"});
  Edit<v1::Batch>(world_, batch, [](auto& record) {
    record.set_state(v1::BATCH_STATE_DONE);
    record.set_kind(v1::BATCH_KIND_ISSUE);
  });
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

}  // namespace
}  // namespace yima::server::testing
