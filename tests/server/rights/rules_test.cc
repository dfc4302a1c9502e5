#include "server/rights/rules.h"

#include <fstream>
#include <sstream>

#include <google/protobuf/util/json_util.h>

#include "tests/server/rights/rights_kit.h"

namespace yima::server::testing {
namespace {

/// The example that is shipped, with China's calendar of 2026.
v1::RightsRules Example() {
  std::ifstream file(YIMA_SOURCE_DIR "/tools/sample/rights_rules.json");
  std::ostringstream text;
  text << file.rdbuf();
  v1::RightsRules rules;
  const auto read = google::protobuf::util::JsonStringToMessage(text.str(), &rules);
  EXPECT_TRUE(read.ok()) << read.ToString();
  return rules;
}
v1::RightsRules Working() {
  v1::RightsRules rules = Example();
  rules.set_day_count(v1::DAY_COUNT_WORKING);
  return rules;
}
/// The last day of a period that begins at noon in China.
std::string LastDay(const v1::RightsRules& rules, const std::string& begin, uint32_t days) {
  const auto period = PeriodFrom(rules, *ParseTime(begin + "T04:00:00Z"), days);
  return period ? period->last_day : period.error().reason;
}

TEST(PeriodTest, NaturalDaysLeaveOutTheFirstAndEndWithTheLast) {
  const v1::RightsRules none;
  EXPECT_EQ(LastDay(none, "2026-11-24", 15), "2026-12-09");
  EXPECT_EQ(LastDay(none, "2026-12-20", 15), "2027-01-04") << "without calendars no day is off";
  EXPECT_EQ(LastDay(none, "2028-02-28", 1), "2028-02-29");
  const auto period = PeriodFrom(none, *ParseTime("2026-11-24T04:00:00Z"), 1);
  ASSERT_TRUE(period);
  EXPECT_EQ(period->close_us, *ParseTime("2026-11-25T16:00:00Z")) << "the first moment after it";
  EXPECT_EQ(period->day_count, v1::DAY_COUNT_NATURAL);
}

TEST(PeriodTest, LastDayOnWhichNobodyWorksMovesToTheNextWorkingDay) {
  const v1::RightsRules rules = Example();
  EXPECT_EQ(LastDay(rules, "2026-09-16", 15), "2026-10-08") << "of National Day's week";
  EXPECT_EQ(LastDay(rules, "2026-01-31", 15), "2026-02-24") << "of Spring Festival";
  EXPECT_EQ(LastDay(rules, "2026-11-13", 15), "2026-11-30") << "a Saturday";
  EXPECT_EQ(LastDay(rules, "2026-09-25", 15), "2026-10-10") << "a Saturday that is worked";
  EXPECT_EQ(LastDay(rules, "2026-09-05", 15), "2026-09-20") << "a Sunday that is worked";
  EXPECT_EQ(LastDay(rules, "2026-01-02", 1), "2026-01-04") << "a Sunday that is worked";
}

TEST(PeriodTest, WorkingDaysPassOverDaysOffAndCountWhatMakesUpForThem) {
  const v1::RightsRules rules = Working();
  EXPECT_EQ(LastDay(rules, "2026-11-20", 1), "2026-11-23");
  EXPECT_EQ(LastDay(rules, "2026-09-30", 3), "2026-10-10");
  EXPECT_EQ(LastDay(rules, "2026-02-13", 3), "2026-02-25") << "Saturday 14 is worked";
  EXPECT_EQ(LastDay(rules, "2026-04-30", 4), "2026-05-09");
  EXPECT_EQ(LastDay(rules, "2026-06-18", 1), "2026-06-22");
}

TEST(PeriodTest, PeriodIntoAYearWithoutCalendarIsRefused) {
  EXPECT_EQ(LastDay(Example(), "2026-12-10", 15), "2026-12-25");
  EXPECT_EQ(LastDay(Example(), "2026-12-20", 15), "CALENDAR_YEAR_MISSING");
  EXPECT_EQ(LastDay(Working(), "2026-12-20", 15), "CALENDAR_YEAR_MISSING");
  EXPECT_EQ(LastDay(Example(), "2025-12-01", 15), "CALENDAR_YEAR_MISSING");
}

TEST(PeriodTest, DaysAreThoseOfTheCitysClock) {
  v1::RightsRules rules;
  const TimeUs evening = *ParseTime("2026-11-24T17:00:00Z");
  EXPECT_EQ(CityDay(rules, evening), "2026-11-25") << "China, unless told otherwise";
  EXPECT_EQ(PeriodFrom(rules, evening, 1)->last_day, "2026-11-26");
  rules.set_utc_offset_minutes(0);
  EXPECT_EQ(CityDay(rules, evening), "2026-11-24");
  rules.set_utc_offset_minutes(-300);
  EXPECT_EQ(PeriodFrom(rules, evening, 1)->close_us, *ParseTime("2026-11-26T05:00:00Z"));
}

/// Day by day against a count that is made the slow way.
TEST(PeriodTest, EveryBeginOf2026AgreesWithASlowCount) {
  const v1::RightsRules rules = Working();
  const v1::Calendar& calendar = rules.calendars(0);
  const auto works = [&](TimeUs noon, int weekday) {
    const std::string day = FormatTime(noon).substr(0, 10);
    const auto holds = [&](const auto& list) {
      return std::find(list.begin(), list.end(), day) != list.end();
    };
    return holds(calendar.working_days()) || (weekday < 5 && !holds(calendar.days_off()));
  };
  constexpr TimeUs kDay = 86'400'000'000;
  const TimeUs first = *ParseTime("2026-01-01T04:00:00Z");
  for (int begin = 0; begin < 330; ++begin) {
    int day = begin;
    for (int counted = 0; counted < 15;) {
      ++day;
      // 1 January 2026 is a Thursday.
      if (works(first + day * kDay, (day + 3) % 7)) ++counted;
    }
    const auto period = PeriodFrom(rules, first + begin * kDay, 15);
    ASSERT_TRUE(period);
    EXPECT_EQ(period->last_day, FormatTime(first + day * kDay).substr(0, 10)) << begin;
  }
}

TEST(RulesTest, ClassIsRuledByTheLongestPrefixThatFits) {
  Rules rules;
  EXPECT_EQ(rules.PublicityDays("01001"), 15u);
  EXPECT_EQ(rules.OfferDays(), 15u);
  rules.record.set_publicity_days(20);
  rules.record.set_offer_days(10);
  auto* group = rules.record.add_class_rules();
  group->set_class_prefix("01");
  group->set_publicity_days(30);
  auto* one = rules.record.add_class_rules();
  one->set_class_prefix("01003");
  one->set_no_publicity(true);
  EXPECT_EQ(rules.PublicityDays("01001"), 30u);
  EXPECT_EQ(rules.PublicityDays("01003"), 20u) << "its own rule names none";
  EXPECT_EQ(rules.PublicityDays("02001"), 20u);
  EXPECT_EQ(rules.OfferDays(), 10u);
  EXPECT_TRUE(rules.ForClass("01003").no_publicity());
  EXPECT_FALSE(rules.ForClass("02001").no_publicity());
}

TEST(RulesTest, WhoMayConfirmIsToldByOneRuleThatFitsWhole) {
  Rules rules;
  v1::Facility facility;
  facility.set_class_code("01001");
  facility.set_division("140502");
  EXPECT_TRUE(rules.MayConfirm(0, v1::RIGHT_KIND_OWNING, facility)) << "without rules";
  auto* rule = rules.record.add_confirm_rules();
  rule->add_organizations(7);
  rule->add_kinds(v1::RIGHT_KIND_OWNING);
  rule->add_class_prefixes("01");
  rule->add_divisions("1405");
  EXPECT_TRUE(rules.MayConfirm(7, v1::RIGHT_KIND_OWNING, facility));
  EXPECT_FALSE(rules.MayConfirm(0, v1::RIGHT_KIND_OWNING, facility));
  EXPECT_FALSE(rules.MayConfirm(7, v1::RIGHT_KIND_MAINTAINING, facility));
  facility.set_division("140602");
  EXPECT_FALSE(rules.MayConfirm(7, v1::RIGHT_KIND_OWNING, facility));
  facility.set_division("140502");
  facility.set_class_code("02001");
  EXPECT_FALSE(rules.MayConfirm(7, v1::RIGHT_KIND_OWNING, facility));
  rules.record.add_confirm_rules()->add_organizations(0);
  EXPECT_TRUE(rules.MayConfirm(0, v1::RIGHT_KIND_OWNING, facility));
}

class SetRulesTest : public RightsTest {
 protected:
  Result<v1::GetRightsRulesResponse> GetRules(uint64_t version = 0) {
    v1::GetRightsRulesRequest request;
    request.set_version(version);
    return methods_.Unary<v1::GetRightsRulesResponse>("RightsService/GetRightsRules", request);
  }
};

TEST_F(SetRulesTest, WithoutAnyWhatHoldsByItselfIsShown) {
  const auto shown = GetRules();
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_EQ(shown->version(), 0u);
  EXPECT_EQ(shown->rules().publicity_days(), 15u);
  EXPECT_EQ(shown->rules().day_count(), v1::DAY_COUNT_NATURAL);
  EXPECT_EQ(RefusalOf(GetRules(1)), (Refusal{kNotFound, "RULES_VERSION_NOT_FOUND", "version"}));
}

TEST_F(SetRulesTest, EachVersionStaysReadable) {
  v1::RightsRules rules = Example();
  ASSERT_EQ(SetRules(rules)->version(), 1u);
  rules.set_publicity_days(30);
  const auto second = SetRules(rules);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->version(), 2u);
  EXPECT_EQ(second->rules().etag(), "1-2");
  EXPECT_EQ(GetRules()->rules().publicity_days(), 30u);
  EXPECT_EQ(GetRules(2)->rules().publicity_days(), 30u);
  const auto first = GetRules(1);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->rules().publicity_days(), 15u);
  EXPECT_EQ(first->rules().calendars(0).days_off_size(), 33);
  EXPECT_EQ(first->version(), 1u);
  EXPECT_EQ(RefusalOf(GetRules(3)), (Refusal{kNotFound, "RULES_VERSION_NOT_FOUND", "version"}));
  ExpectSound();
}

