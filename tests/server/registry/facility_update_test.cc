#include "server/registry/facility_update.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/registry/wholes.h"
#include "tests/server/findings.h"
#include "tests/server/plates.h"
#include "tests/server/unchanged.h"

namespace yima::server::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
constexpr auto kInvalid = StatusCode::kInvalidArgument;
constexpr auto kFailed = StatusCode::kFailedPrecondition;
constexpr auto kNotFound = StatusCode::kNotFound;

class UpdateFacilityTest : public ::testing::Test {
 protected:
  v1::UpdateFacilityRequest Of(uint64_t uid, const std::vector<std::string>& paths) {
    v1::UpdateFacilityRequest request;
    request.set_request_id(fmt::format("update-{}", ++requests_));
    request.mutable_facility()->set_uid(uid);
    for (const auto& path : paths) request.add_update_mask(path);
    return request;
  }
  v1::UpdateFacilityRequest Of(const std::vector<std::string>& paths) {
    return Of(facility_, paths);
  }
  Result<v1::UpdateFacilityResponse> Update(const v1::UpdateFacilityRequest& request) {
    return methods_.Unary<v1::UpdateFacilityResponse>("RegistryService/UpdateFacility", request);
  }
  Result<v1::UpdateFacilityResponse> PutInto(uint64_t part, uint64_t whole) {
    auto request = Of(part, {"parent"});
    request.mutable_facility()->set_parent(whole);
    return Update(request);
  }
  void Refuses(const v1::UpdateFacilityRequest& request, const Refusal& refusal) {
    RefusesUnchanged(
        world_, [&] { return Update(request); }, refusal);
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t owner_ = world_.AddOrganization("水务公司");
  uint64_t facility_ = world_.AddFacility(1, bureau_, owner_);
  Methods methods_{world_};
  int requests_ = 0;
};

TEST_F(UpdateFacilityTest, ChangesTheFieldsNamedAndNoOther) {
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](auto& f) { f.set_name("供水井盖"); }));
  auto request = Of({"address", "position", "class_code"});
  auto& given = *request.mutable_facility();
  given.set_address("黄华街297号");
  given.mutable_position()->set_longitude(112.85);
  given.mutable_position()->set_latitude(35.5);
  given.set_class_code("01003");
  given.set_division("110101");
  const auto updated = Update(request);
  ASSERT_TRUE(updated) << updated.error().message;
  const v1::Facility& facility = updated->facility();
  EXPECT_EQ(facility.address(), "黄华街297号");
  EXPECT_EQ(facility.position().latitude(), 35.5);
  EXPECT_EQ(facility.name(), "雨水井盖") << "the class's name goes with the class";
  EXPECT_EQ(facility.division(), "140502");
  EXPECT_EQ(facility.owning().holder(), owner_);
  EXPECT_EQ(facility.update_time_us(), world_now);
  EXPECT_EQ(facility.etag(), "1-3");
  EXPECT_THAT(Findings(world_), IsEmpty());
  request = Of({"position", "address"});
  const auto emptied = Update(request);
  ASSERT_TRUE(emptied) << emptied.error().message;
  EXPECT_FALSE(emptied->facility().has_position());
  EXPECT_EQ(emptied->facility().address(), "");
}

TEST_F(UpdateFacilityTest, ANameThatSomebodyChoseStaysWithAnotherClass) {
  auto request = Of({"class_code"});
  request.mutable_facility()->set_class_code("01003");
  EXPECT_EQ(Update(request)->facility().name(), "上水井盖");
  request = Of({"name"});
  EXPECT_EQ(Update(request)->facility().name(), "雨水井盖");
}

TEST_F(UpdateFacilityTest, EqualValuesWriteNothing) {
  auto request = Of({"name", "owning", "supervising", "codes", "remark", "maintaining", "parent"});
  *request.mutable_facility() = world_.Facility(facility_);
  const uint64_t log = *world_.Read()->LogSize();
  const auto updated = Update(request);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(updated->facility().etag(), "1-1");
  EXPECT_EQ(*world_.Read()->LogSize(), log);
}

TEST_F(UpdateFacilityTest, RefusesAStaleEtag) {
  auto request = Of({"address"});
  request.mutable_facility()->set_address("a");
  request.mutable_facility()->set_etag("1-1");
  ASSERT_TRUE(Update(request));
  request.set_request_id("again");
  request.mutable_facility()->set_address("b");
  Refuses(request, {StatusCode::kAborted, "ETAG_STALE", "facility.etag"});
  request.mutable_facility()->set_etag("1-2");
  EXPECT_TRUE(Update(request));
}

