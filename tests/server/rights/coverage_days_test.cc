#include "server/rights/coverage_days.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/domain/entry_view.h"
#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeUs kSecond = 1'000'000;
constexpr TimeUs kHour = 3600 * kSecond;
constexpr TimeUs kDay = 24 * kHour;

class CoverageDaysTest : public ::testing::Test {
 protected:
  CoverageDaysTest() { Founded(); }
  ~CoverageDaysTest() override { world_now = before_; }

  /// The store stamps entries with the machine's clock: ours stands at the last second of that day
  /// in China.
  void Founded() {
    TimeUs newest = 0;
    EXPECT_TRUE(world_.Read()->ScanLog(0, [&](const store::LogRecord& record) {
      newest = static_cast<TimeUs>(ViewEntry(record.entry)->time_us);
      return false;
    }));
    begin_ = static_cast<uint64_t>((newest + 8 * kHour) / kDay);
    world_now = static_cast<TimeUs>(begin_ + 1) * kDay - 8 * kHour - kSecond;
  }
  std::string Begin(uint64_t after = 0) const { return DayText(begin_ + after); }
  void Keep() {
    const auto kept = keeper_.Keep();
    EXPECT_TRUE(kept) << kept.error().message;
  }
  Result<v1::ListCoverageDaysResponse> List(const v1::ListCoverageDaysRequest& request = {}) {
    return methods_.Unary<v1::ListCoverageDaysResponse>("RightsService/ListCoverageDays", request);
  }
  std::vector<std::string> Days(const v1::ListCoverageDaysRequest& request = {}) {
    std::vector<std::string> days;
    const auto answer = List(request);
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return days;
    for (const auto& day : answer->days()) {
      days.push_back(day.day() + ":" + std::to_string(day.total().facilities()));
    }
    return days;
  }

  const TimeUs before_ = world_now;
  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  Methods methods_{world_};
  CoverageDayKeeper keeper_{world_.domain()};
  uint64_t begin_ = 0;
};

TEST(DayTextTest, IsReadAsItWasWritten) {
  EXPECT_EQ(DayNumber("1970-01-02"), 1U);
  EXPECT_EQ(DayText(1), "1970-01-02");
  EXPECT_EQ(DayText(*DayNumber("2028-02-29")), "2028-02-29");
  for (const char* text : {"", "1970-01-01", "2026-02-29", "2026-13-01", "2026-1-1", "20260101",
                           "2026-01-01 ", "-026-01-01", "2026-0a-01"}) {
    EXPECT_FALSE(DayNumber(text)) << text;
  }
}

TEST_F(CoverageDaysTest, TodayIsCountedAsItStands) {
  Keep();
  EXPECT_THAT(Days(), ElementsAre(Begin() + ":0"));
  world_.AddFacility(1, bureau_);
  EXPECT_THAT(Days(), ElementsAre(Begin() + ":1"));
}

