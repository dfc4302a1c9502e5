#include "server/stock/stock_report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "server/access/roles.h"
#include "tests/server/stock/counting.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class StockReportTest : public StockTest {
 protected:
  Result<v1::StockTakeCounts> Report(const Call& call, std::vector<v1::StockOutcome> only = {}) {
    v1::GetStockTakeReportRequest request;
    request.set_stock_take(id_);
    for (const auto outcome : only) request.add_outcomes(outcome);
    lines_.clear();
    v1::StockTakeCounts counts;
    YIMA_RETURN_IF_ERROR(GetStockTakeReport(
        world_.domain(), call, request,
        [&](const v1::GetStockTakeReportResponse& response) -> Result<void> {
          for (const auto& line : response.lines()) {
            lines_.push_back(fmt::format("{} {} {}", Word(line.outcome()), line.facility(),
                                         line.serial() & 0xFFFF));
          }
          if (response.has_counts()) counts = response.counts();
          return {};
        }));
    return counts;
  }
  Call Caller() const { return world_.call("yima.v1.StockTakeService/GetStockTakeReport"); }
  std::string Line(const char* outcome, size_t facility, uint64_t serial) const {
    return fmt::format("{} {} {}", outcome, facilities_[facility - 1], serial);
  }

  const uint64_t id_ = *Start();
  std::vector<std::string> lines_;
};

TEST_F(StockReportTest, ComparesTheListWithWhatWasSeen) {
  const Plate old = AddPlate(world_, Serial(6), facilities_[2], v1::CODE_STATE_REVOKED);
  ASSERT_TRUE(Scan(id_, "scan-1",
                   {Text(plates_[0].text), At(Text(plates_[1].text), kEast, kNorth + 0.01),
                    Text(plates_[3].text), Text("hello")}));
  auto counts = Report(Caller());
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_THAT(lines_,
              ElementsAre(Line("FOUND", 1, 1), Line("WRONG_PLACE", 2, 2), Line("MISSING", 3, 3),
                          Line("UNEXPECTED", 4, 4), "NOT_AUTHENTIC 0 0"));
  EXPECT_EQ(counts->expected(), 3u);
  EXPECT_EQ(counts->found(), 1u);
  EXPECT_EQ(counts->missing(), 1u);
  EXPECT_EQ(counts->wrong_place(), 1u);
  EXPECT_EQ(counts->unexpected(), 1u);
  EXPECT_EQ(counts->not_authentic(), 1u);

  // An ended plate shows that somebody stood there, and not that all is well.
  ASSERT_TRUE(Scan(id_, "scan-2", {Text(old.text)}));
  counts = Report(Caller(), {v1::STOCK_OUTCOME_PLATE_ENDED, v1::STOCK_OUTCOME_MISSING});
  EXPECT_THAT(lines_, ElementsAre(Line("PLATE_ENDED", 3, 6)));
  EXPECT_EQ(counts->only_ended_plate(), 1u);
  EXPECT_EQ(counts->plate_ended(), 1u);
  EXPECT_EQ(counts->missing(), 0u);

  // Seen with its new plate as well, it is found, and the old one is still to be taken down.
  ASSERT_TRUE(Scan(id_, "scan-3", {Text(plates_[2].text)}));
  counts = Report(Caller(), {v1::STOCK_OUTCOME_PLATE_ENDED, v1::STOCK_OUTCOME_FOUND});
  EXPECT_THAT(lines_,
              ElementsAre(Line("FOUND", 1, 1), Line("FOUND", 3, 3), Line("PLATE_ENDED", 3, 6)));
  EXPECT_EQ(counts->only_ended_plate(), 0u);
  EXPECT_EQ(counts->plate_ended(), 1u);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(StockReportTest, WhatWasSeenInItsPlaceOnceIsFound) {
  ASSERT_TRUE(Scan(id_, "scan-1", {At(Text(plates_[0].text), kEast, kNorth + 0.01)}));
  ASSERT_TRUE(Scan(id_, "scan-2", {At(Text(plates_[0].text), kEast, kNorth)}));
  EXPECT_EQ(Report(Caller())->found(), 1u);
}

TEST_F(StockReportTest, AFacilityBesideTheListCountsOnce) {
  ASSERT_TRUE(Scan(id_, "scan-1",
                   {Text(plates_[3].text), Facility(facilities_[3]),
                    At(Text(plates_[3].text), kEast, kNorth + 0.01)}));
  EXPECT_EQ(Report(Caller())->unexpected(), 1u);
  EXPECT_EQ(lines_.size(), 5u);
}

TEST_F(StockReportTest, LongListsComeInParts) {
  for (uint32_t number = 100; number < 1300; ++number) world_.AddFacility(number, bureau_);
  const uint64_t id = *Start("start-2");
  v1::GetStockTakeReportRequest request;
  request.set_stock_take(id);
  const auto report = methods_.Stream<v1::GetStockTakeReportResponse>(
      "StockTakeService/GetStockTakeReport", request);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->back().counts().missing(), 1203u);
  for (const auto& part : *report) EXPECT_LE(part.lines_size(), 500);
  const auto ended = methods_.Stream<v1::GetStockTakeReportResponse>(
      "StockTakeService/GetStockTakeReport", request, {}, [] { return true; });
  EXPECT_EQ(RefusalOf(ended).reason, "CALL_ENDED");
}