TEST_F(UpdateFacilityTest, NamesThePathThatIsUnknownAndThoseThereAre) {
  for (const char* path :
       {"uid", "etag", "life", "condition", "last_step", "hand_over", "files", "batch",
        "create_time_us", "has_parts", "position.longitude", "colour", "*", ""}) {
    const auto request = Of({"address", path});
    Refuses(request, {kInvalid, "UPDATE_PATH_UNKNOWN", "update_mask[1]"});
    EXPECT_THAT(Update(request).error().message,
                ::testing::AllOf(HasSubstr(fmt::format("\"{}\"", path)), HasSubstr("grid_code")));
  }
  Refuses(Of({}), {kInvalid, "UPDATE_MASK_MISSING", "update_mask"});
}

TEST_F(UpdateFacilityTest, ResultMustBeASoundFacility) {
  const auto refuses = [&](const char* path, const auto& spoil, const Refusal& refusal) {
    auto request = Of({path});
    spoil(*request.mutable_facility());
    Refuses(request, refusal);
  };
  refuses("division", [](auto&) {}, {kInvalid, "DIVISION_MALFORMED", "facility.division"});
  refuses("class_code", [](auto& f) { f.set_class_code("09999"); },
          {kNotFound, "CLASS_UNKNOWN", "facility.class_code"});
  refuses("grid_code", [](auto& f) { f.set_grid_code("1"); },
          {kInvalid, "DIGITS_MALFORMED", "facility.grid_code"});
  refuses("surveyed_on", [](auto& f) { f.set_surveyed_on("2026-02-30"); },
          {kInvalid, "DATE_MALFORMED", "facility.surveyed_on"});
  refuses("position", [](auto& f) { f.mutable_position()->set_longitude(1); },
          {kInvalid, "POSITION_OUT_OF_RANGE", "facility.position"});
  refuses("supervising", [](auto&) {}, {kInvalid, "FIELD_MISSING", "facility.supervising.holder"});
  refuses("owning", [](auto& f) { f.mutable_owning()->set_holder(4242); },
          {kNotFound, "ORGANIZATION_UNKNOWN", "facility.owning.holder"});
  refuses("owning",
          [&](auto& f) {
            f.mutable_owning()->set_holder(bureau_);
            f.mutable_owning()->set_state(v1::RIGHT_STATE_CONFIRMED);
          },
          {kInvalid, "RIGHT_INVALID", "facility.owning"});
  refuses("codes", [](auto& f) { f.add_codes()->set_scheme(2); },
          {kInvalid, "FACILITY_CODE_MALFORMED", "facility.codes[0].digits"});
  refuses("extra",
          [](auto& f) {
            for (int i = 0; i < 16; ++i) {
              auto* extra = f.add_extra();
              extra->set_name(fmt::format("x{}", i));
              extra->set_value(std::string(1000, 'x'));
            }
          },
          {kInvalid, "FACILITY_TOO_LARGE", "facility.extra"});
  Refuses(Of(4242, {"name"}), {kNotFound, "FACILITY_NOT_FOUND", "facility.uid"});
}

TEST_F(UpdateFacilityTest, CodesAreAddedAndNoneIsTakenAway) {
  auto request = Of({"codes", "external_codes"});
  auto* code = request.mutable_facility()->add_codes();
  code->set_scheme(2);
  code->set_digits("14050201001000777");
  auto* external = request.mutable_facility()->add_external_codes();
  external->set_namespace_("lamps");
  external->set_value("7");
  const auto updated = Update(request);
  ASSERT_TRUE(updated) << updated.error().message;
  ASSERT_EQ(updated->facility().codes_size(), 2);
  EXPECT_EQ(updated->facility().codes(1).digits(), "14050201001000777");
  EXPECT_EQ(updated->facility().external_codes_size(), 1);
  // Of another facility they are refused, and of its own no news.
  const uint64_t other = world_.AddFacility(2, bureau_);
  request.mutable_facility()->set_uid(other);
  request.set_request_id("other");
  Refuses(request, {StatusCode::kAlreadyExists, "FACILITY_CODE_TAKEN", "facility.codes[0].digits"});
  request.mutable_facility()->clear_codes();
  Refuses(request,
          {StatusCode::kAlreadyExists, "EXTERNAL_CODE_TAKEN", "facility.external_codes[0].value"});
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UpdateFacilityTest, AnotherHolderIsRecordedAndAConfirmedRightStays) {
  auto request = Of({"owning", "maintaining"});
  request.mutable_facility()->mutable_owning()->set_holder(bureau_);
  request.mutable_facility()->mutable_maintaining()->set_holder(owner_);
  auto updated = Update(request);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(updated->facility().owning().holder(), bureau_);
  EXPECT_EQ(updated->facility().owning().state(), v1::RIGHT_STATE_RECORDED);
  EXPECT_EQ(updated->facility().maintaining().state(), v1::RIGHT_STATE_RECORDED);
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](auto& facility) {
    facility.mutable_owning()->set_state(v1::RIGHT_STATE_CONFIRMED);
    facility.mutable_owning()->mutable_basis()->set_kind("批复");
    facility.mutable_owning()->mutable_basis()->set_number("3号");
  }));
  request = Of({"owning"});
  request.mutable_facility()->mutable_owning()->set_holder(bureau_);
  EXPECT_EQ(Update(request)->facility().owning().state(), v1::RIGHT_STATE_CONFIRMED);
  const Refusal settled{kFailed, "RIGHT_SETTLED", "facility.owning"};
  request.set_request_id("to-another");
  request.mutable_facility()->mutable_owning()->set_holder(owner_);
  Refuses(request, settled);
  request.mutable_facility()->mutable_owning()->set_holder(bureau_);
  request.mutable_facility()->mutable_owning()->set_state(v1::RIGHT_STATE_RECORDED);
  Refuses(request, settled);
  request.mutable_facility()->clear_owning();
  Refuses(request, settled);
  // The whole record as it was read says nothing new.
  *request.mutable_facility() = world_.Facility(facility_);
  EXPECT_TRUE(Update(request));
}

