#include "server/rights/reorganize.h"

#include "tests/server/rights/reorganization.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ReorganizeTest, RenamedOrganizationIsFoundByEitherName) {
  const auto renamed = Ask(Renaming("城市水务集团"));
  ASSERT_TRUE(renamed) << renamed.error().message;
  EXPECT_EQ(renamed->back().organization().name(), "城市水务集团");
  ASSERT_EQ(Water().former_names_size(), 1);
  EXPECT_EQ(Water().former_names(0).name(), "水务公司");
  EXPECT_EQ(Water().former_names(0).until(), "2026-11-30");
  EXPECT_EQ(Find("水务公司"), water_);
  EXPECT_EQ(Find("城市水务集团"), water_);
  EXPECT_EQ(Owning(facility_).holder(), water_);
  ExpectSound();
}

TEST_F(ReorganizeTest, ALedgerOfOrganizationsWithTheOldNameMeansTheSame) {
  ASSERT_TRUE(Ask(Renaming("城市水务集团")));
  v1::ImportOrganizationsRequest import;
  import.set_request_id(NextId());
  import.add_inputs()->mutable_organization()->set_name("水务公司");
  const auto imported = methods_.Unary<v1::ImportOrganizationsResponse>(
      "RegistryService/ImportOrganizations", import);
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->unchanged(), 1u);
  EXPECT_THAT(Water().aliases(), IsEmpty());
  ExpectSound();
}

TEST_F(ReorganizeTest, WhatReorganizingSetsIsTakenFromNoOtherCall) {
  v1::CreateOrganizationRequest create;
  create.set_request_id(NextId());
  create.mutable_input()->mutable_organization()->set_name("园林局");
  create.mutable_input()->mutable_organization()->add_former_names()->set_name("绿化处");
  RefusesUnchanged(
      [&] {
        return methods_.Unary<v1::CreateOrganizationResponse>("RegistryService/CreateOrganization",
                                                              create);
      },
      {kInvalid, "FIELD_OUTPUT_ONLY", "input.organization.state"});
}

TEST_F(ReorganizeTest, NameMayComeBackAndTheRetryChangesNothing) {
  const auto first = Renaming("城市水务集团");
  ASSERT_TRUE(Ask(first));
  const std::string state = world_.State();
  const auto again = Ask(first);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(world_.State(), state);
  ASSERT_TRUE(Ask(Renaming("水务公司")));
  EXPECT_EQ(Water().former_names_size(), 1);
  EXPECT_EQ(Water().former_names(0).name(), "城市水务集团");
  ExpectSound();
}

TEST_F(ReorganizeTest, NameOfAnotherIsRefused) {
  const Refusal taken{StatusCode::kAlreadyExists, "ORGANIZATION_NAME_TAKEN", "new_name"};
  RefusesUnchanged([&] { return Ask(Renaming("供电公司")); }, taken);
  RefusesUnchanged([&] { return Ask(Renaming("水务公司")); }, taken);
}

TEST_F(ReorganizeTest, MergedOrganizationIsFollowedInAllThatItHas) {
  Confirm(facility_);
  const uint64_t supervised = world_.AddFacility(2, water_, bureau_);
  const uint64_t claimed = world_.AddFacility(3, bureau_, bureau_);
  const uint64_t claim = StandClaim(claimed, water_);
  const auto merged = Ask(Request(v1::REORGANIZATION_KIND_MERGE, power_));
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ(merged->back().progress().changed(), 3u);
  EXPECT_EQ(merged->back().progress().rights(), 3u);
  EXPECT_EQ(merged->back().organization().state(), v1::ORGANIZATION_STATE_MERGED);
  EXPECT_THAT(Water().successors(), ElementsAre(power_));
  EXPECT_EQ(Water().ended_on(), "2026-11-30");
  EXPECT_EQ(Owning(facility_).holder(), power_);
  EXPECT_EQ(Owning(facility_).state(), v1::RIGHT_STATE_CONFIRMED);
  EXPECT_EQ(Owning(facility_).basis().number(), "1号");
  EXPECT_EQ(world_.Facility(supervised).supervising().holder(), power_);
  EXPECT_EQ(Owning(claimed).claims(0).organization(), power_);
  EXPECT_EQ(Record<v1::Claim>(claim).organization(), power_);
  const auto batch = Record<v1::Batch>(merged->back().progress().batch());
  EXPECT_EQ(batch.kind(), v1::BATCH_KIND_REORGANIZE);
  EXPECT_EQ(batch.state(), v1::BATCH_STATE_DONE);
  ExpectSound();
}

