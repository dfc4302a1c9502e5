#include "server/rights/object.h"

#include "server/rights/end_rights.h"
#include "tests/server/rights/procedure.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The power company claims what the ledger gives to the water company; the notice is open.
class ObjectTest : public ProcedureTest {
 protected:
  Result<v1::WithdrawObjectionResponse> Withdraw(uint64_t objection) {
    v1::WithdrawObjectionRequest request;
    request.set_request_id(NextId());
    request.set_objection(objection);
    return methods_.Unary<v1::WithdrawObjectionResponse>("RightsService/WithdrawObjection",
                                                         request);
  }
  uint32_t Open() const { return world_.Facility(facility_).owning().objections(); }

  uint64_t claim_ = Claimed(power_manager_, power_, facility_);
  uint64_t notice_ = Published(facility_);
};

TEST_F(ObjectTest, IsNotLostWhenAnotherTouchesTheFacility) {
  As(water_manager_, kManagers);
  int edits = 0;
  const auto answers = methods_.Stream<v1::ObjectToClaimsResponse>(
      "RightsService/ObjectToClaims", ObjectionTo(notice_, water_), {}, [&] {
        Edit<v1::Facility>(world_, facility_,
                           [&](auto& f) { f.set_address(fmt::format("{}号", ++edits)); });
        return false;
      });
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_GT(edits, 1);
  EXPECT_EQ(answers->back().progress().moved(), 0);
  EXPECT_EQ(Open(), 1);
}

TEST_F(ObjectTest, StandsAgainstTheClaim) {
  As(water_manager_, kManagers);
  const auto answers = Object(ObjectionTo(notice_, water_, facility_));
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().progress().rights(), 1);
  EXPECT_EQ(Open(), 1);
  ASSERT_EQ(Objections().size(), 1);
  const v1::Objection objection = Objections()[0];
  EXPECT_EQ(objection.state(), v1::OBJECTION_STATE_OPEN);
  EXPECT_EQ(objection.organization(), water_);
  EXPECT_EQ(objection.notice(), notice_);
  EXPECT_EQ(objection.reasons().value(), "我单位于二〇一九年投资建设");
  EXPECT_EQ(objection.reasons().salt(), "");
  EXPECT_EQ(objection.principal_organization(), water_);
  EXPECT_EQ(*world_.Read()->Counter(ObjectionCounter(notice_)), 1);
  EXPECT_THAT(Findings(world_), IsEmpty());
  AfterPeriodOf(notice_);
  AsRegistrar();
  RefusesUnchanged([&] { return Confirm(ConfirmOf(facility_)); },
                   {kFailed, "OBJECTION_OPEN", "target.facility"});
}

TEST_F(ObjectTest, IsTakenWithinThePeriodAlone) {
  As(water_manager_, kManagers);
  const auto object = [&] { return Object(ObjectionTo(notice_, water_, facility_)); };
  const Refusal not_open{kFailed, "NOTICE_NOT_OPEN", "notice"};
  AfterPeriodOf(notice_);
  RefusesUnchanged(object, not_open);
  // A clock that is put back opens it again only as long as nothing was written since.
  Claimed(water_manager_, water_, world_.AddFacility(2, bureau_));
  --world_now;
  RefusesUnchanged(object, not_open);
}

TEST_F(ObjectTest, IsTakenInTheLastMomentOfThePeriod) {
  As(water_manager_, kManagers);
  world_now = Record<v1::Notice>(notice_).close_time_us() - 1;
  EXPECT_TRUE(Object(ObjectionTo(notice_, water_, facility_)));
}

TEST_F(ObjectTest, IsTakenBeforeNoNoticeOpens) {
  As(water_manager_, kManagers);
  Edit<v1::Notice>(world_, notice_, [](v1::Notice& n) { n.set_state(v1::NOTICE_STATE_DRAFT); });
  RefusesUnchanged([&] { return Object(ObjectionTo(notice_, water_, facility_)); },
                   {kFailed, "NOTICE_NOT_OPEN", "notice"});
  Edit<v1::Notice>(world_, notice_, [](v1::Notice& n) { n.set_state(v1::NOTICE_STATE_WITHDRAWN); });
  RefusesUnchanged([&] { return Object(ObjectionTo(notice_, water_, facility_)); },
                   {kFailed, "NOTICE_NOT_OPEN", "notice"});
  RefusesUnchanged([&] { return Object(ObjectionTo(4242, water_, facility_)); },
                   {kNotFound, "NOTICE_NOT_FOUND", "notice"});
}

