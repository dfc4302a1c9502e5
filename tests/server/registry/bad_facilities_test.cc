#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/methods.h"
#include "tests/server/registry/facility_request.h"

namespace yima::server::testing {
namespace {

using Request = v1::CreateFacilityRequest;
constexpr auto kInvalid = StatusCode::kInvalidArgument;

/// One way in which a request to create a facility is bad.
struct BadFacility {
  const char* name;
  std::function<void(Request&)> spoil;
  Refusal refusal;
};
void PrintTo(const BadFacility& bad, std::ostream* out) { *out << bad.name; }

class BadFacilityTest : public ::testing::TestWithParam<BadFacility> {};

TEST_P(BadFacilityTest, IsRefusedAndWritesNothing) {
  World world;
  Methods methods(world);
  const uint64_t bureau = world.AddOrganization("城管局");
  const auto create = [&](const Request& request) {
    return methods.Unary<v1::CreateFacilityResponse>("RegistryService/CreateFacility", request);
  };
  auto stands = FacilityRequest(9, bureau, "stands");
  auto* external = stands.mutable_facility()->add_external_codes();
  external->set_namespace_("painted");
  external->set_value("9");
  ASSERT_TRUE(create(stands));

  auto request = FacilityRequest(1, bureau);
  GetParam().spoil(request);
  const std::string state = world.State();
  const auto answer = create(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(RefusalOf(answer), GetParam().refusal);
  EXPECT_FALSE(answer.error().message.empty());
  EXPECT_EQ(world.State(), state);
}

v1::Facility& Of(Request& request) { return *request.mutable_facility(); }
std::string Long(size_t characters) {
  std::string text;
  while (characters-- > 0) text += "长";
  return text;
}
void AddExternal(Request& request, std::string name_space, std::string value) {
  auto* code = Of(request).add_external_codes();
  code->set_namespace_(std::move(name_space));
  code->set_value(std::move(value));
}
void AddExtra(Request& request, std::string name, std::string value) {
  auto* extra = Of(request).add_extra();
  extra->set_name(std::move(name));
  extra->set_value(std::move(value));
}
void Place(Request& request, double longitude, double latitude) {
  Of(request).mutable_position()->set_longitude(longitude);
  Of(request).mutable_position()->set_latitude(latitude);
}

const BadFacility kRequestIds[] = {
    {"NoRequestId",
     [](Request& r) { r.clear_request_id(); },
     {kInvalid, "REQUEST_ID_MISSING", "request_id"}},
    {"LongRequestId",
     [](Request& r) { r.set_request_id(std::string(65, 'a')); },
     {kInvalid, "REQUEST_ID_MALFORMED", "request_id"}},
    {"RequestIdWithSpace",
     [](Request& r) { r.set_request_id("a b"); },
     {kInvalid, "REQUEST_ID_MALFORMED", "request_id"}},
};

const BadFacility kEmpty[] = {
    {"NoFacility",
     [](Request& r) { r.clear_facility(); },
     {kInvalid, "DIVISION_MALFORMED", "facility.division"}},
    {"NoDivision",
     [](Request& r) { Of(r).clear_division(); },
     {kInvalid, "DIVISION_MALFORMED", "facility.division"}},
    {"NoClass",
     [](Request& r) { Of(r).clear_class_code(); },
     {kInvalid, "FIELD_MISSING", "facility.class_code"}},
    {"NoSupervisor",
     [](Request& r) { Of(r).clear_supervising(); },
     {kInvalid, "FIELD_MISSING", "facility.supervising.holder"}},
    {"NoIdentity",
     [](Request& r) { Of(r).clear_codes(); },
     {kInvalid, "IDENTITY_MISSING", "facility.codes"}},
    {"NoScheme",
     [](Request& r) { Of(r).mutable_codes(0)->clear_scheme(); },
     {kInvalid, "SCHEME_UNASSIGNED", "facility.codes[0].scheme"}},
    {"NoDigits",
     [](Request& r) { Of(r).mutable_codes(0)->clear_digits(); },
     {kInvalid, "FACILITY_CODE_MALFORMED", "facility.codes[0].digits"}},
    {"NoNamespace",
     [](Request& r) { AddExternal(r, "", "1"); },
     {kInvalid, "FIELD_MISSING", "facility.external_codes[0].namespace"}},
    {"NoExternalValue",
     [](Request& r) { AddExternal(r, "painted", ""); },
     {kInvalid, "FIELD_MISSING", "facility.external_codes[0].value"}},
    {"NoExtraName",
     [](Request& r) { AddExtra(r, "", "x"); },
     {kInvalid, "FIELD_MISSING", "facility.extra[0].name"}},
    {"NoPersonalName",
     [](Request& r) { r.add_personal()->set_value("x"); },
     {kInvalid, "FIELD_MISSING", "personal[0].name"}},
};

const BadFacility kTooLong[] = {
    {"Division",
     [](Request& r) { Of(r).set_division("1405021"); },
     {kInvalid, "DIVISION_MALFORMED", "facility.division"}},
    {"Class",
     [](Request& r) { Of(r).set_class_code(std::string(17, '1')); },
     {kInvalid, "FIELD_TOO_LONG", "facility.class_code"}},
    {"Digits",
     [](Request& r) { Of(r).mutable_codes(0)->set_digits("140502010030000011"); },
     {kInvalid, "FACILITY_CODE_MALFORMED", "facility.codes[0].digits"}},
    {"Namespace",
     [](Request& r) { AddExternal(r, Long(65), "1"); },
     {kInvalid, "FIELD_TOO_LONG", "facility.external_codes[0].namespace"}},
    {"ExternalValue",
     [](Request& r) { AddExternal(r, "painted", Long(65)); },
     {kInvalid, "FIELD_TOO_LONG", "facility.external_codes[0].value"}},
    {"Name",
     [](Request& r) { Of(r).set_name(Long(31)); },
     {kInvalid, "FIELD_TOO_LONG", "facility.name"}},
    {"Grid",
     [](Request& r) { Of(r).set_grid_code(std::string(16, '1')); },
     {kInvalid, "DIGITS_MALFORMED", "facility.grid_code"}},
    {"DataSource",
     [](Request& r) { Of(r).set_data_source(Long(31)); },
     {kInvalid, "FIELD_TOO_LONG", "facility.data_source"}},
    {"SubdistrictCode",
     [](Request& r) { Of(r).set_subdistrict_code(std::string(10, '1')); },
     {kInvalid, "DIGITS_MALFORMED", "facility.subdistrict_code"}},
    {"SubdistrictName",
     [](Request& r) { Of(r).set_subdistrict_name(Long(51)); },
     {kInvalid, "FIELD_TOO_LONG", "facility.subdistrict_name"}},
    {"CommunityCode",
     [](Request& r) { Of(r).set_community_code(std::string(13, '1')); },
     {kInvalid, "DIGITS_MALFORMED", "facility.community_code"}},
    {"CommunityName",
     [](Request& r) { Of(r).set_community_name(Long(51)); },
     {kInvalid, "FIELD_TOO_LONG", "facility.community_name"}},
    {"Address",
     [](Request& r) { Of(r).set_address(Long(101)); },
     {kInvalid, "FIELD_TOO_LONG", "facility.address"}},
    {"RawX",
     [](Request& r) { Of(r).mutable_position()->set_raw_x(Long(33)); },
     {kInvalid, "FIELD_TOO_LONG", "facility.position.raw_x"}},
    {"RawY",
     [](Request& r) { Of(r).mutable_position()->set_raw_y(Long(33)); },
     {kInvalid, "FIELD_TOO_LONG", "facility.position.raw_y"}},
    {"ExtraName",
     [](Request& r) { AddExtra(r, Long(65), "x"); },
     {kInvalid, "FIELD_TOO_LONG", "facility.extra[0].name"}},
    {"ExtraValue",
     [](Request& r) { AddExtra(r, "x", Long(1001)); },
     {kInvalid, "FIELD_TOO_LONG", "facility.extra[0].value"}},
    {"Remark",
     [](Request& r) { r.set_remark(Long(1001)); },
     {kInvalid, "FIELD_TOO_LONG", "remark"}},
    {"PersonalName",
     [](Request& r) { r.add_personal()->set_name(Long(65)); },
     {kInvalid, "FIELD_TOO_LONG", "personal[0].name"}},
    {"Whole",
     [](Request& r) {
       for (int i = 0; i < 17; ++i) AddExtra(r, fmt::format("x{}", i), std::string(1000, 'x'));
     },
     {kInvalid, "FACILITY_TOO_LARGE", "facility.extra"}},
    {"WholeWithWhatTheServerAdds",
     [](Request& r) {
       for (int i = 0; i < 14; ++i) AddExtra(r, fmt::format("x{:02}", i), std::string(990, 'x'));
       AddExtra(r, "last", std::string(14 * 1024 - 20 - Of(r).ByteSizeLong(), 'x'));
     },
     {kInvalid, "FACILITY_TOO_LARGE", "facility.extra"}},
    {"WholeWithPersonalFields",
     [](Request& r) {
       for (int i = 0; i < 17; ++i) {
         auto* personal = r.add_personal();
         personal->set_name(fmt::format("x{}", i));
         personal->set_value(std::string(1000, 'x'));
       }
     },
     {kInvalid, "FACILITY_TOO_LARGE", "personal"}},
};

const BadFacility kWrong[] = {
    {"DivisionWithLetters",
     [](Request& r) { Of(r).set_division("999999"); },
     {kInvalid, "DIVISION_UNKNOWN", "facility.division"}},
    {"DivisionDigits",
     [](Request& r) { Of(r).set_division("14050a"); },
     {kInvalid, "DIVISION_MALFORMED", "facility.division"}},
    {"UnknownClass",
     [](Request& r) { Of(r).set_class_code("99999"); },
     {StatusCode::kNotFound, "CLASS_UNKNOWN", "facility.class_code"}},
    {"BlankScheme",
     [](Request& r) { Of(r).mutable_codes(0)->set_scheme(0); },
     {kInvalid, "SCHEME_UNASSIGNED", "facility.codes[0].scheme"}},
    {"UnassignedScheme",
     [](Request& r) { Of(r).mutable_codes(0)->set_scheme(100); },
     {kInvalid, "SCHEME_UNASSIGNED", "facility.codes[0].scheme"}},
    {"SchemeBeyondAByte",
     [](Request& r) { Of(r).mutable_codes(0)->set_scheme(258); },
     {kInvalid, "SCHEME_UNASSIGNED", "facility.codes[0].scheme"}},
    {"CodeOfAnotherScheme",
     [](Request& r) { Of(r).mutable_codes(0)->set_scheme(1); },
     {kInvalid, "FACILITY_CODE_MALFORMED", "facility.codes[0].digits"}},
    {"CodeBeginningWithZero",
     [](Request& r) { Of(r).mutable_codes(0)->set_digits("04050201003000001"); },
     {kInvalid, "FACILITY_CODE_OUT_OF_RANGE", "facility.codes[0].digits"}},
    {"CodeTwice",
     [](Request& r) { *Of(r).add_codes() = r.facility().codes(0); },
     {kInvalid, "FIELD_TWICE", "facility.codes[1].digits"}},
    {"ExternalCodeTwice",
     [](Request& r) {
       AddExternal(r, "painted", "1");
       AddExternal(r, "painted", "1");
     },
     {kInvalid, "FIELD_TWICE", "facility.external_codes[1].value"}},
    {"CodeTaken",
     [](Request& r) { Of(r).mutable_codes(0)->set_digits("14050201003000009"); },
     {StatusCode::kAlreadyExists, "FACILITY_CODE_TAKEN", "facility.codes[0].digits"}},
    {"ExternalCodeTaken",
     [](Request& r) { AddExternal(r, "painted", "9"); },
     {StatusCode::kAlreadyExists, "EXTERNAL_CODE_TAKEN", "facility.external_codes[0].value"}},
    {"UnknownCondition",
     [](Request& r) { Of(r).set_condition(static_cast<v1::Condition>(6)); },
     {kInvalid, "ENUM_UNKNOWN", "facility.condition"}},
    {"UnknownLife",
     [](Request& r) { Of(r).set_life(static_cast<v1::Life>(-1)); },
     {kInvalid, "ENUM_UNKNOWN", "facility.life"}},
    {"LongitudeAlone",
     [](Request& r) { Of(r).mutable_position()->set_longitude(112); },
     {kInvalid, "POSITION_OUT_OF_RANGE", "facility.position"}},
    {"Longitude",
     [](Request& r) { Place(r, 180.5, 35); },
     {kInvalid, "POSITION_OUT_OF_RANGE", "facility.position.longitude"}},
    {"LatitudeNotANumber",
     [](Request& r) { Place(r, 112, std::numeric_limits<double>::quiet_NaN()); },
     {kInvalid, "POSITION_OUT_OF_RANGE", "facility.position.latitude"}},
    {"GridWithLetters",
     [](Request& r) { Of(r).set_grid_code("14050200100000x"); },
     {kInvalid, "DIGITS_MALFORMED", "facility.grid_code"}},
    {"NoSuchDay",
     [](Request& r) { Of(r).set_surveyed_on("2025-02-29"); },
     {kInvalid, "DATE_MALFORMED", "facility.surveyed_on"}},
    {"DateWithSlashes",
     [](Request& r) { Of(r).set_changed_on("2025/02/28"); },
     {kInvalid, "DATE_MALFORMED", "facility.changed_on"}},
    {"LineBreakInAddress",
     [](Request& r) { Of(r).set_address("a\nb"); },
     {kInvalid, "FIELD_NOT_TEXT", "facility.address"}},
    {"C1ControlInName",
     [](Request& r) { Of(r).set_name("a\xC2\x85z"); },
     {kInvalid, "FIELD_NOT_TEXT", "facility.name"}},
    {"ControlInRemark",
     [](Request& r) { r.set_remark("a\x01z"); },
     {kInvalid, "FIELD_NOT_TEXT", "remark"}},
    {"ExtraTwice",
     [](Request& r) {
       AddExtra(r, "x", "1");
       AddExtra(r, "x", "2");
     },
     {kInvalid, "FIELD_TWICE", "facility.extra[1].name"}},
};

const BadFacility kRights[] = {
    {"UnknownHolder",
     [](Request& r) { Of(r).mutable_owning()->set_holder(7); },
     {StatusCode::kNotFound, "ORGANIZATION_UNKNOWN", "facility.owning.holder"}},
    {"ConfirmedAtOnce",
     [](Request& r) { Of(r).mutable_supervising()->set_state(v1::RIGHT_STATE_CONFIRMED); },
     {kInvalid, "RIGHT_INVALID", "facility.supervising"}},
    {"UnknownState",
     [](Request& r) { Of(r).mutable_supervising()->set_state(static_cast<v1::RightState>(9)); },
     {kInvalid, "RIGHT_INVALID", "facility.supervising"}},
    {"OwnerlessWithHolder",
     [](Request& r) {
       Of(r).mutable_owning()->set_holder(r.facility().supervising().holder());
       Of(r).mutable_owning()->set_state(v1::RIGHT_STATE_OWNERLESS);
     },
     {kInvalid, "RIGHT_INVALID", "facility.owning"}},
    {"NobodyMaintains",
     [](Request& r) { Of(r).mutable_maintaining()->set_state(v1::RIGHT_STATE_OWNERLESS); },
     {kInvalid, "RIGHT_INVALID", "facility.maintaining"}},
    {"BasisAtOnce",
     [](Request& r) { Of(r).mutable_supervising()->mutable_basis()->set_kind("批复"); },
     {kInvalid, "RIGHT_INVALID", "facility.supervising"}},
    {"EndsBeforeItBegins",
     [](Request& r) {
       Of(r).mutable_supervising()->set_valid_from("2026-02-01");
       Of(r).mutable_supervising()->set_valid_until("2026-01-31");
     },
     {kInvalid, "RIGHT_INVALID", "facility.supervising"}},
    {"NoSuchDay",
     [](Request& r) { Of(r).mutable_supervising()->set_valid_from("2026-13-01"); },
     {kInvalid, "DATE_MALFORMED", "facility.supervising.valid_from"}},
};

const BadFacility kOutputOnly[] = {
    {"LastStep",
     [](Request& r) { Of(r).mutable_last_step(); },
     {kInvalid, "FIELD_OUTPUT_ONLY", "facility.last_step"}},
    {"HandOver",
     [](Request& r) { Of(r).mutable_hand_over(); },
     {kInvalid, "FIELD_OUTPUT_ONLY", "facility.hand_over"}},
    {"HasParts",
     [](Request& r) { Of(r).set_has_parts(true); },
     {kInvalid, "FIELD_OUTPUT_ONLY", "facility.has_parts"}},
    {"Withdrawn",
     [](Request& r) { Of(r).set_life(v1::LIFE_WITHDRAWN); },
     {kInvalid, "FIELD_OUTPUT_ONLY", "facility.life"}},
    {"UnknownParent",
     [](Request& r) { Of(r).set_parent(4242); },
     {StatusCode::kNotFound, "PARENT_UNKNOWN", "facility.parent"}},
    {"Uid", [](Request& r) { Of(r).set_uid(1); }, {kInvalid, "FIELD_OUTPUT_ONLY", "facility.uid"}},
    {"Etag",
     [](Request& r) { Of(r).set_etag("1-1"); },
     {kInvalid, "FIELD_OUTPUT_ONLY", "facility.etag"}},
    {"Batch",
     [](Request& r) { Of(r).set_batch(1); },
     {kInvalid, "FIELD_OUTPUT_ONLY", "facility.batch"}},
    {"CreateTime",
     [](Request& r) { Of(r).set_create_time_us(1); },
     {kInvalid, "FIELD_OUTPUT_ONLY", "facility.create_time_us"}},
    {"UpdateTime",
     [](Request& r) { Of(r).set_update_time_us(1); },
     {kInvalid, "FIELD_OUTPUT_ONLY", "facility.update_time_us"}},
    {"WithheldRemark",
     [](Request& r) { Of(r).mutable_remark()->set_value("x"); },
     {kInvalid, "FIELD_OUTPUT_ONLY", "facility.remark"}},
    {"WithheldPersonal",
     [](Request& r) { Of(r).add_personal()->set_name("x"); },
     {kInvalid, "FIELD_OUTPUT_ONLY", "facility.personal"}},
};

const auto kNameOf = [](const auto& bad) { return std::string(bad.param.name); };
INSTANTIATE_TEST_SUITE_P(RequestIds, BadFacilityTest, ::testing::ValuesIn(kRequestIds), kNameOf);
INSTANTIATE_TEST_SUITE_P(Empty, BadFacilityTest, ::testing::ValuesIn(kEmpty), kNameOf);
INSTANTIATE_TEST_SUITE_P(TooLong, BadFacilityTest, ::testing::ValuesIn(kTooLong), kNameOf);
INSTANTIATE_TEST_SUITE_P(Wrong, BadFacilityTest, ::testing::ValuesIn(kWrong), kNameOf);
INSTANTIATE_TEST_SUITE_P(Rights, BadFacilityTest, ::testing::ValuesIn(kRights), kNameOf);
INSTANTIATE_TEST_SUITE_P(OutputOnly, BadFacilityTest, ::testing::ValuesIn(kOutputOnly), kNameOf);

}  // namespace
}  // namespace yima::server::testing