TEST_F(ReorganizeTest, WhereTheOtherClaimsAlreadyOneClaimIsWithdrawn) {
  const uint64_t claimed = world_.AddFacility(3, bureau_, bureau_);
  const uint64_t own = StandClaim(claimed, water_);
  const uint64_t other = StandClaim(claimed, power_);
  ASSERT_TRUE(Ask(Request(v1::REORGANIZATION_KIND_MERGE, power_)));
  ASSERT_EQ(Owning(claimed).claims_size(), 1);
  EXPECT_EQ(Owning(claimed).claims(0).claim(), other);
  EXPECT_EQ(Record<v1::Claim>(own).state(), v1::CLAIM_STATE_WITHDRAWN);
  EXPECT_EQ(Record<v1::Claim>(own).decision().basis().number(), "机构改革3号");
  ExpectSound();
}

TEST_F(ReorganizeTest, OneThatEndedGetsNothingNew) {
  ASSERT_TRUE(Ask(Request(v1::REORGANIZATION_KIND_MERGE, power_)));
  v1::CreateFacilityRequest create;
  create.set_request_id(NextId());
  create.set_assign_code(true);
  auto& facility = *create.mutable_facility();
  facility.set_division("140502");
  facility.set_class_code("01001");
  facility.mutable_supervising()->set_holder(bureau_);
  facility.mutable_owning()->set_holder(water_);
  const auto ask = [&] {
    return methods_.Unary<v1::CreateFacilityResponse>("RegistryService/CreateFacility", create);
  };
  const auto refused = ask();
  EXPECT_EQ(RefusalOf(refused), (Refusal{kFailed, "ORGANIZATION_ENDED", "facility.owning.holder"}));
  EXPECT_THAT(refused.error().message, HasSubstr(std::to_string(power_)));
  v1::UpdateFacilityRequest update;
  update.set_request_id(NextId());
  update.mutable_facility()->set_uid(facility_);
  update.mutable_facility()->mutable_maintaining()->set_holder(water_);
  update.add_update_mask("maintaining");
  RefusesUnchanged(
      [&] {
        return methods_.Unary<v1::UpdateFacilityResponse>("RegistryService/UpdateFacility", update);
      },
      {kFailed, "ORGANIZATION_ENDED", "facility.maintaining.holder"});
  RefusesUnchanged([&] { return Ask(Request(v1::REORGANIZATION_KIND_DISSOLVE, power_)); },
                   {kFailed, "ORGANIZATION_ENDED", "organization"});
  auto into_ended = Request(v1::REORGANIZATION_KIND_MERGE, water_);
  into_ended.set_organization(power_);
  RefusesUnchanged([&] { return Ask(into_ended); }, {kFailed, "ORGANIZATION_ENDED", "to"});
}

TEST_F(ReorganizeTest, WhatAnEndedOneStillHoldsIsEditedOtherwise) {
  ASSERT_TRUE(EndOrganization(world_, water_));
  v1::UpdateFacilityRequest update;
  update.set_request_id(NextId());
  update.mutable_facility()->set_uid(facility_);
  update.mutable_facility()->set_address("黄华街");
  update.add_update_mask("address");
  EXPECT_TRUE(methods_.Unary<v1::UpdateFacilityResponse>("RegistryService/UpdateFacility", update));
}

TEST_F(ReorganizeTest, DissolvedToNobodyItsFacilitiesAreOwnerless) {
  Confirm(facility_);
  EditFacility(facility_, [&](v1::Facility& facility) {
    facility.mutable_maintaining()->set_holder(water_);
    facility.mutable_maintaining()->set_state(v1::RIGHT_STATE_RECORDED);
  });
  const uint64_t claimed = world_.AddFacility(3, bureau_, bureau_);
  const uint64_t claim = StandClaim(claimed, water_);
  const uint64_t contested = world_.AddFacility(4, bureau_, water_);
  StandClaim(contested, power_);
  ASSERT_TRUE(Ask(Request(v1::REORGANIZATION_KIND_DISSOLVE)));
  EXPECT_EQ(Water().state(), v1::ORGANIZATION_STATE_DISSOLVED);
  EXPECT_EQ(Owning(facility_).state(), v1::RIGHT_STATE_OWNERLESS);
  EXPECT_EQ(Owning(facility_).holder(), 0u);
  EXPECT_FALSE(Owning(facility_).has_basis());
  EXPECT_FALSE(world_.Facility(facility_).has_maintaining());
  EXPECT_EQ(Record<v1::Claim>(claim).state(), v1::CLAIM_STATE_WITHDRAWN);
  EXPECT_EQ(Owning(claimed).state(), v1::RIGHT_STATE_RECORDED);
  EXPECT_EQ(Owning(contested).state(), v1::RIGHT_STATE_CLAIMED);
  EXPECT_EQ(Owning(contested).unclaimed_state(), v1::RIGHT_STATE_OWNERLESS);
  ExpectSound();
}