TEST_F(SetRulesTest, TheSameRulesAgainMakeNoNewVersion) {
  ASSERT_TRUE(SetRules(Example()));
  EXPECT_EQ(SetRules(Example())->version(), 1u);
  EXPECT_EQ(GetRules()->version(), 1u);
}

TEST_F(SetRulesTest, StaleEtagIsRefusedAndTheRightOneTaken) {
  v1::RightsRules rules = Example();
  rules.set_etag("1-7");
  RefusesUnchanged([&] { return SetRules(rules); },
                   {StatusCode::kAborted, "ETAG_STALE", "rules.etag"});
  rules.clear_etag();
  rules.set_etag(SetRules(rules)->rules().etag());
  rules.set_offer_days(3);
  EXPECT_EQ(SetRules(rules)->version(), 2u);
}

TEST_F(SetRulesTest, DryRunChecksAndKeepsNothing) {
  v1::SetRightsRulesRequest request;
  request.set_request_id("dry");
  *request.mutable_rules() = Example();
  request.set_dry_run(true);
  const std::string state = world_.State();
  const auto dry =
      methods_.Unary<v1::SetRightsRulesResponse>("RightsService/SetRightsRules", request);
  ASSERT_TRUE(dry) << dry.error().message;
  EXPECT_EQ(dry->version(), 0u);
  EXPECT_EQ(world_.State(), state);
  request.mutable_rules()->set_offer_days(366);
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::SetRightsRulesResponse>("RightsService/SetRightsRules",
                                                                 request)),
            (Refusal{kInvalid, "RULE_DAYS", "rules.offer_days"}));
}

