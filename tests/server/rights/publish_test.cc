#include "server/rights/publish.h"

#include "server/domain/batch_items.h"
#include "tests/server/rights/procedure.h"

namespace yima::server::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PublishTest : public ProcedureTest {
 protected:
  Result<v1::WithdrawNoticeResponse> Withdraw(uint64_t notice) {
    v1::WithdrawNoticeRequest request;
    request.set_request_id(NextId());
    request.set_notice(notice);
    request.set_reason("名单有误");
    return methods_.Unary<v1::WithdrawNoticeResponse>("RightsService/WithdrawNotice", request);
  }
  /// More facilities than two chunks hold, all claimed.
  void ClaimMany() {
    for (uint32_t number = 2; number <= kMany; ++number) {
      world_.AddFacility(number, bureau_, water_);
    }
    As(water_manager_, kManagers);
    EXPECT_TRUE(Claim(ClaimOf(water_)));
    AsRegistrar();
  }
  /// Breaks off once so many are done.
  Result<std::vector<v1::PublishClaimsResponse>> BreakAfter(const v1::PublishClaimsRequest& request,
                                                            uint64_t done) {
    bool stop = false;
    return Publish(
        request,
        [&](const v1::PublishClaimsResponse& answer) -> Result<void> {
          stop = answer.progress().done() >= done;
          return {};
        },
        [&] { return stop; });
  }
  static constexpr uint64_t kMany = 2 * kBatchChunk + 7;
};

TEST_F(PublishTest, OpensANoticeOfAllClaimsAtOneMoment) {
  const uint64_t waters = Claimed(water_manager_, water_, facility_);
  const uint64_t powers = Claimed(power_manager_, power_, facility_);
  AsRegistrar();
  const auto answers = Publish(PublishOf());
  ASSERT_TRUE(answers) << answers.error().message;
  const v1::Notice& notice = answers->back().notice();
  EXPECT_EQ(notice.id(), answers->back().progress().batch());
  EXPECT_EQ(notice.kind(), v1::NOTICE_KIND_CLAIMS);
  EXPECT_EQ(notice.state(), v1::NOTICE_STATE_OPEN);
  EXPECT_EQ(notice.title(), "2026年第一批确权公示");
  EXPECT_EQ(notice.source(), "division 140502");
  EXPECT_EQ(notice.facilities(), 1);
  EXPECT_EQ(notice.claims(), 2);
  EXPECT_EQ(notice.days(), 15);
  EXPECT_EQ(notice.first_day(), "2026-11-24");
  EXPECT_EQ(notice.last_day(), "2026-12-09");
  EXPECT_EQ(notice.open_time_us(), world_now);
  EXPECT_EQ(notice.close_time_us(), *ParseTime("2026-12-09T16:00:00Z")) << "midnight in China";
  for (const uint64_t claim : {waters, powers}) {
    EXPECT_EQ(Record<v1::Claim>(claim).notice(), notice.id());
    EXPECT_EQ(Record<v1::Claim>(claim).state(), v1::CLAIM_STATE_OPEN);
  }
  const v1::Facility facility = world_.Facility(facility_);
  for (const auto& standing : facility.owning().claims()) {
    EXPECT_EQ(standing.notice(), notice.id());
  }
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(PublishTest, TakesTheLongestPeriodOfItsClassesAndTheWordsOfTheRules) {
  PutRules([](v1::RightsRules& rules) {
    rules.set_authority_zh("某市自然资源局");
    rules.set_how_to_object("书面送至某路1号");
    auto* rule = rules.add_class_rules();
    rule->set_class_prefix("010");
    rule->set_publicity_days(30);
  });
  Claimed(water_manager_, water_, facility_);
  const v1::Notice notice = Record<v1::Notice>(Published());
  EXPECT_EQ(notice.days(), 30);
  EXPECT_EQ(notice.last_day(), "2026-12-24");
  EXPECT_EQ(notice.authority(), "某市自然资源局");
  EXPECT_EQ(notice.how_to_object(), "书面送至某路1号");
  EXPECT_EQ(notice.rules(), 1);
}

TEST_F(PublishTest, PublishesClaimsOfSomeOrganizationsAlone) {
  const uint64_t waters = Claimed(water_manager_, water_, facility_);
  const uint64_t powers = Claimed(power_manager_, power_, facility_);
  AsRegistrar();
  auto request = PublishOf(facility_);
  request.add_organizations(power_);
  const auto answers = Publish(request);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().notice().claims(), 1);
  EXPECT_EQ(Record<v1::Claim>(waters).notice(), 0);
  EXPECT_EQ(Record<v1::Claim>(powers).notice(), answers->back().notice().id());
}

