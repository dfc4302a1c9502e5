#include "server/rights/confirm_claims.h"

#include "server/domain/batch_items.h"
#include "tests/server/rights/procedure.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;

class ConfirmClaimsTest : public ProcedureTest {
 protected:
  v1::Right Owning() const { return world_.Facility(facility_).owning(); }
  void Refuses(const char* reason, StatusCode code = kFailed) {
    RefusesUnchanged([&] { return Confirm(ConfirmOf(facility_)); },
                     {code, reason, "target.facility"});
  }
  uint64_t claim_ = Claimed(power_manager_, power_, facility_);
};

TEST_F(ConfirmClaimsTest, GivesTheRightToTheClaimant) {
  PutRules([](v1::RightsRules& rules) { rules.set_publicity_days(3); });
  const uint64_t notice = Published();
  AfterPeriodOf(notice);
  const auto answers = Confirm(ConfirmOf(facility_));
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().progress().rights(), 1);
  EXPECT_EQ(Owning().state(), v1::RIGHT_STATE_CONFIRMED);
  EXPECT_EQ(Owning().holder(), power_);
  EXPECT_EQ(Owning().basis().kind(), "移交协议");
  EXPECT_EQ(Owning().valid_from(), "2026-01-01");
  EXPECT_EQ(Owning().decided_claim(), claim_);
  EXPECT_EQ(Owning().decided_notice(), notice);
  EXPECT_EQ(Owning().rules(), 1);
  EXPECT_EQ(Owning().claims_size(), 0);
  EXPECT_EQ(Owning().unclaimed_state(), v1::RIGHT_STATE_UNSPECIFIED);
  const v1::Claim claim = Record<v1::Claim>(claim_);
  EXPECT_EQ(claim.state(), v1::CLAIM_STATE_CONFIRMED);
  EXPECT_EQ(claim.decision().principal(), fmt::format("{}", registrar_));
  EXPECT_EQ(claim.decision().rules(), 1);
  EXPECT_EQ(*world_.Read()->Counter(NoticeCounter(notice, v1::CLAIM_STATE_CONFIRMED)), 1);
  EXPECT_TRUE(Record<v1::Notice>(notice).decided());
  EXPECT_THAT(Findings(world_), IsEmpty());
  const auto again = Confirm(ConfirmOf(facility_));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->back().progress().unchanged(), 1);
}

TEST_F(ConfirmClaimsTest, WaitsForTheEndOfThePeriodWhateverTheClockDoes) {
  const uint64_t notice = Published();
  Refuses("PERIOD_RUNNING");
  world_now = Record<v1::Notice>(notice).close_time_us() - 1;
  Refuses("PERIOD_RUNNING");
  // Put ahead, and back again before anything was written.
  AfterPeriodOf(notice);
  --world_now;
  Refuses("PERIOD_RUNNING");
  ++world_now;
  EXPECT_TRUE(Confirm(ConfirmOf(facility_)));
}

TEST_F(ConfirmClaimsTest, APeriodThatIsOverStaysOverWhenTheClockIsPutBack) {
  const uint64_t notice = Published();
  AfterPeriodOf(notice);
  Claimed(water_manager_, water_, world_.AddFacility(2, bureau_));
  world_now = begin_;
  AsRegistrar();
  EXPECT_TRUE(Confirm(ConfirmOf(facility_)));
}

TEST_F(ConfirmClaimsTest, WantsAPublishedClaimUnlessTheRulesDoNot) {
  AsRegistrar();
  Refuses("CLAIM_NOT_PUBLISHED");
  PutRules([](v1::RightsRules& rules) {
    auto* rule = rules.add_class_rules();
    rule->set_class_prefix("01");
    rule->set_no_publicity(true);
  });
  const uint64_t notice = Published();
  Refuses("PERIOD_RUNNING");
  v1::WithdrawNoticeRequest withdraw;
  withdraw.set_request_id("withdraw-1");
  withdraw.set_notice(notice);
  withdraw.set_reason("不必公示");
  ASSERT_TRUE(methods_.Unary<v1::WithdrawNoticeResponse>("RightsService/WithdrawNotice", withdraw));
  ASSERT_TRUE(Confirm(ConfirmOf(facility_)));
  EXPECT_EQ(Owning().decided_notice(), 0) << "it rests on no notice";
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ConfirmClaimsTest, WhoClaimedOrBelongsToTheClaimantDoesNotConfirm) {
  AfterPeriodOf(Published());
  for (const uint64_t party : {power_manager_, AddPerson(power_)}) {
    As(party);
    Refuses("DUTIES_NOT_SEPARATE", kDenied);
  }
  As(AddPerson(bureau_));
  EXPECT_TRUE(Confirm(ConfirmOf(facility_)));
}

/// Whose organization was merged into another one meanwhile, with its claims.
TEST_F(ConfirmClaimsTest, AColleagueOfWhoEnteredItDoesNotConfirmThoughTheClaimIsAnothersNow) {
  AfterPeriodOf(Published());
  Edit<v1::Claim>(world_, claim_, [&](v1::Claim& claim) { claim.set_organization(water_); });
  Edit<v1::Facility>(world_, facility_, [&](v1::Facility& facility) {
    facility.mutable_owning()->mutable_claims(0)->set_organization(water_);
  });
  for (const uint64_t party : {AddPerson(power_), AddPerson(water_)}) {
    As(party);
    Refuses("DUTIES_NOT_SEPARATE", kDenied);
  }
  AsRegistrar();
  EXPECT_TRUE(Confirm(ConfirmOf(facility_)));
}