TEST_F(SetRulesTest, ARegistrarWithBoundsSetsNone) {
  Bound(0, "140502");
  RefusesUnchanged([&] { return SetRules(Example()); }, {kDenied, "SCOPE_EXCEEDED", ""});
}

TEST_F(SetRulesTest, CandidatesAndConfirmersAreOrganizationsThatAct) {
  v1::RightsRules rules;
  auto* rule = rules.add_class_rules();
  rule->add_candidates(4242);
  RefusesUnchanged([&] { return SetRules(rules); },
                   {kNotFound, "ORGANIZATION_UNKNOWN", "rules.class_rules[0].candidates[0]"});
  rule->set_candidates(0, water_);
  rules.add_confirm_rules()->add_organizations(power_);
  ASSERT_TRUE(SetRules(rules));
  ASSERT_TRUE(EndOrganization(world_, power_));
  rules.set_offer_days(2);
  RefusesUnchanged([&] { return SetRules(rules); },
                   {kFailed, "ORGANIZATION_ENDED", "rules.confirm_rules[0].organizations[0]"});
}

struct BadRules {
  const char* name;
  std::function<void(v1::RightsRules&)> spoil;
  const char* reason;
  const char* field;
};
void PrintTo(const BadRules& bad, std::ostream* out) { *out << bad.name; }
class BadRulesTest : public SetRulesTest, public ::testing::WithParamInterface<BadRules> {};

TEST_P(BadRulesTest, AreRefusedWithTheirPlace) {
  v1::RightsRules rules = Example();
  GetParam().spoil(rules);
  RefusesUnchanged([&] { return SetRules(rules); },
                   {kInvalid, GetParam().reason, GetParam().field});
}

