#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/registry/facility_rules.h"
#include "tests/server/findings.h"
#include "tests/server/plates.h"
#include "tests/server/rights/confirm_request.h"

namespace yima::server::testing {
namespace {

constexpr auto kInvalid = StatusCode::kInvalidArgument;
constexpr auto kFailed = StatusCode::kFailedPrecondition;

class ConfirmTest : public ::testing::Test {
 protected:
  Result<Confirmations> Confirm(const v1::ConfirmRightsRequest& request) {
    return methods_.Stream<v1::ConfirmRightsResponse>("RightsService/ConfirmRights", request);
  }
  v1::ConfirmRightsRequest Request(std::string request_id = "confirm-1") const {
    auto request = ConfirmRequest(std::move(request_id));
    request.set_facility(facility_);
    return request;
  }
  void RefusesUnchanged(const v1::ConfirmRightsRequest& request, const Refusal& refusal) {
    const std::string state = world_.State();
    EXPECT_EQ(RefusalOf(Confirm(request)), refusal);
    EXPECT_EQ(world_.State(), state);
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t owner_ = world_.AddOrganization("水务公司");
  uint64_t facility_ = world_.AddFacility(1, bureau_, owner_);
  Methods methods_{world_};
};

TEST_F(ConfirmTest, ConfirmsTheRightsNamedAndNoOther) {
  auto request = Request();
  request.mutable_basis()->set_date("2026-11-01");
  request.mutable_basis()->set_sha256(std::string(32, 'h'));
  const auto answers = Confirm(request);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().confirmed(), 1);
  EXPECT_EQ(answers->back().done(), 1);
  EXPECT_NE(answers->back().batch(), 0);
  const v1::Facility facility = world_.Facility(facility_);
  EXPECT_EQ(facility.supervising().state(), v1::RIGHT_STATE_CONFIRMED);
  EXPECT_EQ(facility.supervising().holder(), bureau_);
  EXPECT_EQ(facility.supervising().basis().number(), "3号");
  EXPECT_EQ(facility.supervising().basis().sha256(), std::string(32, 'h'));
  EXPECT_EQ(facility.owning().state(), v1::RIGHT_STATE_RECORDED);
  EXPECT_FALSE(facility.has_maintaining()) << "nobody's right is not made up";
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

TEST_F(ConfirmTest, ConfirmingTwiceOnOneBasisChangesNothing) {
  ASSERT_TRUE(Confirm(Request()));
  const v1::Facility before = world_.Facility(facility_);
  const auto again = Confirm(Request("confirm-2"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->back().confirmed(), 0);
  EXPECT_EQ(again->back().unchanged(), 1);
  EXPECT_EQ(world_.Facility(facility_).SerializeAsString(), before.SerializeAsString());
}

TEST_F(ConfirmTest, ConfirmingOnANewBasisRecordsIt) {
  ASSERT_TRUE(Confirm(Request()));
  auto request = Request("confirm-2");
  request.mutable_basis()->set_number("4号");
  EXPECT_EQ(Confirm(request)->back().confirmed(), 1);
  EXPECT_EQ(world_.Facility(facility_).supervising().basis().number(), "4号");
}

TEST_F(ConfirmTest, TheSameRequestIsAnsweredTheSameAndWritesNothing) {
  const auto first = Confirm(Request());
  ASSERT_TRUE(first);
  const std::string state = world_.State();
  const auto again = Confirm(Request());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->back().SerializeAsString(), first->back().SerializeAsString());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(ConfirmTest, AnotherRequestUnderTheSameIdIsRefused) {
  ASSERT_TRUE(Confirm(Request()));
  auto request = Request();
  request.mutable_basis()->set_number("4号");
  RefusesUnchanged(request, {kFailed, "REQUEST_ID_REUSED", "request_id"});
}

TEST_F(ConfirmTest, RightThatNobodyHoldsIsRefusedWithAllOthers) {
  auto request = Request();
  request.add_kinds(v1::RIGHT_KIND_MAINTAINING);
  RefusesUnchanged(request, {kFailed, "RIGHT_NOT_HELD", "kinds"});
  request.set_dry_run(true);
  RefusesUnchanged(request, {kFailed, "RIGHT_NOT_HELD", "kinds"});
}

TEST_F(ConfirmTest, OwnerlessFacilityHasNoOwnerToConfirm) {
  Edit<v1::Facility>(world_, facility_, [](v1::Facility& facility) {
    facility.mutable_owning()->clear_holder();
    facility.mutable_owning()->set_state(v1::RIGHT_STATE_OWNERLESS);
  });
  auto request = Request();
  request.set_kinds(0, v1::RIGHT_KIND_OWNING);
  RefusesUnchanged(request, {kFailed, "RIGHT_NOT_HELD", "kinds"});
}

TEST_F(ConfirmTest, DryRunSaysWhatWouldBeAndWritesNothing) {
  auto request = Request();
  request.set_dry_run(true);
  request.clear_request_id();
  const std::string state = world_.State();
  const auto answers = Confirm(request);
  ASSERT_TRUE(answers) << answers.error().message;
  ASSERT_EQ(answers->size(), 1);
  EXPECT_EQ(answers->front().confirmed(), 1);
  EXPECT_EQ(answers->front().batch(), 0);
  EXPECT_EQ(answers->front().frozen_hash().size(), 32);
  EXPECT_EQ(world_.State(), state);
}

struct BadConfirm {
  const char* name;
  std::function<void(v1::ConfirmRightsRequest&)> spoil;
  Refusal refusal;
};
void PrintTo(const BadConfirm& bad, std::ostream* out) { *out << bad.name; }
class BadConfirmTest : public ConfirmTest, public ::testing::WithParamInterface<BadConfirm> {};

TEST_P(BadConfirmTest, IsRefusedAndWritesNothing) {
  auto request = Request();
  GetParam().spoil(request);
  RefusesUnchanged(request, GetParam().refusal);
}

using Request = v1::ConfirmRightsRequest;
const BadConfirm kBad[] = {
    {"NoRequestId",
     [](Request& r) { r.clear_request_id(); },
     {kInvalid, "REQUEST_ID_MISSING", "request_id"}},
    {"NoTarget", [](Request& r) { r.clear_target(); }, {kInvalid, "TARGET_MISSING", "target"}},
    {"UnknownFacility",
     [](Request& r) { r.set_facility(4242); },
     {StatusCode::kNotFound, "FACILITY_NOT_FOUND", "facility"}},
    {"NoKinds", [](Request& r) { r.clear_kinds(); }, {kInvalid, "RIGHT_KIND_MISSING", "kinds"}},
    {"UnspecifiedKind",
     [](Request& r) { r.set_kinds(0, v1::RIGHT_KIND_UNSPECIFIED); },
     {kInvalid, "RIGHT_KIND_UNKNOWN", "kinds[0]"}},
    {"UnknownKind",
     [](Request& r) { r.add_kinds(static_cast<v1::RightKind>(4)); },
     {kInvalid, "RIGHT_KIND_UNKNOWN", "kinds[1]"}},
    {"KindTwice",
     [](Request& r) { r.add_kinds(v1::RIGHT_KIND_SUPERVISING); },
     {kInvalid, "RIGHT_KIND_TWICE", "kinds[1]"}},
    {"NoBasis", [](Request& r) { r.clear_basis(); }, {kInvalid, "BASIS_MISSING", "basis.kind"}},
    {"NoBasisNumber",
     [](Request& r) { r.mutable_basis()->clear_number(); },
     {kInvalid, "BASIS_MISSING", "basis.number"}},
    {"LongBasisKind",
     [](Request& r) { r.mutable_basis()->set_kind(std::string(51, 'x')); },
     {kInvalid, "FIELD_TOO_LONG", "basis.kind"}},
    {"LongBasisNumber",
     [](Request& r) { r.mutable_basis()->set_number(std::string(101, 'x')); },
     {kInvalid, "FIELD_TOO_LONG", "basis.number"}},
    {"ControlInBasis",
     [](Request& r) { r.mutable_basis()->set_number("3\n号"); },
     {kInvalid, "FIELD_NOT_TEXT", "basis.number"}},
    {"BasisDate",
     [](Request& r) { r.mutable_basis()->set_date("2026-02-30"); },
     {kInvalid, "DATE_MALFORMED", "basis.date"}},
    {"BasisHash",
     [](Request& r) { r.mutable_basis()->set_sha256(std::string(31, 'h')); },
     {kInvalid, "HASH_MALFORMED", "basis.sha256"}},
    {"FrozenHashOfSomethingElse",
     [](Request& r) { r.set_frozen_hash(std::string(32, 'h')); },
     {kFailed, "FILTER_RESULT_CHANGED", "frozen_hash"}},
    {"Filter",
     [](Request& r) { r.mutable_filter()->add_divisions("140"); },
     {kInvalid, "DIVISION_MALFORMED", "filter.divisions[0]"}},
};
INSTANTIATE_TEST_SUITE_P(Requests, BadConfirmTest, ::testing::ValuesIn(kBad),
                         [](const auto& bad) { return std::string(bad.param.name); });

TEST_F(ConfirmTest, LargestFacilityHasRoomForItsBases) {
  v1::CreateFacilityRequest create;
  create.set_request_id("create-1");
  auto& facility = *create.mutable_facility();
  facility = world_.Facility(world_.AddFacility(77, world_.AddOrganization("路灯所")));
  facility.clear_uid();
  facility.clear_create_time_us();
  facility.clear_update_time_us();
  facility.mutable_codes(0)->set_digits("14050201001000078");
  for (auto* right : {facility.mutable_owning(), facility.mutable_maintaining()}) {
    *right = facility.supervising();
  }
  for (int i = 0; i < 15; ++i) {
    auto* extra = facility.add_extra();
    extra->set_name(fmt::format("x{}", i));
    extra->set_value(std::string(1000, 'x'));
  }
  Result<v1::CreateFacilityResponse> created;
  std::string& last = *facility.mutable_extra(14)->mutable_value();
  facility.mutable_extra(13)->mutable_value()->resize(500);
  do {
    created = methods_.Unary<v1::CreateFacilityResponse>("RegistryService/CreateFacility", create);
    ASSERT_TRUE(created || created.error().reason == "FACILITY_TOO_LARGE")
        << created.error().message;
    if (!created) last.pop_back();
  } while (!created && !last.empty());
  ASSERT_TRUE(created);

  v1::ConfirmRightsRequest confirm = ConfirmRequest();
  const auto repeated = [](int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += "𠮷";
    return text;
  };
  confirm.mutable_basis()->set_kind(repeated(50));
  confirm.mutable_basis()->set_number(repeated(100));
  confirm.mutable_basis()->set_date("2026-11-24");
  confirm.mutable_basis()->set_sha256(std::string(32, 'x'));
  confirm.add_kinds(v1::RIGHT_KIND_OWNING);
  confirm.add_kinds(v1::RIGHT_KIND_MAINTAINING);
  confirm.set_facility(created->facility().uid());
  ASSERT_TRUE(methods_.Stream<v1::ConfirmRightsResponse>("RightsService/ConfirmRights", confirm));
  const v1::Facility confirmed = world_.Facility(created->facility().uid());
  EXPECT_EQ(confirmed.maintaining().state(), v1::RIGHT_STATE_CONFIRMED);
  EXPECT_LE(confirmed.ByteSizeLong(), kFacilitySizeMax);
}

TEST_F(ConfirmTest, WhatWasTakenBackHasNoRightsToConfirm) {
  ASSERT_TRUE(
      Edit<v1::Facility>(world_, facility_, [](auto& f) { f.set_life(v1::LIFE_WITHDRAWN); }));
  RefusesUnchanged(Request(), {kFailed, "FACILITY_WITHDRAWN", "facility"});
}

TEST_F(ConfirmTest, WhatIsClaimedIsDecidedByItsProcedure) {
  Edit<v1::Facility>(world_, facility_, [](auto& f) {
    f.mutable_supervising()->set_state(v1::RIGHT_STATE_CLAIMED);
    f.mutable_supervising()->set_unclaimed_state(v1::RIGHT_STATE_RECORDED);
    f.mutable_supervising()->add_claims()->set_claim(7);
  });
  RefusesUnchanged(Request(), {kFailed, "RIGHT_CLAIMED", "facility"});
  auto request = Request();
  request.set_dry_run(true);
  RefusesUnchanged(request, {kFailed, "RIGHT_CLAIMED", "facility"});
  // In a batch it is told of, and the others go on.
  const uint64_t other = world_.AddFacility(2, bureau_, owner_);
  request = Request();
  request.add_kinds(v1::RIGHT_KIND_OWNING);
  request.mutable_filter()->add_divisions("140502");
  const auto answers = Confirm(request);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().confirmed(), 3);
  EXPECT_EQ(answers->back().refused(), 1);
  EXPECT_EQ(answers->back().not_held(), 0);
  ASSERT_EQ(answers->front().facilities_size(), 1);
  EXPECT_EQ(answers->front().facilities(0).reason(), "RIGHT_CLAIMED");
  EXPECT_EQ(answers->front().facilities(0).kind(), v1::FACILITY_OUTCOME_KIND_CHANGED)
      << "its owner was confirmed";
  EXPECT_EQ(world_.Facility(other).supervising().state(), v1::RIGHT_STATE_CONFIRMED);
}

TEST_F(ConfirmTest, TheRulesMayWantAClaimOrAnother) {
  const auto set_rules = [&](const v1::RightsRules& rules) {
    ChangeWriter writer(world_.call("test"), "");
    const auto read = *Get<v1::RightsRules>(*world_.Read(), kRightsRulesId);
    if (read) {
      writer.Replace(kRightsRulesId, read->revision, read->record, rules);
    } else {
      writer.Create(kRightsRulesId, rules);
    }
    EXPECT_TRUE(Apply(world_, writer));
  };
  v1::RightsRules rules;
  rules.set_id(kRightsRulesId);
  auto* rule = rules.add_class_rules();
  rule->set_class_prefix("01001");
  rule->set_no_direct_confirmation(true);
  set_rules(rules);
  RefusesUnchanged(Request(), {kFailed, "RULE_FORBIDS", "facility"});
  rules.clear_class_rules();
  rules.add_confirm_rules()->add_kinds(v1::RIGHT_KIND_OWNING);
  set_rules(rules);
  RefusesUnchanged(Request(), {kFailed, "RULE_FORBIDS", "facility"});
  rules.mutable_confirm_rules(0)->add_kinds(v1::RIGHT_KIND_SUPERVISING);
  set_rules(rules);
  ASSERT_TRUE(Confirm(Request()));
  EXPECT_EQ(world_.Facility(facility_).supervising().rules(), 3);
}

TEST_F(ConfirmTest, WhatItRestedOnBeforeIsNoMoreSaid) {
  Edit<v1::Facility>(world_, facility_, [](auto& f) {
    f.mutable_supervising()->set_decided_order(7);
    f.mutable_supervising()->set_valid_from("2026-01-01");
  });
  ASSERT_TRUE(Confirm(Request()));
  const v1::Right right = world_.Facility(facility_).supervising();
  EXPECT_EQ(right.decided_order(), 0);
  EXPECT_EQ(right.valid_from(), "2026-01-01");
}

TEST_F(ConfirmTest, NobodyConfirmsTheRightOfTheOwnOrganization) {
  v1::Principal principal;
  principal.set_id(9);
  principal.set_organization(world_.Facility(facility_).supervising().holder());
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(principal.id(), principal);
  ASSERT_TRUE(Apply(world_, writer));
  world_.principal = "9";
  world_.principal_id = 9;
  RefusesUnchanged(Request(), {StatusCode::kPermissionDenied, "DUTIES_NOT_SEPARATE", "facility"});
}

TEST_F(ConfirmTest, ACustodianByOrderIsNotMadeOneByRight) {
  Edit<v1::Facility>(world_, facility_, [](auto& f) {
    f.mutable_supervising()->set_decided_order(7);
    f.mutable_supervising()->set_by_order(true);
  });
  RefusesUnchanged(Request(), {kFailed, "RIGHT_CONFIRMED", "facility"});
}

TEST_F(ConfirmTest, ARunWhoseFilterFindsSomethingElseNamesIt) {
  auto request = Request();
  request.mutable_filter()->add_divisions("140502");
  request.set_dry_run(true);
  const auto dry = Confirm(request);
  ASSERT_TRUE(dry);
  request.set_dry_run(false);
  request.set_frozen_hash(dry->back().frozen_hash());
  request.set_frozen_log_size(dry->back().frozen_log_size());
  world_.AddFacility(2, bureau_);
  const auto refused = Confirm(request);
  EXPECT_EQ(RefusalOf(refused), (Refusal{kFailed, "FILTER_RESULT_CHANGED", "frozen_hash"}));
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("14050201001000002 (new)"));
}

}  // namespace
}  // namespace yima::server::testing