TEST_F(CoverageDaysTest, EachDayIsKeptOnceItIsOver) {
  Keep();
  world_.AddFacility(1, bureau_);
  world_now += kDay;
  Keep();
  world_.AddFacility(2, bureau_);
  EXPECT_THAT(Days(), ElementsAre(Begin() + ":1", Begin(1) + ":2"));
  Keep();
  world_now += kDay;
  Keep();
  EXPECT_THAT(Days(), ElementsAre(Begin() + ":1", Begin(1) + ":2", Begin(2) + ":2"));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(CoverageDaysTest, DayEndsByTheClockOfTheCity) {
  Keep();
  EXPECT_EQ(Days().size(), 1U);
  world_now += kSecond;
  Keep();
  EXPECT_EQ(Days().size(), 2U);
}

TEST_F(CoverageDaysTest, DaysWithoutAServerEndedAsItWasLeft) {
  world_.AddFacility(1, bureau_);
  world_now += 4 * kDay;
  CoverageDayKeeper started_anew(world_.domain());
  ASSERT_TRUE(started_anew.Keep());
  EXPECT_THAT(Days(), ElementsAre(Begin() + ":1", Begin(1) + ":1", Begin(2) + ":1", Begin(3) + ":1",
                                  Begin(4) + ":1"));
}

TEST_F(CoverageDaysTest, ClockPutBackKeepsWhatIsKept) {
  world_now += 2 * kDay;
  Keep();
  const std::string state = world_.State();
  world_now -= kDay;
  Keep();
  CoverageDayKeeper started_anew(world_.domain());
  ASSERT_TRUE(started_anew.Keep());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(CoverageDaysTest, ListsWhatIsAskedForPageAfterPage) {
  world_now += 5 * kDay;
  Keep();
  v1::ListCoverageDaysRequest request;
  request.set_first_day(Begin(1));
  request.set_last_day(Begin(3));
  EXPECT_THAT(Days(request), ElementsAre(Begin(1) + ":0", Begin(2) + ":0", Begin(3) + ":0"));
  request.clear_last_day();
  request.set_page_size(2);
  std::vector<std::string> days;
  for (;;) {
    const auto page = List(request);
    ASSERT_TRUE(page) << page.error().message;
    for (const auto& day : page->days()) days.push_back(day.day());
    if (page->next_page_token().empty()) break;
    request.set_page_token(page->next_page_token());
  }
  EXPECT_THAT(days, ElementsAre(Begin(1), Begin(2), Begin(3), Begin(4), Begin(5)));
}

TEST_F(CoverageDaysTest, TellsGroupsUnlessTotalsAreEnough) {
  const uint64_t uid = world_.AddFacility(1, bureau_);
  AddPlate(world_, uint64_t{1} << 32 | 1, uid);
  world_now += kDay;
  Keep();
  const auto whole = List();
  ASSERT_EQ(whole->days_size(), 2);
  for (const auto& day : whole->days()) {
    EXPECT_EQ(day.total().coded(), 1U);
    ASSERT_EQ(day.divisions_size(), 1);
    EXPECT_EQ(day.divisions(0).group(), "140502");
    EXPECT_EQ(day.classes(0).group(), "01001");
    EXPECT_EQ(day.organizations(0).group(), std::to_string(bureau_));
  }
  v1::ListCoverageDaysRequest request;
  request.set_totals_only(true);
  EXPECT_EQ(List(request)->days(0).divisions_size(), 0);
  EXPECT_EQ(List(request)->days(0).total().facilities(), 1U);
}

TEST_F(CoverageDaysTest, CallerWithBoundsSeesWhatLiesWholeWithinThem) {
  world_.AddFacility(1, bureau_);
  ASSERT_TRUE(Edit<v1::Facility>(world_, world_.AddFacility(2, bureau_),
                                 [](auto& facility) { facility.set_division("140602"); }));
  v1::Grant grant;
  grant.add_divisions("1406");
  auto reach = std::make_shared<Reach>();
  reach->Add(grant);
  world_.reach = reach;
  const v1::CoverageDay day = List()->days(0);
  ASSERT_EQ(day.divisions_size(), 1);
  EXPECT_EQ(day.divisions(0).group(), "140602");
  EXPECT_EQ(day.total().facilities(), 1U);
  EXPECT_EQ(day.classes_size(), 0);
  EXPECT_EQ(day.organizations_size(), 0);
}

TEST_F(CoverageDaysTest, CallerOfAnOrganizationSeesWhatItSupervises) {
  const uint64_t other = world_.AddOrganization("市政中心");
  world_.AddFacility(1, bureau_);
  world_.AddFacility(2, other);
  world_.AddFacility(3, other);
  v1::Grant grant;
  grant.add_organizations(other);
  auto reach = std::make_shared<Reach>();
  reach->Add(grant);
  world_.reach = reach;
  const v1::CoverageDay day = List()->days(0);
  ASSERT_EQ(day.organizations_size(), 1);
  EXPECT_EQ(day.organizations(0).group(), std::to_string(other));
  EXPECT_EQ(day.total().facilities(), 2U);
  EXPECT_EQ(day.divisions_size(), 0);
  EXPECT_EQ(day.classes_size(), 0);
}

TEST_F(CoverageDaysTest, RefusesWhatIsNoDay) {
  v1::ListCoverageDaysRequest request;
  request.set_first_day("2026-02-30");
  EXPECT_EQ(RefusalOf(List(request)),
            (Refusal{StatusCode::kInvalidArgument, "DAY_MALFORMED", "first_day"}));
  request.clear_first_day();
  request.set_last_day("yesterday");
  EXPECT_EQ(RefusalOf(List(request)),
            (Refusal{StatusCode::kInvalidArgument, "DAY_MALFORMED", "last_day"}));
}

TEST_F(CoverageDaysTest, CheckFindsADayThatIsAnother) {
  v1::CoverageDay day;
  day.set_day("2026-01-02");
  day.mutable_total()->set_facilities(3);
  store::Change change;
  change.puts = {
      {store::Kind::kCoverageDay, *DayNumber("2026-01-01"), 0, "", {}},
      {store::Kind::kCoverageDay, *DayNumber("2026-01-02"), 0, day.SerializeAsString(), {}}};
  ASSERT_TRUE(std::holds_alternative<store::Committed>(
      store::ApplyAndWait(world_.store(), std::move(change))));
  const auto findings = Findings(world_);
  EXPECT_THAT(findings, ::testing::Contains("the coverage of day 20454 is of \"\""));
  EXPECT_THAT(findings, ::testing::Contains(
                            "the coverage of 2026-01-02 counts 3 facilities, but 0 in a grouping"));
}

}  // namespace
}  // namespace yima::server::testing