TEST_F(PublishTest, ListsAClaimOnce) {
  Claimed(water_manager_, water_, facility_);
  const uint64_t first = Published(facility_);
  const auto again = Publish(PublishOf());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->back().progress().unchanged(), 1);
  EXPECT_EQ(again->back().notice().state(), v1::NOTICE_STATE_WITHDRAWN)
      << "a notice of nothing never opens";
  EXPECT_EQ(again->back().notice().open_time_us(), 0);
  EXPECT_EQ(Record<v1::Notice>(first).claims(), 1);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(PublishTest, RefusesANoticeOfNothing) {
  AsRegistrar();
  RefusesUnchanged([&] { return Publish(PublishOf(facility_)); },
                   {kFailed, "CLAIM_MISSING", "target.facility"});
  auto request = PublishOf(facility_);
  request.clear_title();
  RefusesUnchanged([&] { return Publish(request); }, {kInvalid, "FIELD_MISSING", "title"});
  request = PublishOf();
  request.mutable_target()->mutable_filter()->add_class_codes("01003");
  const std::string state = world_.State();
  const auto answers = Publish(request);
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->back().notice().id(), 0);
  EXPECT_EQ(world_.State(), state);
}

TEST_F(PublishTest, RefusesAPeriodThatNoCalendarTells) {
  PutRules([](v1::RightsRules& rules) {
    rules.add_calendars()->set_year(2026);
    rules.set_publicity_days(60);
  });
  Claimed(water_manager_, water_, facility_);
  AsRegistrar();
  for (const uint64_t facility : {facility_, uint64_t{0}}) {
    EXPECT_EQ(RefusalOf(Publish(PublishOf(facility))),
              (Refusal{kFailed, "CALENDAR_YEAR_MISSING", "rules.calendars"}));
  }
  EXPECT_EQ(Record<v1::Claim>(world_.Facility(facility_).owning().claims(0).claim()).notice(), 0);
  v1::ListNoticesRequest list;
  const auto notices = methods_.Unary<v1::ListNoticesResponse>("RightsService/ListNotices", list);
  ASSERT_TRUE(notices);
  EXPECT_EQ(notices->notices_size(), 0);
}

TEST_F(PublishTest, DryRunShowsTheNoticeAsItWouldOpen) {
  Claimed(water_manager_, water_, facility_);
  AsRegistrar();
  auto request = PublishOf();
  request.mutable_run()->set_dry_run(true);
  const std::string state = world_.State();
  const auto dry = Publish(request);
  ASSERT_TRUE(dry) << dry.error().message;
  EXPECT_EQ(world_.State(), state);
  EXPECT_EQ(dry->back().notice().id(), 0);
  EXPECT_EQ(dry->back().notice().claims(), 1);
  EXPECT_EQ(dry->back().notice().last_day(), "2026-12-09");
}

TEST_F(PublishTest, RunIsRefusedWhenItsFilterFindsSomethingElseByNow) {
  Claimed(water_manager_, water_, facility_);
  AsRegistrar();
  auto request = PublishOf();
  request.mutable_run()->set_dry_run(true);
  const auto dry = Publish(request);
  ASSERT_TRUE(dry);
  request.mutable_run()->set_dry_run(false);
  request.mutable_run()->set_frozen_hash(dry->back().progress().frozen_hash());
  request.mutable_run()->set_frozen_log_size(dry->back().progress().frozen_log_size());
  world_.AddFacility(2, bureau_, water_);
  const std::string state = world_.State();
  const auto refused = Publish(request);
  EXPECT_EQ(RefusalOf(refused), (Refusal{kFailed, "FILTER_RESULT_CHANGED", "run.frozen_hash"}));
  EXPECT_THAT(refused.error().message, HasSubstr("14050201001000002 (new)"));
  EXPECT_EQ(world_.State(), state);
}