TEST_F(UpdateFacilityTest, TheSameHolderAgainKeepsWhatIsLeftOut) {
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](auto& facility) {
    facility.mutable_owning()->set_valid_from("2020-01-01");
  }));
  auto request = Of({"owning"});
  auto& owning = *request.mutable_facility()->mutable_owning();
  owning.set_holder(owner_);
  owning.set_valid_until("2030-01-01");
  const auto updated = Update(request);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(updated->facility().owning().valid_from(), "2020-01-01");
  EXPECT_EQ(updated->facility().owning().valid_until(), "2030-01-01");
  EXPECT_EQ(updated->facility().owning().state(), v1::RIGHT_STATE_RECORDED);
  request.set_request_id("backwards");
  owning.set_valid_until("2019-01-01");
  Refuses(request, {kInvalid, "RIGHT_INVALID", "facility.owning"});
  request.set_request_id("another");
  owning.set_holder(bureau_);
  EXPECT_EQ(Update(request)->facility().owning().valid_from(), "");
}

TEST_F(UpdateFacilityTest, OwnerCanBeNobodyKnownOrUnknown) {
  auto request = Of({"owning"});
  request.mutable_facility()->mutable_owning()->set_state(v1::RIGHT_STATE_OWNERLESS);
  EXPECT_EQ(Update(request)->facility().owning().state(), v1::RIGHT_STATE_OWNERLESS);
  request = Of({"owning"});
  const auto unknown = Update(request);
  ASSERT_TRUE(unknown) << unknown.error().message;
  EXPECT_FALSE(unknown->facility().has_owning());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UpdateFacilityTest, PersonalValuesAreNotLoggedAndKeepTheirSaltWhenTheyStay) {
  auto request = Of({"remark", "personal"});
  request.set_remark("张三看见的");
  for (const char* name : {"户主", "电话"}) {
    auto* field = request.add_personal();
    field->set_name(name);
    field->set_value("李四");
  }
  ASSERT_TRUE(Update(request));
  const v1::Facility before = world_.Facility(facility_);
  request.set_request_id("again");
  request.mutable_personal(1)->set_value("王五");
  ASSERT_TRUE(Update(request));
  const v1::Facility after = world_.Facility(facility_);
  EXPECT_EQ(after.personal(0).value().salt(), before.personal(0).value().salt());
  EXPECT_EQ(after.personal(1).value().value(), "王五");
  EXPECT_EQ(after.remark().salt(), before.remark().salt());
  ASSERT_TRUE(world_.Read()->ScanLog(0, [](const store::LogRecord& record) {
    for (const char* secret : {"张三", "李四", "王五"}) {
      EXPECT_EQ(record.entry.find(secret), std::string_view::npos);
    }
    return true;
  }));
  request = Of({"remark", "personal"});
  const auto emptied = Update(request);
  EXPECT_FALSE(emptied->facility().has_remark());
  EXPECT_EQ(emptied->facility().personal_size(), 0);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(UpdateFacilityTest, ReachMustCoverItBeforeAndAfter) {
  v1::Grant grant;
  grant.set_role(v1::ROLE_MANAGER);
  grant.add_divisions("140502");
  Reach reach;
  reach.Add(grant);
  world_.reach = std::make_shared<const Reach>(reach);
  auto request = Of({"division"});
  request.mutable_facility()->set_division("140581");
  Refuses(request, {StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "facility"});
  world_.reach = Reach::Everywhere();
  ASSERT_TRUE(Update(request));
  world_.reach = std::make_shared<const Reach>(reach);
  request = Of({"address"});
  Refuses(request, {StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "facility.uid"});
}

TEST_F(UpdateFacilityTest, WhatWasTakenBackIsNotChanged) {
  ASSERT_TRUE(
      Edit<v1::Facility>(world_, facility_, [](auto& f) { f.set_life(v1::LIFE_WITHDRAWN); }));
  Refuses(Of({"address"}), {kFailed, "FACILITY_WITHDRAWN", "facility.uid"});
  EXPECT_THAT(Findings(world_), IsEmpty());
}

class WholesTest : public UpdateFacilityTest {
 protected:
  /// A row of n facilities, each a part of the one before.
  std::vector<uint64_t> Stack(int n) {
    std::vector<uint64_t> stack;
    for (int i = 0; i < n; ++i) {
      stack.push_back(world_.AddFacility(number_++, bureau_));
      if (i == 0) continue;
      const auto put = PutInto(stack[i], stack[i - 1]);
      EXPECT_TRUE(put) << put.error().message;
    }
    return stack;
  }
  uint32_t number_ = 100;
};

TEST_F(WholesTest, APartNamesItsWholeAndTheWholeItsParts) {
  const auto stack = Stack(3);
  v1::GetFacilityRequest get;
  get.set_uid(stack[1]);
  const auto found = methods_.Unary<v1::GetFacilityResponse>("RegistryService/GetFacility", get);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->parent().uid(), stack[0]);
  EXPECT_EQ(found->parent().code().digits(), "14050201001000100");
  ASSERT_EQ(found->children_size(), 1);
  EXPECT_EQ(found->children(0).uid(), stack[2]);
  EXPECT_EQ(found->children(0).name(), "上水井盖");
  EXPECT_THAT(Findings(world_), IsEmpty());
  // Taken out again, the whole has none.
  ASSERT_TRUE(PutInto(stack[2], 0));
  EXPECT_EQ(
      methods_.Unary<v1::GetFacilityResponse>("RegistryService/GetFacility", get)->children_size(),
      0);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(WholesTest, ShowsTheFirstTwentyParts) {
  for (uint32_t i = 0; i < 22; ++i) {
    ASSERT_TRUE(PutInto(world_.AddFacility(500 + i, bureau_), facility_));
  }
  v1::GetFacilityRequest get;
  get.set_uid(facility_);
  const auto found = methods_.Unary<v1::GetFacilityResponse>("RegistryService/GetFacility", get);
  EXPECT_EQ(found->children_size(), 20);
  EXPECT_EQ(found->children(0).code().digits(), "14050201001000500");
}

TEST_F(WholesTest, RefusesCirclesAndTooManyAndWhatIsNotThere) {
  const auto stack = Stack(8);
  const auto refuses = [&](uint64_t part, uint64_t whole, const Refusal& refusal) {
    RefusesUnchanged(
        world_, [&] { return PutInto(part, whole); }, refusal);
  };
  refuses(stack[0], stack[0], {kFailed, "PARENT_CYCLE", "facility.parent"});
  refuses(stack[0], stack[7], {kFailed, "PARENT_CYCLE", "facility.parent"});
  refuses(stack[3], stack[5], {kFailed, "PARENT_CYCLE", "facility.parent"});
  refuses(facility_, stack[7], {kFailed, "PARENT_TOO_DEEP", "facility.parent"});
  // What is within the part counts as well as what is around the whole.
  refuses(stack[0], facility_, {kFailed, "PARENT_TOO_DEEP", "facility.parent"});
  ASSERT_TRUE(PutInto(stack[4], 0));
  ASSERT_TRUE(PutInto(facility_, stack[3]));
  refuses(stack[4], facility_, {kFailed, "PARENT_TOO_DEEP", "facility.parent"});
  ASSERT_TRUE(PutInto(stack[4], stack[3]));
  refuses(facility_, 4242, {kNotFound, "PARENT_UNKNOWN", "facility.parent"});
  ASSERT_TRUE(Edit<v1::Facility>(world_, stack[7], [](auto& f) { f.set_life(v1::LIFE_SCRAPPED); }));
  refuses(facility_, stack[7], {kFailed, "PARENT_ENDED", "facility.parent"});
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(WholesTest, TwoChangesPlannedAtOneMomentMakeNoCircle) {
  const uint64_t other = world_.AddFacility(2, bureau_);
  const auto plan = [&](uint64_t part, uint64_t whole) {
    auto request = Of(part, {"parent"});
    request.mutable_facility()->set_parent(whole);
    return PlanUpdateFacility(world_.domain(), world_.call("test"), request, *world_.Read());
  };
  auto first = plan(facility_, other);
  auto second = plan(other, facility_);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(std::holds_alternative<store::Committed>(
      store::ApplyAndWait(world_.store(), std::move(first->change))));
  EXPECT_TRUE(std::holds_alternative<store::MovedRecord>(
      store::ApplyAndWait(world_.store(), std::move(second->change))));
  EXPECT_EQ(plan(other, facility_).error().reason, "PARENT_CYCLE");
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(WholesTest, AWholeOutsideOfReachIsRefused) {
  const uint64_t elsewhere = world_.AddFacility(2, bureau_);
  ASSERT_TRUE(Edit<v1::Facility>(world_, elsewhere, [](auto& f) { f.set_division("140581"); }));
  v1::Grant grant;
  grant.add_divisions("140502");
  Reach reach;
  reach.Add(grant);
  world_.reach = std::make_shared<const Reach>(reach);
  RefusesUnchanged(world_, [&] { return PutInto(facility_, elsewhere); },
                   {StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "facility.parent"});
}

TEST_F(WholesTest, PartsAreCreatedWithTheirWhole) {
  v1::BatchCreateFacilitiesRequest batch;
  batch.set_request_id("batch-1");
  for (int i = 0; i < 2; ++i) {
    auto& facility = *batch.add_requests()->mutable_facility();
    facility = world_.Facility(facility_);
    facility.clear_uid();
    facility.clear_create_time_us();
    facility.clear_update_time_us();
    facility.mutable_codes(0)->set_digits(fmt::format("1405020100100080{}", i));
    facility.set_parent(facility_);
  }
  const auto created = methods_.Unary<v1::BatchCreateFacilitiesResponse>(
      "RegistryService/BatchCreateFacilities", batch);
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_TRUE(world_.Facility(facility_).has_parts());
  v1::ListFacilitiesRequest list;
  list.mutable_filter()->set_parent(facility_);
  EXPECT_EQ(methods_.Unary<v1::ListFacilitiesResponse>("RegistryService/ListFacilities", list)
                ->facilities_size(),
            2);
  EXPECT_THAT(Findings(world_), IsEmpty());
  batch.set_request_id("batch-2");
  batch.mutable_requests(1)->mutable_facility()->set_parent(4242);
  for (auto& one : *batch.mutable_requests()) {
    one.mutable_facility()->mutable_codes(0)->mutable_digits()->back() += 4;
  }
  RefusesUnchanged(world_,
                   [&] {
                     return methods_.Unary<v1::BatchCreateFacilitiesResponse>(
                         "RegistryService/BatchCreateFacilities", batch);
                   },
                   {kNotFound, "PARENT_UNKNOWN", "requests[1].facility.parent"});
}

TEST_F(WholesTest, ResolvingShowsBothAndNothingOfFacilitiesWithNeither) {
  const auto stack = Stack(3);
  constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;
  const Plate plate = AddPlate(world_, kSerial, stack[1]);
  const Plate alone = AddPlate(world_, kSerial + 1, facility_);
  v1::ResolveRequest resolve;
  resolve.set_text(plate.text);
  for (const bool inside : {true, false}) {
    world_.reach = inside ? Reach::Everywhere() : std::make_shared<const Reach>();
    const auto found = methods_.Unary<v1::ResolveResponse>("ResolverService/Resolve", resolve);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->parent().uid(), stack[0]);
    ASSERT_EQ(found->children_size(), 1);
    EXPECT_EQ(found->children(0).uid(), stack[2]);
    EXPECT_EQ(found->facility().parent(), stack[0]);
    v1::LookupRequest lookup;
    lookup.set_short_number("00040-00001-8");
    const auto looked_up = methods_.Unary<v1::LookupResponse>("ResolverService/Lookup", lookup);
    EXPECT_EQ(looked_up->parent().uid(), stack[0]);
    EXPECT_EQ(looked_up->children_size(), 1);
  }
  resolve.set_text(alone.text);
  const auto neither = methods_.Unary<v1::ResolveResponse>("ResolverService/Resolve", resolve);
  EXPECT_FALSE(neither->has_parent());
  EXPECT_EQ(neither->children_size(), 0);
}

}  // namespace
}  // namespace yima::server::testing