TEST_F(ConfirmClaimsTest, TenCompetingClaimsAreSettledFirst) {
  for (int i = 0; i < 9; ++i) {
    const uint64_t organization = world_.AddOrganization(fmt::format("第{}公司", i));
    Claimed(AddPerson(organization), organization, facility_);
  }
  AfterPeriodOf(Published());
  Refuses("CLAIMS_COMPETE");
  ASSERT_TRUE(Settle(SettleOf(facility_, claim_)));
  ASSERT_TRUE(Confirm(ConfirmOf(facility_)));
  EXPECT_EQ(Owning().holder(), power_);
  EXPECT_EQ(
      *world_.Read()->Counter(NoticeCounter(Owning().decided_notice(), v1::CLAIM_STATE_REJECTED)),
      9);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ConfirmClaimsTest, ALateClaimCompetesToo) {
  const uint64_t notice = Published();
  AfterPeriodOf(notice);
  Claimed(water_manager_, water_, facility_);
  AsRegistrar();
  Refuses("CLAIMS_COMPETE");
}

TEST_F(ConfirmClaimsTest, NothingIsConfirmedWithoutAClaim) {
  AfterPeriodOf(Published());
  As(power_manager_, kManagers);
  v1::WithdrawClaimRequest withdraw;
  withdraw.set_request_id("withdraw-1");
  withdraw.set_claim(claim_);
  ASSERT_TRUE(methods_.Unary<v1::WithdrawClaimResponse>("RightsService/WithdrawClaim", withdraw));
  AsRegistrar();
  Refuses("CLAIM_MISSING");
}

TEST_F(ConfirmClaimsTest, OfAFacilityThatHasEndedNothingIsConfirmed) {
  AfterPeriodOf(Published());
  v1::RetireFacilityRequest retire;
  retire.set_request_id("retire-1");
  retire.set_facility(facility_);
  retire.set_date("2026-11-20");
  retire.mutable_basis()->set_kind("批复");
  retire.mutable_basis()->set_number("9号");
  ASSERT_TRUE(methods_.Unary<v1::RetireFacilityResponse>("RegistryService/RetireFacility", retire));
  EXPECT_EQ(Record<v1::Claim>(claim_).state(), v1::CLAIM_STATE_SUPERSEDED);
  Refuses("FACILITY_ENDED");
}

TEST_F(ConfirmClaimsTest, AClaimantThatHasEndedGetsNothing) {
  AfterPeriodOf(Published());
  ASSERT_TRUE(EndOrganization(world_, power_, v1::ORGANIZATION_STATE_MERGED));
  Refuses("ORGANIZATION_ENDED");
}

TEST_F(ConfirmClaimsTest, TheRulesSayWhoConfirmsWhatWhere) {
  PutRules([&](v1::RightsRules& rules) {
    auto* rule = rules.add_confirm_rules();
    rule->add_organizations(bureau_);
    rule->add_kinds(v1::RIGHT_KIND_OWNING);
    rule->add_class_prefixes("01");
    rule->add_divisions("1405");
  });
  AfterPeriodOf(Published());
  Refuses("RULE_FORBIDS");
  As(AddPerson(bureau_), kRegistrars);
  EXPECT_TRUE(Confirm(ConfirmOf(facility_)));
}

TEST_F(ConfirmClaimsTest, OfOneNoticeAlone) {
  const uint64_t other = world_.AddFacility(2, bureau_, water_);
  const uint64_t first = Published();
  Claimed(water_manager_, water_, other);
  const uint64_t second = Published();
  AfterPeriodOf(second);
  auto request = ConfirmOf();
  request.set_notice(first);
  const auto answers = Confirm(request);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().progress().changed(), 1);
  EXPECT_EQ(answers->back().progress().refused(), 1);
  EXPECT_EQ(world_.Facility(other).owning().state(), v1::RIGHT_STATE_CLAIMED);
  request = ConfirmOf();
  request.set_notice(4242);
  RefusesUnchanged([&] { return Confirm(request); }, {kNotFound, "NOTICE_NOT_FOUND", "notice"});
}

TEST_F(ConfirmClaimsTest, GoesOnAfterACancellationAtEachChange) {
  const uint64_t facilities = kBatchChunk + 7;
  for (uint32_t number = 2; number <= facilities; ++number) {
    world_.AddFacility(number, bureau_, water_);
  }
  As(water_manager_, kManagers);
  ASSERT_TRUE(Claim(ClaimOf(water_)));
  // One is disputed; its refusal does not keep the others.
  AfterPeriodOf(Published());
  auto request = ConfirmOf();
  request.mutable_run()->set_dry_run(true);
  const std::string state = world_.State();
  const auto dry = Confirm(request);
  ASSERT_TRUE(dry) << dry.error().message;
  EXPECT_EQ(dry->back().progress().rights(), facilities - 1);
  EXPECT_EQ(dry->back().progress().facilities(0).reason(), "CLAIMS_COMPETE");
  EXPECT_EQ(world_.State(), state);
  request.mutable_run()->set_dry_run(false);
  request.mutable_run()->set_frozen_hash(dry->back().progress().frozen_hash());
  uint64_t broken = 0;
  for (int round = 0; round < 20; ++round) {
    int asked = 0;
    const auto answers = Confirm(request, {}, [&] { return ++asked > 7; });
    if (answers) break;
    ++broken;
    EXPECT_THAT(Findings(world_), IsEmpty());
  }
  EXPECT_GT(broken, 0);
  const auto whole = Confirm(request);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->back().progress().rights(), facilities - 1);
  EXPECT_EQ(whole->back().progress().refused(), 1);
  EXPECT_EQ(OwnersInState(world_, v1::RIGHT_STATE_CONFIRMED), facilities - 1);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
