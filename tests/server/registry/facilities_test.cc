#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/methods.h"
#include "tests/server/registry/facility_request.h"

namespace yima::server::testing {
namespace {

class FacilitiesTest : public ::testing::Test {
 protected:
  Result<v1::CreateFacilityResponse> Create(const v1::CreateFacilityRequest& request) {
    return methods_.Unary<v1::CreateFacilityResponse>("RegistryService/CreateFacility", request);
  }
  Result<v1::BatchCreateFacilitiesResponse> Create(
      const v1::BatchCreateFacilitiesRequest& request) {
    return methods_.Unary<v1::BatchCreateFacilitiesResponse>(
        "RegistryService/BatchCreateFacilities", request);
  }
  Result<v1::GetFacilityResponse> Get(const v1::GetFacilityRequest& request) {
    return methods_.Unary<v1::GetFacilityResponse>("RegistryService/GetFacility", request);
  }
  v1::BatchCreateFacilitiesRequest Batch(int size) const {
    v1::BatchCreateFacilitiesRequest batch;
    batch.set_request_id("batch-1");
    for (int i = 0; i < size; ++i) {
      *batch.add_requests() = FacilityRequest(static_cast<uint32_t>(i + 1), bureau_, "");
    }
    return batch;
  }
  void RefusesUnchanged(const v1::BatchCreateFacilitiesRequest& batch, const Refusal& refusal) {
    const std::string state = world_.State();
    EXPECT_EQ(RefusalOf(Create(batch)), refusal);
    EXPECT_EQ(world_.State(), state);
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  Methods methods_{world_};
};

TEST_F(FacilitiesTest, CreatedFacilityIsCompletedAndFoundByEveryName) {
  auto request = FacilityRequest(1, bureau_);
  auto* external = request.mutable_facility()->add_external_codes();
  external->set_namespace_("province");
  external->set_value("1405020100300000123");
  const auto created = Create(request);
  ASSERT_TRUE(created) << created.error().message;
  const v1::Facility& facility = created->facility();
  EXPECT_EQ(facility.uid() >> 32, 1);
  EXPECT_EQ(facility.name(), "雨水井盖");
  EXPECT_EQ(facility.condition(), v1::CONDITION_INTACT);
  EXPECT_EQ(facility.life(), v1::LIFE_IN_USE);
  EXPECT_EQ(facility.supervising().state(), v1::RIGHT_STATE_RECORDED);
  EXPECT_FALSE(facility.has_owning());
  EXPECT_EQ(facility.create_time_us(), world_now);
  EXPECT_EQ(facility.etag(), "1-1");

  v1::GetFacilityRequest by;
  by.set_uid(facility.uid());
  EXPECT_EQ(Get(by)->facility().uid(), facility.uid());
  *by.mutable_code() = facility.codes(0);
  EXPECT_EQ(Get(by)->facility().uid(), facility.uid());
  *by.mutable_external_code() = *external;
  EXPECT_EQ(Get(by)->facility().uid(), facility.uid());
  EXPECT_EQ(Get(by)->active_code(), 0);
}

TEST_F(FacilitiesTest, OneCreatedFacilityIsOneEntryOfTheLog) {
  const uint64_t log = *world_.Read()->LogSize();
  ASSERT_TRUE(Create(FacilityRequest(1, bureau_)));
  EXPECT_EQ(*world_.Read()->LogSize(), log + 1);
}

TEST_F(FacilitiesTest, NumbersAreGivenOutWhenAskedFor) {
  ASSERT_TRUE(Create(FacilityRequest(1, bureau_)));
  auto request = FacilityRequest(0, bureau_, "create-2");
  request.mutable_facility()->clear_codes();
  request.set_assign_code(true);
  const auto given = Create(request);
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(given->facility().codes(0).scheme(), 2);
  EXPECT_EQ(given->facility().codes(0).digits(), "14050201003000002");
  request.set_request_id("create-3");
  request.mutable_facility()->set_class_code("0101");
  EXPECT_EQ(Create(request)->facility().codes(0).digits(), "1405020101000001");
}

TEST_F(FacilitiesTest, WithheldValuesAreShownByNameAndNeverLogged) {
  auto request = FacilityRequest(1, bureau_);
  request.set_remark("第一行\n第二行\t张三");
  auto* personal = request.add_personal();
  personal->set_name("户主");
  personal->set_value("李四");
  const auto created = Create(request);
  ASSERT_TRUE(created) << created.error().message;
  const auto shows = [](const v1::Facility& facility) {
    EXPECT_EQ(facility.remark().value(), "第一行\n第二行\t张三");
    ASSERT_EQ(facility.personal_size(), 1);
    EXPECT_EQ(facility.personal(0).name(), "户主");
    EXPECT_EQ(facility.personal(0).value().value(), "李四");
    EXPECT_EQ(facility.remark().salt() + facility.remark().hash(), "");
    EXPECT_EQ(facility.personal(0).value().salt() + facility.personal(0).value().hash(), "");
  };
  shows(created->facility());
  v1::GetFacilityRequest get;
  get.set_uid(created->facility().uid());
  shows(Get(get)->facility());
  const auto listed = methods_.Unary<v1::ListFacilitiesResponse>("RegistryService/ListFacilities",
                                                                 v1::ListFacilitiesRequest());
  shows(listed->facilities(0));
  const v1::Facility kept = world_.Facility(created->facility().uid());
  EXPECT_EQ(kept.remark().value(), "第一行\n第二行\t张三");
  EXPECT_EQ(kept.remark().salt().size(), 16);
  EXPECT_EQ(kept.personal(0).value().value(), "李四");
  const auto visit = [](const store::LogRecord& record) {
    EXPECT_EQ(record.entry.find("张三"), std::string_view::npos);
    EXPECT_EQ(record.entry.find("李四"), std::string_view::npos);
    return true;
  };
  ASSERT_TRUE(world_.Read()->ScanLog(0, visit));
}

TEST_F(FacilitiesTest, UnknownNamesAreNotFound) {
  v1::GetFacilityRequest by;
  const Refusal unknown{StatusCode::kNotFound, "FACILITY_NOT_FOUND", "name"};
  by.set_uid(0);
  EXPECT_EQ(RefusalOf(Get(by)), unknown);
  by.set_uid(UINT64_MAX);
  EXPECT_EQ(RefusalOf(Get(by)), unknown);
  by.mutable_code()->set_scheme(2);
  by.mutable_code()->set_digits("14050201003000001");
  EXPECT_EQ(RefusalOf(Get(by)), unknown);
  by.mutable_external_code()->set_namespace_("province");
  by.mutable_external_code()->set_value("1");
  EXPECT_EQ(RefusalOf(Get(by)), unknown);
}

TEST_F(FacilitiesTest, NamesThatCannotBeAreRefused) {
  ASSERT_TRUE(Create(FacilityRequest(1, bureau_)));
  v1::GetFacilityRequest by;
  EXPECT_EQ(RefusalOf(Get(by)), (Refusal{StatusCode::kInvalidArgument, "NAME_MISSING", "name"}));
  by.mutable_code()->set_digits("14050201003000001");
  // 258 is 2 in its last byte; it must not pass for scheme 2.
  for (const uint32_t scheme : {0u, 3u, 119u, 255u, 258u}) {
    by.mutable_code()->set_scheme(scheme);
    EXPECT_EQ(RefusalOf(Get(by)),
              (Refusal{StatusCode::kInvalidArgument, "SCHEME_UNASSIGNED", "code.scheme"}))
        << scheme;
  }
  by.mutable_code()->set_scheme(1);
  EXPECT_EQ(RefusalOf(Get(by)),
            (Refusal{StatusCode::kInvalidArgument, "FACILITY_CODE_MALFORMED", "code.digits"}));
  by.mutable_external_code()->set_value("1");
  EXPECT_EQ(RefusalOf(Get(by)),
            (Refusal{StatusCode::kInvalidArgument, "FIELD_MISSING", "external_code.namespace"}));
}

TEST_F(FacilitiesTest, BatchCreatesAThousandAtOnce) {
  const uint64_t log = *world_.Read()->LogSize();
  const auto created = Create(Batch(1000));
  ASSERT_TRUE(created) << created.error().message;
  ASSERT_EQ(created->facilities_size(), 1000);
  EXPECT_EQ(created->facilities(999).codes(0).digits(), "14050201003001000");
  EXPECT_EQ(*world_.Read()->LogSize(), log + 1000);
}

TEST_F(FacilitiesTest, BatchOfNoneOrOfTooManyIsRefused) {
  const Refusal size{StatusCode::kInvalidArgument, "BATCH_SIZE", "requests"};
  RefusesUnchanged(Batch(0), size);
  RefusesUnchanged(Batch(1001), size);
}

TEST_F(FacilitiesTest, BatchIsAllOrNoneAndNamesThePlace) {
  auto batch = Batch(20);
  batch.mutable_requests(17)->mutable_facility()->set_division("44030");
  RefusesUnchanged(batch, {StatusCode::kInvalidArgument, "DIVISION_MALFORMED",
                           "requests[17].facility.division"});
  batch = Batch(20);
  batch.mutable_requests(17)->set_remark("bell \x07");
  RefusesUnchanged(batch, {StatusCode::kInvalidArgument, "FIELD_NOT_TEXT", "requests[17].remark"});
  batch = Batch(20);
  batch.mutable_requests(17)->set_request_id("mine");
  RefusesUnchanged(batch,
                   {StatusCode::kInvalidArgument, "FIELD_OUTPUT_ONLY", "requests[17].request_id"});
}

TEST_F(FacilitiesTest, BatchWithOneCodeTwiceIsRefused) {
  auto batch = Batch(20);
  *batch.mutable_requests(17)->mutable_facility()->mutable_codes(0) =
      batch.requests(3).facility().codes(0);
  RefusesUnchanged(batch, {StatusCode::kAlreadyExists, "FACILITY_CODE_TAKEN",
                           "requests[17].facility.codes[0].digits"});
}

TEST_F(FacilitiesTest, BatchWithATakenCodeIsRefused) {
  ASSERT_TRUE(Create(FacilityRequest(18, bureau_)));
  RefusesUnchanged(Batch(20), {StatusCode::kAlreadyExists, "FACILITY_CODE_TAKEN",
                               "requests[17].facility.codes[0].digits"});
}

}  // namespace
}  // namespace yima::server::testing