using R = v1::RightsRules;
v1::Calendar& Year2026(R& r) { return *r.mutable_calendars(0); }
const BadRules kBad[] = {
    {"Time", [](R& r) { r.set_update_time_us(1); }, "FIELD_OUTPUT_ONLY", "rules.update_time_us"},
    {"LongAuthority", [](R& r) { r.set_authority_zh(std::string(101, 'x')); }, "FIELD_TOO_LONG",
     "rules.authority_zh"},
    {"LongAuthorityEn", [](R& r) { r.set_authority_en(std::string(101, 'x')); }, "FIELD_TOO_LONG",
     "rules.authority_en"},
    {"LongHow", [](R& r) { r.set_how_to_object(std::string(501, 'x')); }, "FIELD_TOO_LONG",
     "rules.how_to_object"},
    {"Publicity", [](R& r) { r.set_publicity_days(366); }, "RULE_DAYS", "rules.publicity_days"},
    {"DayCount", [](R& r) { r.set_day_count(static_cast<v1::DayCount>(9)); }, "ENUM_UNKNOWN",
     "rules.day_count"},
    {"Offset", [](R& r) { r.set_utc_offset_minutes(841); }, "RULE_OFFSET",
     "rules.utc_offset_minutes"},
    {"Year", [](R& r) { Year2026(r).set_year(1999); }, "CALENDAR_YEAR", "rules.calendars[0].year"},
    {"YearTwice", [](R& r) { *r.add_calendars() = r.calendars(0); }, "CALENDAR_ORDER",
     "rules.calendars[1].year"},
    {"DayMalformed", [](R& r) { Year2026(r).set_days_off(2, "2026-02-30"); }, "DATE_MALFORMED",
     "rules.calendars[0].days_off[2]"},
    {"DayOfAnotherYear", [](R& r) { Year2026(r).set_days_off(0, "2025-12-31"); }, "CALENDAR_DAY",
     "rules.calendars[0].days_off[0]"},
    {"DaysFall", [](R& r) { Year2026(r).set_working_days(1, "2026-01-04"); }, "CALENDAR_ORDER",
     "rules.calendars[0].working_days[1]"},
    {"DayOffAndWorked", [](R& r) { Year2026(r).set_working_days(0, "2026-01-01"); }, "CALENDAR_DAY",
     "rules.calendars[0].working_days[0]"},
    {"ManyDays",
     [](R& r) {
       for (int i = 0; i < 101; ++i) Year2026(r).add_working_days("2026-12-31");
     },
     "CALENDAR_TOO_LONG", "rules.calendars[0].working_days"},
    {"LongSource", [](R& r) { Year2026(r).set_source(std::string(201, 'x')); }, "FIELD_TOO_LONG",
     "rules.calendars[0].source"},
    {"Prefix", [](R& r) { r.mutable_class_rules(0)->set_class_prefix("0x"); }, "RULE_PREFIX",
     "rules.class_rules[0].class_prefix"},
    {"PrefixTwice", [](R& r) { r.mutable_class_rules(1)->set_class_prefix("02"); }, "RULE_TWICE",
     "rules.class_rules[1].class_prefix"},
    {"ClassDays", [](R& r) { r.mutable_class_rules(0)->set_publicity_days(1000); }, "RULE_DAYS",
     "rules.class_rules[0].publicity_days"},
    {"ManyClassRules",
     [](R& r) {
       for (int i = 0; i < 500; ++i) r.add_class_rules();
     },
     "RULE_TOO_MANY", "rules.class_rules"},
    {"Kind", [](R& r) { r.add_confirm_rules()->add_kinds(v1::RIGHT_KIND_UNSPECIFIED); },
     "RULE_KIND_UNKNOWN", "rules.confirm_rules[0].kinds[0]"},
    {"ConfirmPrefix", [](R& r) { r.add_confirm_rules()->add_class_prefixes("井"); }, "RULE_PREFIX",
     "rules.confirm_rules[0].class_prefixes[0]"},
    {"Division", [](R& r) { r.add_confirm_rules()->add_divisions("140"); }, "RULE_DIVISION",
     "rules.confirm_rules[0].divisions[0]"},
    {"ManyConfirmRules",
     [](R& r) {
       for (int i = 0; i < 201; ++i) r.add_confirm_rules();
     },
     "RULE_TOO_MANY", "rules.confirm_rules"},
};
INSTANTIATE_TEST_SUITE_P(Rules, BadRulesTest, ::testing::ValuesIn(kBad),
                         [](const auto& bad) { return std::string(bad.param.name); });

}  // namespace
}  // namespace yima::server::testing
