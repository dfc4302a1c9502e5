#include "server/rights/claim.h"

#include "server/domain/batch_items.h"
#include "server/rights/standing.h"
#include "tests/server/rights/procedure.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ClaimTest = ProcedureTest;

TEST_F(ClaimTest, StandsOnTheRightAndTakesNothingFromItsHolder) {
  As(power_manager_, kManagers);
  const auto answers = Claim(ClaimOf(power_, facility_));
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().progress().rights(), 1);
  const v1::Right right = world_.Facility(facility_).owning();
  EXPECT_EQ(right.state(), v1::RIGHT_STATE_CLAIMED);
  EXPECT_EQ(right.unclaimed_state(), v1::RIGHT_STATE_RECORDED);
  EXPECT_EQ(right.holder(), water_);
  ASSERT_EQ(right.claims_size(), 1);
  EXPECT_EQ(right.claims(0).organization(), power_);
  const v1::Claim claim = Record<v1::Claim>(right.claims(0).claim());
  EXPECT_EQ(claim.state(), v1::CLAIM_STATE_OPEN);
  EXPECT_EQ(claim.facility(), facility_);
  EXPECT_EQ(claim.valid_from(), "2026-01-01");
  EXPECT_EQ(claim.principal(), fmt::format("{}", power_manager_));
  EXPECT_EQ(claim.batch(), answers->back().progress().batch());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ClaimTest, ClaimsWhatNobodyHoldsAndWhatIsOwnerless) {
  const uint64_t nobodys = world_.AddFacility(2, bureau_);
  const uint64_t ownerless = world_.AddFacility(3, bureau_);
  Edit<v1::Facility>(world_, ownerless, [](v1::Facility& facility) {
    facility.mutable_owning()->set_state(v1::RIGHT_STATE_OWNERLESS);
  });
  const uint64_t claim = Claimed(water_manager_, water_, nobodys);
  Claimed(water_manager_, water_, ownerless);
  EXPECT_EQ(world_.Facility(nobodys).owning().state(), v1::RIGHT_STATE_CLAIMED);
  EXPECT_EQ(world_.Facility(nobodys).owning().holder(), 0);
  EXPECT_EQ(world_.Facility(ownerless).owning().unclaimed_state(), v1::RIGHT_STATE_OWNERLESS);
  v1::WithdrawClaimRequest request;
  request.set_request_id("withdraw-1");
  request.set_claim(claim);
  ASSERT_TRUE(methods_.Unary<v1::WithdrawClaimResponse>("RightsService/WithdrawClaim", request));
  EXPECT_FALSE(world_.Facility(nobodys).has_owning()) << "nobody's right is not made up";
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ClaimTest, TenCompeteForOneRightAndSixteenAtMost) {
  for (int i = 0; i < kClaimsMax; ++i) {
    const uint64_t organization = world_.AddOrganization(fmt::format("第{}公司", i));
    Claimed(AddPerson(organization), organization, facility_);
  }
  EXPECT_EQ(world_.Facility(facility_).owning().claims_size(), kClaimsMax);
  EXPECT_THAT(Findings(world_), IsEmpty());
  As(power_manager_, kManagers);
  RefusesUnchanged([&] { return Claim(ClaimOf(power_, facility_)); },
                   {kFailed, "CLAIMS_TOO_MANY", "target.facility"});
}

TEST_F(ClaimTest, TheSameOrganizationClaimsOnce) {
  Claimed(power_manager_, power_, facility_);
  RefusesUnchanged([&] { return Claim(ClaimOf(power_, facility_)); },
                   {kFailed, "RIGHT_CLAIMED_ALREADY", "target.facility"});
}

TEST_F(ClaimTest, OfAFacilityAllRightsAreClaimedOrNone) {
  Claimed(water_manager_, water_, facility_);
  auto request = ClaimOf(water_, facility_);
  request.mutable_target()->add_kinds(v1::RIGHT_KIND_MAINTAINING);
  RefusesUnchanged([&] { return Claim(request); },
                   {kFailed, "RIGHT_CLAIMED_ALREADY", "target.facility"});
}

TEST_F(ClaimTest, IsMadeForTheOwnOrganizationAlone) {
  As(power_manager_, kManagers);
  RefusesUnchanged([&] { return Claim(ClaimOf(water_, facility_)); },
                   {kDenied, "ORGANIZATION_NOT_OWN", "organization"});
  AsRegistrar();
  RefusesUnchanged([&] { return Claim(ClaimOf(water_, facility_)); },
                   {kDenied, "ORGANIZATION_NOT_OWN", "organization"});
}