TEST_F(ObjectTest, PaperCountsByTheDayOnWhichItCameIn) {
  AsRegistrar();
  AfterPeriodOf(notice_);
  world_now += kDayUs;
  const auto on = [&](const std::string& day) {
    return [&, day] { return Object(OnPaper(notice_, facility_, day)); };
  };
  RefusesUnchanged(on("2026-11-23"), {kFailed, "NOTICE_NOT_OPEN", "received_on"});
  RefusesUnchanged(on("2026-12-10"), {kFailed, "NOTICE_NOT_OPEN", "received_on"});
  RefusesUnchanged(on("2026-12-31"), {kInvalid, "DATE_IN_FUTURE", "received_on"});
  RefusesUnchanged(on("2026-12"), {kInvalid, "DATE_MALFORMED", "received_on"});
  const auto answers = on("2026-12-09")();
  ASSERT_TRUE(answers) << answers.error().message;
  ASSERT_EQ(Objections().size(), 1);
  EXPECT_EQ(Objections()[0].person().value(), "李某某");
  EXPECT_EQ(Objections()[0].received_on(), "2026-12-09");
  RefusesUnchanged(on("2026-12-09"), {kFailed, "OBJECTION_ALREADY", "target.facility"});
}

TEST_F(ObjectTest, PaperIsNotEnteredOnceTheRightIsDecided) {
  AsRegistrar();
  AfterPeriodOf(notice_);
  ASSERT_TRUE(Confirm(ConfirmOf(facility_)));
  RefusesUnchanged([&] { return Object(OnPaper(notice_, facility_, "2026-12-01")); },
                   {kFailed, "CLAIM_MISSING", "target.facility"});
}

TEST_F(ObjectTest, SomebodyObjectsAndForReasons) {
  AsRegistrar();
  auto request = OnPaper(notice_, facility_, "2026-11-24");
  request.clear_person();
  RefusesUnchanged([&] { return Object(request); }, {kInvalid, "OBJECTOR_MISSING", "organization"});
  request = OnPaper(notice_, facility_, "2026-11-24");
  request.clear_reasons();
  RefusesUnchanged([&] { return Object(request); }, {kInvalid, "FIELD_MISSING", "reasons"});
  request.set_reasons(std::string(1001, 'x'));
  RefusesUnchanged([&] { return Object(request); }, {kInvalid, "FIELD_TOO_LONG", "reasons"});
  request = OnPaper(notice_, facility_, "2026-11-24");
  request.mutable_basis()->set_kind("合同");
  RefusesUnchanged([&] { return Object(request); }, {kInvalid, "BASIS_MISSING", "basis.number"});
  RefusesUnchanged([&] { return Object(ObjectionTo(notice_, water_, facility_)); },
                   {kInvalid, "FIELD_MISSING", "received_on"});
  request = OnPaper(notice_, facility_, "2026-11-24");
  request.set_organization(4242);
  RefusesUnchanged([&] { return Object(request); },
                   {kNotFound, "ORGANIZATION_UNKNOWN", "organization"});
}

TEST_F(ObjectTest, ManagersObjectForTheOwnOrganizationAlone) {
  As(water_manager_, kManagers);
  RefusesUnchanged([&] { return Object(ObjectionTo(notice_, bureau_, facility_)); },
                   {kDenied, "ORGANIZATION_NOT_OWN", "organization"});
  RefusesUnchanged([&] { return Object(OnPaper(notice_, facility_, "2026-11-24")); },
                   {kDenied, "ROLE_MISSING", "received_on"});
  ASSERT_TRUE(Object(ObjectionTo(notice_, water_, facility_)));
  RefusesUnchanged([&] { return Object(ObjectionTo(notice_, water_, facility_)); },
                   {kFailed, "OBJECTION_ALREADY", "target.facility"});
}

TEST_F(ObjectTest, IsAgainstWhatTheNoticeLists) {
  const uint64_t other = world_.AddFacility(2, bureau_, power_);
  Claimed(power_manager_, power_, other);
  As(water_manager_, kManagers);
  RefusesUnchanged([&] { return Object(ObjectionTo(notice_, water_, other)); },
                   {kFailed, "CLAIM_MISSING", "target.facility"});
  const auto all = Object(ObjectionTo(notice_, water_));
  ASSERT_TRUE(all);
  EXPECT_EQ(all->back().progress().changed(), 1);
  EXPECT_EQ(all->back().progress().refused(), 1);
}

TEST_F(ObjectTest, NoMoreOfThemThanOneChangeCanSettle) {
  Edit<v1::Facility>(world_, facility_,
                     [](auto& f) { f.mutable_owning()->set_objections(kObjectionsMax); });
  As(water_manager_, kManagers);
  RefusesUnchanged([&] { return Object(ObjectionTo(notice_, water_, facility_)); },
                   {kFailed, "OBJECTIONS_TOO_MANY", "target.facility"});
}