TEST_F(StockReportTest, ACrewReadsWhatItSent) {
  ASSERT_TRUE(Scan(id_, "scan-1", {Text(plates_[0].text)}));
  world_.principal = "7";
  ASSERT_TRUE(Scan(id_, "scan-2", {Text(plates_[1].text), Text("hello")}));
  Call crew = Caller();
  crew.roles = RoleBit(v1::ROLE_CREW);
  const auto counts = Report(crew);
  EXPECT_THAT(lines_, ElementsAre(Line("FOUND", 2, 2), "NOT_AUTHENTIC 0 0"));
  EXPECT_EQ(counts->found(), 1u);
  EXPECT_EQ(counts->expected(), 0u);
  crew.roles |= RoleBit(v1::ROLE_AUDITOR);
  EXPECT_EQ(Report(crew)->expected(), 3u);
}

TEST_F(StockReportTest, WhatACrewSawTwiceCountsOnceInItsOwnReport) {
  ASSERT_TRUE(Scan(id_, "others-1", {At(Text(plates_[1].text), kEast, kNorth)}));
  world_.principal = "7";
  const double far = kNorth + 0.01;
  ASSERT_TRUE(Scan(id_, "scan-1",
                   {At(Text(plates_[0].text), kEast, far), At(Text(plates_[3].text), kEast, far)}));
  ASSERT_TRUE(Scan(id_, "scan-2",
                   {At(Text(plates_[0].text), kEast, kNorth), Text(plates_[3].text),
                    At(Text(plates_[1].text), kEast, far)}));
  Call crew = Caller();
  crew.roles = RoleBit(v1::ROLE_CREW);
  const auto counts = Report(crew);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->found(), 1u);
  EXPECT_EQ(counts->wrong_place(), 1u);  // Of the second, which another crew found.
  EXPECT_EQ(counts->unexpected(), 1u);
  EXPECT_THAT(lines_, UnorderedElementsAre(Line("FOUND", 1, 1), Line("WRONG_PLACE", 2, 2),
                                           Line("UNEXPECTED", 4, 4), Line("WRONG_PLACE", 4, 4)));
}

TEST_F(StockReportTest, ShowsNothingBeyondTheReach) {
  EXPECT_TRUE(Edit<v1::Facility>(world_, facilities_[0],
                                 [](auto& facility) { facility.set_division("140521"); }));
  ASSERT_TRUE(Scan(id_, "scan-1", {Text(plates_[1].text), Text("hello")}));
  BeBounded("140521", "7");
  const auto counts = Report(Caller());
  EXPECT_THAT(lines_, UnorderedElementsAre(Line("MISSING", 1, 1)));
  EXPECT_EQ(counts->expected(), 1u);
  EXPECT_EQ(counts->not_authentic(), 0u);
}

TEST_F(StockReportTest, RefusesOutcomesThatThereAreNot) {
  EXPECT_EQ(RefusalOf(Report(Caller(), {static_cast<v1::StockOutcome>(77)})),
            (Refusal{StatusCode::kInvalidArgument, "ENUM_UNKNOWN", "outcomes[0]"}));
}

}  // namespace
}  // namespace yima::server::testing