TEST_F(ClaimTest, ByOrganizationsThatActAlone) {
  As(power_manager_, kManagers);
  RefusesUnchanged([&] { return Claim(ClaimOf(4242, facility_)); },
                   {kNotFound, "ORGANIZATION_UNKNOWN", "organization"});
  ASSERT_TRUE(EndOrganization(world_, power_));
  RefusesUnchanged([&] { return Claim(ClaimOf(power_, facility_)); },
                   {kFailed, "ORGANIZATION_ENDED", "organization"});
  auto all = ClaimOf(power_);
  RefusesUnchanged([&] { return Claim(all); }, {kFailed, "ORGANIZATION_ENDED", "organization"});
}

TEST_F(ClaimTest, WhatIsConfirmedOfferedOrUnderAnOrderIsNotClaimed) {
  As(power_manager_, kManagers);
  const auto refuses = [&](const std::function<void(v1::Right&)>& change, const char* reason) {
    Edit<v1::Facility>(world_, facility_, [&](auto& f) { change(*f.mutable_owning()); });
    RefusesUnchanged([&] { return Claim(ClaimOf(power_, facility_)); },
                     {kFailed, reason, "target.facility"});
  };
  refuses([](v1::Right& right) { right.set_order(7); }, "ORDER_ALREADY");
  AddOffer(world_now + kDayUs);
  refuses(
      [](v1::Right& right) {
        right.clear_order();
        right.set_offer(7);
      },
      "OFFER_OPEN");
  refuses([](v1::Right& right) { right.set_state(v1::RIGHT_STATE_CONFIRMED); }, "RIGHT_CONFIRMED");
}

TEST_F(ClaimTest, AnOfferThatIsOverMakesWayForAClaim) {
  AddOffer(world_now - 1);
  Edit<v1::Facility>(world_, facility_, [](auto& f) { f.mutable_owning()->set_offer(7); });
  As(power_manager_, kManagers);
  const auto claimed = Claim(ClaimOf(power_, facility_));
  ASSERT_TRUE(claimed) << claimed.error().message;
  EXPECT_EQ(world_.Facility(facility_).owning().offer(), 0U);
  EXPECT_EQ(Get<v1::Offer>(*world_.Read(), 7).value()->record.state(), v1::OFFER_STATE_ENDED);
}

TEST_F(ClaimTest, WhatHasEndedIsNotClaimed) {
  Edit<v1::Facility>(world_, facility_, [](auto& f) { f.set_life(v1::LIFE_SCRAPPED); });
  As(power_manager_, kManagers);
  RefusesUnchanged([&] { return Claim(ClaimOf(power_, facility_)); },
                   {kFailed, "FACILITY_ENDED", "target.facility"});
}

struct BadClaim {
  const char* name;
  std::function<void(v1::ClaimRightsRequest&)> spoil;
  Refusal refusal;
};
void PrintTo(const BadClaim& bad, std::ostream* out) { *out << bad.name; }
class BadClaimTest : public ProcedureTest, public ::testing::WithParamInterface<BadClaim> {};

TEST_P(BadClaimTest, IsRefusedAndWritesNothing) {
  As(power_manager_, kManagers);
  for (const uint64_t facility : {facility_, uint64_t{0}}) {
    auto request = ClaimOf(power_, facility);
    GetParam().spoil(request);
    RefusesUnchanged([&] { return Claim(request); }, GetParam().refusal);
  }
}

using Request = v1::ClaimRightsRequest;
const BadClaim kBad[] = {
    {"NoRequestId",
     [](Request& r) { r.mutable_run()->clear_request_id(); },
     {kInvalid, "REQUEST_ID_MISSING", "request_id"}},
    {"NoTarget",
     [](Request& r) { r.mutable_target()->clear_target(); },
     {kInvalid, "TARGET_MISSING", "target"}},
    {"NoKinds",
     [](Request& r) { r.mutable_target()->clear_kinds(); },
     {kInvalid, "RIGHT_KIND_MISSING", "target.kinds"}},
    {"KindTwice",
     [](Request& r) { r.mutable_target()->add_kinds(v1::RIGHT_KIND_OWNING); },
     {kInvalid, "RIGHT_KIND_TWICE", "target.kinds[1]"}},
    {"NoBasis", [](Request& r) { r.clear_basis(); }, {kInvalid, "BASIS_MISSING", "basis.kind"}},
    {"NoNumber",
     [](Request& r) { r.mutable_basis()->clear_number(); },
     {kInvalid, "BASIS_MISSING", "basis.number"}},
    {"NoDate",
     [](Request& r) { r.set_valid_from("2026-13-01"); },
     {kInvalid, "DATE_MALFORMED", "valid_from"}},
    {"EndsBeforeItBegins",
     [](Request& r) { r.set_valid_until("2025-12-31"); },
     {kInvalid, "RIGHT_INVALID", "valid_until"}},
};
INSTANTIATE_TEST_SUITE_P(All, BadClaimTest, ::testing::ValuesIn(kBad),
                         [](const auto& each) { return each.param.name; });