TEST_F(ObjectTest, NoPersonalWordStandsInTheLogOrInTheBatch) {
  AsRegistrar();
  const auto answers = Object(OnPaper(notice_, facility_, "2026-11-24"));
  ASSERT_TRUE(answers) << answers.error().message;
  const auto snapshot = world_.Read();
  EXPECT_TRUE(snapshot->ScanLog(0, [](const store::LogRecord& record) {
    EXPECT_THAT(std::string(record.entry), Not(HasSubstr("李某某")));
    EXPECT_THAT(std::string(record.entry), Not(HasSubstr("13800000000")));
    EXPECT_THAT(std::string(record.entry), Not(HasSubstr("投资建设")));
    return true;
  }));
  const auto batch = *Get<v1::Batch>(*snapshot, answers->back().progress().batch());
  ASSERT_TRUE(batch);
  EXPECT_THAT(batch->record.request(), Not(HasSubstr("李某某")));
  EXPECT_THAT(batch->record.request(), Not(HasSubstr("投资建设")));
}

TEST_F(ObjectTest, ItsWordsAreErasedByTheRegistrar) {
  AsRegistrar();
  ASSERT_TRUE(Object(OnPaper(notice_, facility_, "2026-11-24")));
  v1::EraseValuesRequest request;
  request.set_request_id("erase-1");
  request.set_objection(Objections()[0].id());
  for (const char* value : {"person", "contact", "reasons"}) request.add_values(value);
  const auto erased =
      methods_.Unary<v1::EraseValuesResponse>("RegistryService/EraseValues", request);
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_EQ(erased->objection().person().value(), "");
  const auto read = *Get<v1::Objection>(*world_.Read(), request.objection());
  EXPECT_EQ(read->record.person().value(), "");
  EXPECT_EQ(read->record.person().salt(), "");
  EXPECT_EQ(read->record.person().hash().size(), 32);
  EXPECT_EQ(read->record.reasons().value(), "");
  EXPECT_THAT(Findings(world_), IsEmpty());
  request.set_request_id("erase-2");
  request.set_values(0, "remark");
  EXPECT_EQ(
      RefusalOf(methods_.Unary<v1::EraseValuesResponse>("RegistryService/EraseValues", request)),
      (Refusal{kInvalid, "VALUE_UNKNOWN", "values[0]"}));
  request.set_values(0, "decision.reason");
  EXPECT_EQ(
      RefusalOf(methods_.Unary<v1::EraseValuesResponse>("RegistryService/EraseValues", request)),
      (Refusal{kNotFound, "VALUE_NOT_FOUND", "values[0]"}));
  request.set_objection(4242);
  EXPECT_EQ(
      RefusalOf(methods_.Unary<v1::EraseValuesResponse>("RegistryService/EraseValues", request)),
      (Refusal{kNotFound, "OBJECTION_NOT_FOUND", "objection"}));
}

TEST_F(ObjectTest, IsWithdrawnByWhoObjectedAlone) {
  As(water_manager_, kManagers);
  ASSERT_TRUE(Object(ObjectionTo(notice_, water_, facility_)));
  const uint64_t objection = Objections()[0].id();
  As(power_manager_, kManagers);
  RefusesUnchanged([&] { return Withdraw(objection); },
                   {kDenied, "ORGANIZATION_NOT_OWN", "objection"});
  As(water_manager_, kManagers);
  const auto answer = Withdraw(objection);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->objection().state(), v1::OBJECTION_STATE_WITHDRAWN);
  EXPECT_EQ(Open(), 0);
  RefusesUnchanged([&] { return Withdraw(objection); }, {kFailed, "OBJECTION_ENDED", "objection"});
  RefusesUnchanged([&] { return Withdraw(4242); }, {kNotFound, "OBJECTION_NOT_FOUND", "objection"});
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ObjectTest, PersonsAreShownToRegistrarsAlone) {
  AsRegistrar();
  ASSERT_TRUE(Object(OnPaper(notice_, facility_, "2026-11-24")));
  As(power_manager_, kManagers);
  world_.reach = std::make_shared<Reach>();
  ASSERT_EQ(Objections().size(), 1) << "it is against the own claim";
  EXPECT_FALSE(Objections()[0].has_person());
  EXPECT_FALSE(Objections()[0].has_contact());
  EXPECT_TRUE(Objections()[0].has_reasons());
  As(water_manager_, kManagers);
  EXPECT_THAT(Objections(), IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
