#include "server/rights/settle.h"

#include "tests/server/rights/procedure.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;

/// Two compete, and the water company objects to the power company besides; the period is over.
class SettleTest : public ProcedureTest {
 protected:
  SettleTest() {
    As(water_manager_, kManagers);
    EXPECT_TRUE(Object(ObjectionTo(notice_, water_, facility_)));
    AsRegistrar();
  }
  v1::Right Owning() const { return world_.Facility(facility_).owning(); }

  uint64_t waters_ = Claimed(water_manager_, water_, facility_);
  uint64_t powers_ = Claimed(power_manager_, power_, facility_);
  uint64_t notice_ = Published(facility_);
};

TEST_F(SettleTest, LeavesTheOneThatItIsFor) {
  AfterPeriodOf(notice_);
  auto request = SettleOf(facility_, waters_);
  request.set_uphold_objections(true);
  request.mutable_basis()->set_kind("裁决书");
  request.mutable_basis()->set_number("7号");
  const auto answer = Settle(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->facility().uid(), facility_);
  ASSERT_EQ(Owning().claims_size(), 1);
  EXPECT_EQ(Owning().claims(0).claim(), waters_);
  EXPECT_EQ(Owning().objections(), 0);
  EXPECT_EQ(Owning().state(), v1::RIGHT_STATE_CLAIMED);
  EXPECT_EQ(Record<v1::Claim>(waters_).state(), v1::CLAIM_STATE_OPEN);
  const v1::Claim rejected = Record<v1::Claim>(powers_);
  EXPECT_EQ(rejected.state(), v1::CLAIM_STATE_REJECTED);
  EXPECT_EQ(rejected.decision().reason().value(), "移交协议在先");
  EXPECT_EQ(rejected.decision().basis().number(), "7号");
  EXPECT_EQ(rejected.decision().principal(), fmt::format("{}", registrar_));
  EXPECT_EQ(Objections()[0].state(), v1::OBJECTION_STATE_UPHELD);
  EXPECT_THAT(Findings(world_), IsEmpty());
  // Nothing else is waited for.
  ASSERT_TRUE(Confirm(ConfirmOf(facility_)));
  EXPECT_EQ(Owning().holder(), water_);
  EXPECT_EQ(Owning().state(), v1::RIGHT_STATE_CONFIRMED);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(SettleTest, ForNoneTheRightIsAsBefore) {
  AfterPeriodOf(notice_);
  ASSERT_TRUE(Settle(SettleOf(facility_, 0)));
  EXPECT_EQ(Owning().state(), v1::RIGHT_STATE_RECORDED);
  EXPECT_EQ(Owning().holder(), water_);
  EXPECT_EQ(Owning().claims_size(), 0);
  EXPECT_EQ(Record<v1::Claim>(waters_).state(), v1::CLAIM_STATE_REJECTED);
  EXPECT_EQ(Objections()[0].state(), v1::OBJECTION_STATE_DISMISSED);
  EXPECT_THAT(Findings(world_), IsEmpty());
  RefusesUnchanged([&] { return Settle(SettleOf(facility_, 0)); },
                   {kFailed, "CLAIM_MISSING", "kind"});
}

TEST_F(SettleTest, WaitsForThePeriod) {
  RefusesUnchanged([&] { return Settle(SettleOf(facility_, waters_)); },
                   {kFailed, "PERIOD_RUNNING", "facility"});
  world_now = Record<v1::Notice>(notice_).close_time_us() - 1;
  RefusesUnchanged([&] { return Settle(SettleOf(facility_, waters_)); },
                   {kFailed, "PERIOD_RUNNING", "facility"});
  ++world_now;
  EXPECT_TRUE(Settle(SettleOf(facility_, waters_)));
}

TEST_F(SettleTest, IsNotForAClaimThatNobodyCouldObjectTo) {
  AfterPeriodOf(notice_);
  const uint64_t late = world_.AddOrganization("园林局");
  const uint64_t claim = Claimed(AddPerson(late), late, facility_);
  AsRegistrar();
  RefusesUnchanged([&] { return Settle(SettleOf(facility_, claim)); },
                   {kFailed, "CLAIM_NOT_PUBLISHED", "claim"});
  ASSERT_TRUE(Settle(SettleOf(facility_, waters_)));
  EXPECT_EQ(Record<v1::Claim>(claim).state(), v1::CLAIM_STATE_REJECTED);
}

TEST_F(SettleTest, WhoClaimedOrObjectedOrBelongsToSuchDoesNotSettle) {
  AfterPeriodOf(notice_);
  for (const uint64_t party : {water_manager_, AddPerson(water_), AddPerson(power_)}) {
    As(party);
    RefusesUnchanged([&] { return Settle(SettleOf(facility_, waters_)); },
                     {kDenied, "DUTIES_NOT_SEPARATE", "facility"});
  }
  As(AddPerson(bureau_));
  EXPECT_TRUE(Settle(SettleOf(facility_, waters_)));
}

TEST_F(SettleTest, WhoseTheRightIsByTheLedgerDoesNotSettle) {
  AfterPeriodOf(notice_);
  Edit<v1::Facility>(world_, facility_, [&](auto& f) { f.mutable_owning()->set_holder(bureau_); });
  As(AddPerson(bureau_), kRegistrars);
  RefusesUnchanged([&] { return Settle(SettleOf(facility_, 0)); },
                   {kDenied, "DUTIES_NOT_SEPARATE", "facility"});
}

TEST_F(SettleTest, WhoEnteredAPaperMaySettleAndWhoseItIsMayNot) {
  auto request = OnPaper(notice_, facility_, "2026-11-24");
  request.set_organization(bureau_);
  ASSERT_TRUE(Object(request));
  AfterPeriodOf(notice_);
  As(AddPerson(bureau_));
  RefusesUnchanged([&] { return Settle(SettleOf(facility_, waters_)); },
                   {kDenied, "DUTIES_NOT_SEPARATE", "facility"});
  AsRegistrar();
  EXPECT_TRUE(Settle(SettleOf(facility_, waters_)));
}

TEST_F(SettleTest, RefusesWhatCannotBeSettled) {
  AfterPeriodOf(notice_);
  auto request = SettleOf(facility_, 4242);
  RefusesUnchanged([&] { return Settle(request); }, {kNotFound, "CLAIM_NOT_FOUND", "claim"});
  request = SettleOf(facility_, waters_);
  request.clear_reason();
  RefusesUnchanged([&] { return Settle(request); }, {kInvalid, "FIELD_MISSING", "reason"});
  request = SettleOf(facility_, waters_);
  request.clear_kind();
  RefusesUnchanged([&] { return Settle(request); }, {kInvalid, "RIGHT_KIND_UNKNOWN", "kind"});
  request = SettleOf(facility_, waters_);
  request.set_etag("1-1");
  RefusesUnchanged([&] { return Settle(request); }, {StatusCode::kAborted, "ETAG_STALE", "etag"});
  RefusesUnchanged([&] { return Settle(SettleOf(4242, waters_)); },
                   {kNotFound, "FACILITY_NOT_FOUND", "facility"});
  world_.reach = std::make_shared<Reach>();
  RefusesUnchanged([&] { return Settle(SettleOf(facility_, waters_)); },
                   {kDenied, "SCOPE_EXCEEDED", "facility"});
}

TEST_F(SettleTest, OneClaimWithoutObjectionIsConfirmedNotSettled) {
  const uint64_t other = world_.AddFacility(2, bureau_, water_);
  const uint64_t claim = Claimed(water_manager_, water_, other);
  AfterPeriodOf(Published(other));
  RefusesUnchanged([&] { return Settle(SettleOf(other, claim)); },
                   {kFailed, "NOTHING_TO_SETTLE", "claim"});
}

}  // namespace
}  // namespace yima::server::testing