TEST_F(ClaimTest, FacilityThatThereIsNotIsNotFound) {
  As(power_manager_, kManagers);
  RefusesUnchanged([&] { return Claim(ClaimOf(power_, 4242)); },
                   {kNotFound, "FACILITY_NOT_FOUND", "target.facility"});
}

TEST_F(ClaimTest, ReachIsOfDivisionsAlone) {
  auto reach = std::make_shared<Reach>();
  v1::Grant grant;
  grant.add_divisions("140502");
  grant.add_organizations(power_);
  reach->Add(grant);
  world_.reach = reach;
  EXPECT_FALSE(reach->Covers(world_.Facility(facility_))) << "by the ledger it is another's";
  Claimed(power_manager_, power_, facility_);
  EXPECT_FALSE(reach->Covers(world_.Facility(facility_))) << "a claim widens no reach";
  Edit<v1::Facility>(world_, facility_, [](auto& f) { f.set_division("140521"); });
  As(power_manager_, kManagers);
  RefusesUnchanged([&] { return Claim(ClaimOf(power_, facility_)); },
                   {kDenied, "SCOPE_EXCEEDED", "target.facility"});
}

TEST_F(ClaimTest, AFacilityThatIsRefusedDoesNotKeepTheOthers) {
  const uint64_t other = world_.AddFacility(2, bureau_, water_);
  Claimed(power_manager_, power_, facility_);
  const auto answers = Claim(ClaimOf(power_));
  ASSERT_TRUE(answers) << answers.error().message;
  const auto& end = answers->back().progress();
  EXPECT_EQ(end.total(), 2);
  EXPECT_EQ(end.changed(), 1);
  EXPECT_EQ(end.refused(), 1);
  ASSERT_EQ(answers->front().progress().facilities_size(), 1);
  EXPECT_EQ(answers->front().progress().facilities(0).facility(), facility_);
  EXPECT_EQ(answers->front().progress().facilities(0).reason(), "RIGHT_CLAIMED_ALREADY");
  EXPECT_EQ(world_.Facility(other).owning().claims_size(), 1);
}

TEST_F(ClaimTest, DryRunWritesNothingAndFreezesWhatTheRunDoes) {
  const uint64_t other = world_.AddFacility(2, bureau_, water_);
  As(power_manager_, kManagers);
  auto request = ClaimOf(power_);
  request.mutable_run()->set_dry_run(true);
  const std::string state = world_.State();
  const auto dry = Claim(request);
  ASSERT_TRUE(dry) << dry.error().message;
  EXPECT_EQ(world_.State(), state);
  EXPECT_EQ(dry->back().progress().rights(), 2);
  request.mutable_run()->set_dry_run(false);
  request.mutable_run()->set_frozen_hash(dry->back().progress().frozen_hash());
  request.mutable_run()->set_frozen_log_size(dry->back().progress().frozen_log_size());
  Edit<v1::Facility>(world_, other, [](auto& f) { f.set_address("moved"); });
  const auto changed = Claim(request);
  EXPECT_EQ(RefusalOf(changed), (Refusal{kFailed, "FILTER_RESULT_CHANGED", "run.frozen_hash"}));
  EXPECT_THAT(changed.error().message, HasSubstr("14050201001000002 (changed)"));
}

TEST_F(ClaimTest, GoesOnAfterACancellationAtEachChunk) {
  const uint64_t facilities = 2 * kBatchChunk + 7;
  for (uint32_t number = 2; number <= facilities; ++number) {
    world_.AddFacility(number, bureau_, water_);
  }
  As(power_manager_, kManagers);
  const auto request = ClaimOf(power_);
  for (uint64_t chunk = 1; chunk <= 2; ++chunk) {
    bool stop = false;
    const auto broken = Claim(
        request,
        [&](const v1::ClaimRightsResponse& answer) -> Result<void> {
          stop = answer.progress().done() >= chunk * kBatchChunk;
          return {};
        },
        [&] { return stop; });
    EXPECT_EQ(RefusalOf(broken), (Refusal{StatusCode::kUnavailable, "CALL_ENDED", ""}));
  }
  const auto whole = Claim(request);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->back().progress().rights(), facilities);
  EXPECT_EQ(OwnersInState(world_, v1::RIGHT_STATE_CLAIMED), facilities);
  EXPECT_THAT(Findings(world_), IsEmpty());
  const std::string state = world_.State();
  const auto again = Claim(request);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->back().SerializeAsString(), whole->back().SerializeAsString());
  EXPECT_EQ(world_.State(), state);
}