TEST_F(ReorganizeTest, SomebodyHasToSupervise) {
  const uint64_t supervised = world_.AddFacility(2, water_);
  const auto dissolve = [&] { return Ask(Request(v1::REORGANIZATION_KIND_DISSOLVE)); };
  RefusesUnchanged(dissolve, {kFailed, "SUCCESSOR_MISSING", "to"});
  EditFacility(supervised, [](auto& facility) { facility.set_life(v1::LIFE_SCRAPPED); });
  EXPECT_TRUE(dissolve()) << "what is no more needs nobody";
  EXPECT_EQ(world_.Facility(supervised).supervising().holder(), water_);
  ExpectSound();
}

TEST_F(ReorganizeTest, SplitTakesWhatTheFilterFindsAndBothGoOn) {
  const uint64_t other = world_.AddFacility(2, bureau_, water_);
  EditFacility(other, [](auto& facility) { facility.set_division("140521"); });
  auto split = Request(v1::REORGANIZATION_KIND_SPLIT, power_);
  split.mutable_filter()->add_divisions("140521");
  const auto done = Ask(split);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->back().progress().changed(), 1u);
  EXPECT_EQ(Owning(other).holder(), power_);
  EXPECT_EQ(Owning(facility_).holder(), water_);
  EXPECT_EQ(Water().state(), v1::ORGANIZATION_STATE_UNSPECIFIED);
  EXPECT_THAT(Water().successors(), ElementsAre(power_));
  ExpectSound();
}

TEST_F(ReorganizeTest, ASplitIsAnsweredTheSameAfterTheOrganizationEnded) {
  auto split = Request(v1::REORGANIZATION_KIND_SPLIT, power_);
  split.mutable_filter()->add_divisions("140502");
  ASSERT_TRUE(Ask(split));
  ASSERT_TRUE(Ask(Request(v1::REORGANIZATION_KIND_DISSOLVE)));
  const std::string state = world_.State();
  const auto again = Ask(split);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->back().progress().changed(), 1u);
  EXPECT_EQ(world_.State(), state);
}

TEST_F(ReorganizeTest, WithNothingToFollowTheRecordAloneChangesOnce) {
  const uint64_t idle = world_.AddOrganization("空壳公司");
  auto request = Request(v1::REORGANIZATION_KIND_DISSOLVE);
  request.set_organization(idle);
  const auto dissolved = Ask(request);
  ASSERT_TRUE(dissolved) << dissolved.error().message;
  EXPECT_EQ(dissolved->back().progress().batch(), 0u);
  EXPECT_EQ(dissolved->back().organization().state(), v1::ORGANIZATION_STATE_DISSOLVED);
  const std::string state = world_.State();
  const auto again = Ask(request);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->back().SerializeAsString(), dissolved->back().SerializeAsString());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(ReorganizeTest, OrdersEndAndOffersFollow) {
  Confirm(facility_);
  ActAs(registrar_);
  v1::TransferRightRequest transfer;
  transfer.set_request_id(NextId());
  transfer.set_facility(facility_);
  transfer.set_kind(v1::RIGHT_KIND_OWNING);
  transfer.set_to(power_);
  *transfer.mutable_basis() = BasisOf("12号");
  const auto order =
      methods_.Unary<v1::TransferRightResponse>("RightsService/TransferRight", transfer);
  ASSERT_TRUE(order);
  v1::RightsRules rules;
  rules.add_class_rules()->add_candidates(water_);
  rules.mutable_class_rules(0)->add_candidates(bureau_);
  ASSERT_TRUE(SetRules(rules));
  const uint64_t ownerless = world_.AddFacility(2, bureau_);
  MakeOwnerless(ownerless);
  v1::OfferFacilitiesRequest offer;
  offer.mutable_run()->set_request_id(NextId());
  offer.mutable_target()->set_facility(ownerless);
  ASSERT_TRUE(methods_.Stream<v1::OfferFacilitiesResponse>("RightsService/OfferFacilities", offer));
  ASSERT_TRUE(Ask(Request(v1::REORGANIZATION_KIND_MERGE, power_)));
  EXPECT_EQ(Record<v1::Order>(order->order().id()).state(), v1::ORDER_STATE_SUPERSEDED);
  EXPECT_EQ(Owning(facility_).order(), 0u);
  EXPECT_EQ(Owning(facility_).holder(), power_);
  const auto asked = Record<v1::Offer>(Owning(ownerless).offer());
  ASSERT_EQ(asked.candidates_size(), 2);
  EXPECT_EQ(asked.candidates(1).organization(), power_);
  ExpectSound();
}