TEST_F(PublishTest, TheSameNoticeGoesOnAfterABreakAtEachChunk) {
  ClaimMany();
  const auto request = PublishOf();
  uint64_t notice = 0;
  for (uint64_t chunk = 1; chunk <= 2; ++chunk) {
    EXPECT_EQ(RefusalOf(BreakAfter(request, chunk * kBatchChunk)),
              (Refusal{StatusCode::kUnavailable, "CALL_ENDED", ""}));
    notice = world_.Facility(facility_).owning().claims(0).notice();
    EXPECT_EQ(Record<v1::Notice>(notice).state(), v1::NOTICE_STATE_DRAFT);
    EXPECT_EQ(Record<v1::Notice>(notice).open_time_us(), 0);
    EXPECT_THAT(Findings(world_), IsEmpty());
  }
  world_now += kDayUs;
  const auto whole = Publish(request);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->back().notice().id(), notice);
  EXPECT_EQ(whole->back().notice().claims(), kMany);
  EXPECT_EQ(whole->back().notice().facilities(), kMany);
  EXPECT_EQ(whole->back().notice().open_time_us(), world_now);
  EXPECT_THAT(Findings(world_), IsEmpty());
  world_now += kDayUs;
  const std::string state = world_.State();
  const auto again = Publish(request);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->back().SerializeAsString(), whole->back().SerializeAsString());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(PublishTest, ANoticeOfOneThatMovedMeanwhileNeverOpens) {
  Claimed(water_manager_, water_, facility_);
  AsRegistrar();
  const auto request = PublishOf(facility_);
  EXPECT_EQ(RefusalOf(Publish(request, {}, [] { return true; })),
            (Refusal{StatusCode::kUnavailable, "CALL_ENDED", ""}));
  Edit<v1::Facility>(world_, facility_, [](auto& f) { f.set_address("moved"); });
  const Refusal moved{kFailed, "FACILITY_MOVED", "target.facility"};
  EXPECT_EQ(RefusalOf(Publish(request)), moved);
  const auto notices = methods_.Unary<v1::ListNoticesResponse>("RightsService/ListNotices",
                                                               v1::ListNoticesRequest());
  ASSERT_TRUE(notices);
  ASSERT_EQ(notices->notices_size(), 1);
  EXPECT_EQ(notices->notices(0).state(), v1::NOTICE_STATE_WITHDRAWN);
  RefusesUnchanged([&] { return Publish(request); }, moved);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(PublishTest, ManyClaimsOnOneRightFitIntoTheChanges) {
  for (uint32_t number = 2; number <= 130; ++number) world_.AddFacility(number, bureau_, water_);
  for (int i = 0; i < 16; ++i) {
    const uint64_t organization = world_.AddOrganization(fmt::format("第{}公司", i));
    As(AddPerson(organization), kManagers);
    ASSERT_TRUE(Claim(ClaimOf(organization)));
  }
  EXPECT_EQ(Record<v1::Notice>(Published()).claims(), 130 * 16);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(PublishTest, ANoticeThatIsWithdrawnLeavesItsClaimsAsBefore) {
  const uint64_t claim = Claimed(water_manager_, water_, facility_);
  const uint64_t notice = Published(facility_);
  const auto answer = Withdraw(notice);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->notice().state(), v1::NOTICE_STATE_WITHDRAWN);
  EXPECT_EQ(answer->notice().withdrawal().reason().value(), "名单有误");
  EXPECT_EQ(Record<v1::Claim>(claim).state(), v1::CLAIM_STATE_OPEN);
  AfterPeriodOf(notice);
  RefusesUnchanged([&] { return Confirm(ConfirmOf(facility_)); },
                   {kFailed, "CLAIM_NOT_PUBLISHED", "target.facility"});
  RefusesUnchanged([&] { return Withdraw(notice); }, {kFailed, "NOTICE_WITHDRAWN", "notice"});
  RefusesUnchanged([&] { return Withdraw(4242); }, {kNotFound, "NOTICE_NOT_FOUND", "notice"});
  // Published anew.
  const uint64_t next = Published(facility_);
  EXPECT_EQ(Record<v1::Claim>(claim).notice(), next);
  AfterPeriodOf(next);
  EXPECT_TRUE(Confirm(ConfirmOf(facility_)));
  RefusesUnchanged([&] { return Withdraw(next); }, {kFailed, "NOTICE_DECIDED", "notice"});
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(PublishTest, ADraftThatIsWithdrawnStopsItsBatch) {
  ClaimMany();
  const auto request = PublishOf();
  EXPECT_FALSE(BreakAfter(request, kBatchChunk));
  const uint64_t notice = world_.Facility(facility_).owning().claims(0).notice();
  ASSERT_TRUE(Withdraw(notice));
  RefusesUnchanged([&] { return Publish(request); }, {kFailed, "BATCH_STOPPED", ""});
  EXPECT_THAT(Findings(world_), IsEmpty());
  EXPECT_EQ(Record<v1::Notice>(Published()).claims(), kMany);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(PublishTest, WithdrawingWantsAReasonAndTheNotice) {
  Claimed(water_manager_, water_, facility_);
  v1::WithdrawNoticeRequest request;
  request.set_request_id("withdraw-1");
  request.set_notice(Published(facility_));
  const auto withdraw = [&] {
    return methods_.Unary<v1::WithdrawNoticeResponse>("RightsService/WithdrawNotice", request);
  };
  RefusesUnchanged(withdraw, {kInvalid, "FIELD_MISSING", "reason"});
  request.set_reason("名单有误");
  As(AddPerson(0), kRegistrars);
  world_.reach = std::make_shared<Reach>();
  RefusesUnchanged(withdraw, {kDenied, "SCOPE_EXCEEDED", "notice"});
}

}  // namespace
}  // namespace yima::server::testing