class WithdrawClaimTest : public ProcedureTest {
 protected:
  Result<v1::WithdrawClaimResponse> Withdraw(uint64_t claim) {
    v1::WithdrawClaimRequest request;
    request.set_request_id(NextId());
    request.set_claim(claim);
    request.set_reason("误报");
    return methods_.Unary<v1::WithdrawClaimResponse>("RightsService/WithdrawClaim", request);
  }
  uint64_t claim_ = Claimed(power_manager_, power_, facility_);
};

TEST_F(WithdrawClaimTest, LeavesTheRightAsItWas) {
  const auto answer = Withdraw(claim_);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->claim().state(), v1::CLAIM_STATE_WITHDRAWN);
  EXPECT_EQ(answer->claim().decision().reason().value(), "误报");
  EXPECT_EQ(answer->claim().decision().reason().salt(), "");
  const v1::Right right = world_.Facility(facility_).owning();
  EXPECT_EQ(right.state(), v1::RIGHT_STATE_RECORDED);
  EXPECT_EQ(right.unclaimed_state(), v1::RIGHT_STATE_UNSPECIFIED);
  EXPECT_EQ(right.claims_size(), 0);
  EXPECT_THAT(Findings(world_), IsEmpty());
  RefusesUnchanged([&] { return Withdraw(claim_); }, {kFailed, "CLAIM_ENDED", "claim"});
}

TEST_F(WithdrawClaimTest, LeavesOtherClaims) {
  Claimed(water_manager_, water_, facility_);
  As(power_manager_, kManagers);
  ASSERT_TRUE(Withdraw(claim_));
  const v1::Right right = world_.Facility(facility_).owning();
  EXPECT_EQ(right.state(), v1::RIGHT_STATE_CLAIMED);
  ASSERT_EQ(right.claims_size(), 1);
  EXPECT_EQ(right.claims(0).organization(), water_);
}

TEST_F(WithdrawClaimTest, IsTheClaimantsAlone) {
  As(water_manager_, kManagers);
  RefusesUnchanged([&] { return Withdraw(claim_); }, {kDenied, "ORGANIZATION_NOT_OWN", "claim"});
  RefusesUnchanged([&] { return Withdraw(4242); }, {kNotFound, "CLAIM_NOT_FOUND", "claim"});
  As(power_manager_, kManagers);
  Edit<v1::Claim>(world_, claim_, [](v1::Claim& claim) { claim.set_order(7); });
  RefusesUnchanged([&] { return Withdraw(claim_); }, {kFailed, "CLAIM_BY_ORDER", "claim"});
}

TEST_F(WithdrawClaimTest, EndsTheObjectionsToIt) {
  const uint64_t notice = Published(facility_);
  As(water_manager_, kManagers);
  ASSERT_TRUE(Object(ObjectionTo(notice, water_, facility_)));
  As(power_manager_, kManagers);
  ASSERT_TRUE(Withdraw(claim_));
  EXPECT_EQ(world_.Facility(facility_).owning().objections(), 0);
  world_.roles = kRegistrars;
  ASSERT_EQ(Objections().size(), 1);
  EXPECT_EQ(Objections()[0].state(), v1::OBJECTION_STATE_SUPERSEDED);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ClaimTest, ListShowsWhatLiesWithinTheReachAndTheOwn) {
  const uint64_t waters = Claimed(water_manager_, water_, facility_);
  const uint64_t powers = Claimed(power_manager_, power_, facility_);
  const auto listed = [&](const v1::ListClaimsRequest& request) {
    std::vector<uint64_t> claims;
    const auto list = methods_.Unary<v1::ListClaimsResponse>("RightsService/ListClaims", request);
    EXPECT_TRUE(list);
    if (list) {
      for (const auto& claim : list->claims()) claims.push_back(claim.id());
    }
    return claims;
  };
  v1::ListClaimsRequest request;
  request.set_facility(facility_);
  EXPECT_THAT(listed(request), ElementsAre(waters, powers));
  request.set_organization(power_);
  EXPECT_THAT(listed(request), ElementsAre(powers));
  request.add_states(v1::CLAIM_STATE_CONFIRMED);
  EXPECT_THAT(listed(request), IsEmpty());
  world_.reach = std::make_shared<Reach>();
  EXPECT_THAT(listed({}), ElementsAre(powers));
  request.add_states(static_cast<v1::ClaimState>(77));
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::ListClaimsResponse>("RightsService/ListClaims", request)),
            (Refusal{kInvalid, "ENUM_UNKNOWN", "states[1]"}));
}

}  // namespace
}  // namespace yima::server::testing