TEST_F(ReorganizeTest, DryRunSaysWhatWouldBeAndTheRunIsHeldToIt) {
  auto request = Request(v1::REORGANIZATION_KIND_MERGE, power_);
  request.mutable_run()->set_dry_run(true);
  const std::string state = world_.State();
  const auto dry = Ask(request);
  ASSERT_TRUE(dry) << dry.error().message;
  EXPECT_EQ(dry->back().progress().rights(), 1u);
  EXPECT_EQ(world_.State(), state);
  request.mutable_run()->set_dry_run(false);
  request.mutable_run()->set_frozen_hash(dry->back().progress().frozen_hash());
  request.mutable_run()->set_frozen_log_size(dry->back().progress().frozen_log_size());
  world_.AddFacility(2, bureau_, water_);
  const auto changed = Ask(request);
  ASSERT_EQ(RefusalOf(changed), (Refusal{kFailed, "FILTER_RESULT_CHANGED", "run.frozen_hash"}));
  EXPECT_THAT(changed.error().message, HasSubstr("14050201001000002 (new)"));
}

TEST_F(ReorganizeTest, ARegistrarWithBoundsReorganizesNone) {
  Bound(water_);
  RefusesUnchanged([&] { return Ask(Request(v1::REORGANIZATION_KIND_MERGE, power_)); },
                   {kDenied, "SCOPE_EXCEEDED", ""});
}

struct BadReorganization {
  const char* name;
  std::function<void(v1::ReorganizeRequest&)> spoil;
  Refusal refusal;
};
void PrintTo(const BadReorganization& bad, std::ostream* out) { *out << bad.name; }
class BadReorganizationTest : public ReorganizeTest,
                              public ::testing::WithParamInterface<BadReorganization> {};

TEST_P(BadReorganizationTest, IsRefusedAndWritesNothing) {
  auto request = Request(v1::REORGANIZATION_KIND_MERGE, power_);
  GetParam().spoil(request);
  RefusesUnchanged([&] { return Ask(request); }, GetParam().refusal);
}

using R = v1::ReorganizeRequest;
const BadReorganization kBad[] = {
    {"NoRequestId",
     [](R& r) { r.mutable_run()->clear_request_id(); },
     {kInvalid, "REQUEST_ID_MISSING", "request_id"}},
    {"NoKind", [](R& r) { r.clear_kind(); }, {kInvalid, "REORGANIZATION_UNKNOWN", "kind"}},
    {"UnknownKind",
     [](R& r) { r.set_kind(static_cast<v1::ReorganizationKind>(9)); },
     {kInvalid, "REORGANIZATION_UNKNOWN", "kind"}},
    {"UnknownOrganization",
     [](R& r) { r.set_organization(4242); },
     {kNotFound, "ORGANIZATION_UNKNOWN", "organization"}},
    {"UnknownSuccessor", [](R& r) { r.set_to(4242); }, {kNotFound, "ORGANIZATION_UNKNOWN", "to"}},
    {"NoSuccessor", [](R& r) { r.clear_to(); }, {kInvalid, "SUCCESSOR_MISSING", "to"}},
    {"FollowsItself",
     [](R& r) { r.set_to(r.organization()); },
     {kInvalid, "TRANSFER_TO_HOLDER", "to"}},
    {"NoDate", [](R& r) { r.clear_date(); }, {kInvalid, "FIELD_MISSING", "date"}},
    {"BadDate", [](R& r) { r.set_date("2026-02-30"); }, {kInvalid, "DATE_MALFORMED", "date"}},
    {"NoBasis", [](R& r) { r.clear_basis(); }, {kInvalid, "BASIS_MISSING", "basis.kind"}},
    {"NewName", [](R& r) { r.set_new_name("x"); }, {kInvalid, "FIELD_NOT_FOR_STEP", "new_name"}},
    {"Filter", [](R& r) { r.mutable_filter(); }, {kInvalid, "FIELD_NOT_FOR_STEP", "filter"}},
    {"SplitFilter",
     [](R& r) {
       r.set_kind(v1::REORGANIZATION_KIND_SPLIT);
       r.mutable_filter()->add_divisions("140");
     },
     {kInvalid, "DIVISION_MALFORMED", "filter.divisions[0]"}},
    {"RenamedIntoAnother",
     [](R& r) {
       r.set_kind(v1::REORGANIZATION_KIND_RENAME);
       r.set_new_name("x");
     },
     {kInvalid, "FIELD_NOT_FOR_STEP", "to"}},
};
INSTANTIATE_TEST_SUITE_P(Requests, BadReorganizationTest, ::testing::ValuesIn(kBad),
                         [](const auto& bad) { return std::string(bad.param.name); });

}  // namespace
}  // namespace yima::server::testing
