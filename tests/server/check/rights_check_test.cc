#include "server/check/rights_check.h"

#include "tests/server/rights/procedure.h"

namespace yima::server::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A published claim with an objection, and a right that was confirmed, each falsified in one way
/// as no rule would do it: with its entry in the log.
class RightsCheckTest : public ProcedureTest {
 protected:
  RightsCheckTest() {
    Claimed(water_manager_, water_, confirmed_);
    const uint64_t first = Published(confirmed_);
    AfterPeriodOf(first);
    EXPECT_TRUE(ProcedureTest::Confirm(ConfirmOf(confirmed_)));
    claim_ = Claimed(power_manager_, power_, facility_);
    notice_ = Published(facility_);
    As(water_manager_, kManagers);
    EXPECT_TRUE(Object(ObjectionTo(notice_, water_, facility_)));
    EXPECT_THAT(Findings(world_), IsEmpty());
  }
  void Falsify(uint64_t facility, const std::function<void(v1::Right&)>& change) {
    EXPECT_TRUE(
        Edit<v1::Facility>(world_, facility, [&](auto& f) { change(*f.mutable_owning()); }));
  }

  uint64_t confirmed_ = world_.AddFacility(2, bureau_);
  uint64_t claim_ = 0;
  uint64_t notice_ = 0;
};

TEST_F(RightsCheckTest, ARowThatWasChangedByHandIsFound) {
  const auto read = *Get<v1::Facility>(*world_.Read(), confirmed_);
  v1::Facility changed = read->record;
  changed.mutable_owning()->set_holder(power_);
  // As somebody with the database does it: the log, terms and counters say what they said.
  ChangeWriter writer(world_.call("test"), "");
  writer.Replace(confirmed_, read->revision, read->record, read->record);
  store::Change change = writer.Take();
  change.puts[0].bytes = changed.SerializeAsString();
  ASSERT_TRUE(std::holds_alternative<store::Committed>(
      store::ApplyAndWait(world_.store(), std::move(change))));
  EXPECT_THAT(Findings(world_),
              AllOf(Contains(HasSubstr("differs from its last log entry")),
                    Contains(AllOf(HasSubstr("right OWNING"), HasSubstr("was confirmed for")))));
}

TEST_F(RightsCheckTest, AnOpenClaimThatStandsNowhereIsFound) {
  Falsify(facility_, [](v1::Right& right) {
    right.clear_claims();
    right.set_state(v1::RIGHT_STATE_RECORDED);
  });
  EXPECT_THAT(Findings(world_), ElementsAre(AllOf(HasSubstr("claim"), HasSubstr("is open"),
                                                  HasSubstr("does not stand"))));
}

TEST_F(RightsCheckTest, AStandingClaimThatIsNotOpenOrAnothersIsFound) {
  Edit<v1::Claim>(world_, claim_, [](auto& claim) { claim.set_state(v1::CLAIM_STATE_REJECTED); });
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("is not what right OWNING")));
  Falsify(facility_, [](v1::Right& right) { right.mutable_claims(0)->set_claim(4242); });
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("names claim 4242, which has no record")));
}

TEST_F(RightsCheckTest, AStandingClaimThatSaysSomethingElseIsFound) {
  const auto differs = Contains(HasSubstr("is not what right OWNING"));
  const uint64_t claimant = power_;
  Falsify(facility_, [&](auto& right) { right.mutable_claims(0)->set_organization(water_); });
  EXPECT_THAT(Findings(world_), differs);
  Falsify(facility_, [&](auto& right) { right.mutable_claims(0)->set_organization(claimant); });
  EXPECT_THAT(Findings(world_), IsEmpty());
  Falsify(facility_, [](auto& right) { right.mutable_claims(0)->set_notice(0); });
  EXPECT_THAT(Findings(world_), differs);
  Falsify(facility_, [&](auto& right) { right.mutable_claims(0)->set_notice(notice_); });
  Edit<v1::Claim>(world_, claim_, [&](auto& claim) { claim.set_facility(confirmed_); });
  EXPECT_THAT(Findings(world_), differs);
  Edit<v1::Claim>(world_, claim_, [&](auto& claim) {
    claim.set_facility(facility_);
    claim.set_kind(v1::RIGHT_KIND_MAINTAINING);
  });
  EXPECT_THAT(Findings(world_), differs);
}

TEST_F(RightsCheckTest, AStateWithoutClaimsAndClaimsWithoutItAreFound) {
  Falsify(facility_, [](v1::Right& right) { right.set_state(v1::RIGHT_STATE_RECORDED); });
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("RIGHT_STATE_RECORDED with 1 claims")));
}

TEST_F(RightsCheckTest, ObjectionsThatAreNotCountedAreFound) {
  Falsify(facility_, [](v1::Right& right) { right.set_objections(0); });
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("counts none")));
  Falsify(facility_, [](v1::Right& right) { right.set_objections(2); });
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("counts 2 objections, but 1 are open")));
}

TEST_F(RightsCheckTest, ANoticeOfAnotherNumberIsFound) {
  Edit<v1::Notice>(world_, notice_, [](v1::Notice& notice) { notice.set_claims(7); });
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("lists 1 claims, but says 7")));
}

TEST_F(RightsCheckTest, WhoFollowedTheClaimantHoldsItRightly) {
  Edit<v1::Organization>(world_, water_, [&](v1::Organization& organization) {
    organization.set_state(v1::ORGANIZATION_STATE_MERGED);
    organization.add_successors(power_);
  });
  Falsify(confirmed_, [&](v1::Right& right) { right.set_holder(power_); });
  EXPECT_THAT(Findings(world_), IsEmpty());
  Falsify(confirmed_, [&](v1::Right& right) { right.set_holder(bureau_); });
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("was confirmed for")));
}

TEST_F(RightsCheckTest, WordsThatAreNotTheirHashAreFound) {
  AfterPeriodOf(notice_);
  AsRegistrar();
  ASSERT_TRUE(Settle(SettleOf(facility_, 0)));
  Edit<v1::Claim>(world_, claim_, [](v1::Claim& claim) {
    claim.mutable_decision()->mutable_reason()->set_value("别的理由");
  });
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("decision.reason of claim")));
}

}  // namespace
}  // namespace yima::server::testing
