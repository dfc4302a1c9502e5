#include "server/stock/stock_scan.h"

#include <limits>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "server/domain/batch_items.h"
#include "server/stock/findings.h"
#include "server/stock/stock_takes.h"
#include "tests/server/stock/counting.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StockScanTest : public StockTest {
 protected:
  int64_t Kept(uint64_t id) { return *world_.Read()->Counter(StockCounter(id)); }
  const uint64_t id_ = *Start();
};

TEST_F(StockScanTest, TellsOfEachWhatItIs) {
  const Plate blank = AddPlate(world_, Serial(5), 0);
  const Plate revoked = AddPlate(world_, Serial(6), facilities_[0], v1::CODE_STATE_REVOKED);
  const Plate never = SignPlate(world_, Serial(99), facilities_[0], *world_.domain().keys.code(1));
  std::string forged = plates_[1].text;
  forged.back() = forged.back() == '0' ? '1' : '0';
  std::string foreign = plates_[1].text;
  foreign.replace(foreign.find("EXAMPLE"), 7, "ANOTHER");
  EXPECT_THAT(
      Outcomes(id_, "scan-1",
               {Text(plates_[0].text), Facility(facilities_[1]), Text(plates_[3].text),
                Text(blank.text), Text(revoked.text), Text(never.text), Text(forged), Text(foreign),
                Text("hello"), Facility(12345)}),
      ElementsAre("FOUND", "FOUND", "UNEXPECTED", "PLATE_BLANK", "PLATE_ENDED", "NOT_AUTHENTIC",
                  "NOT_AUTHENTIC", "NOT_AUTHENTIC", "NOT_AUTHENTIC", "UNKNOWN"));
  EXPECT_EQ(Kept(id_), 10);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(StockScanTest, LooksUpSerialsAndShortNumbersToo) {
  v1::StockSighting serial;
  serial.set_serial(Serial(1));
  v1::StockSighting number;
  number.set_short_number(yima::Serial::FromInteger(Serial(2))->ShortNumber());
  v1::StockSighting mistyped;
  mistyped.set_short_number("00000-00000-X");
  v1::StockSighting nobodys;
  nobodys.set_serial(Serial(77));
  EXPECT_THAT(Outcomes(id_, "scan-1", {serial, number, mistyped, nobodys}),
              ElementsAre("FOUND", "FOUND", "UNKNOWN", "UNKNOWN"));
}

TEST_F(StockScanTest, FarFromItsPlaceIsTheWrongPlace) {
  const double beside = kNorth + 0.0005;  // 56 m
  const double far = kNorth + 0.005;      // 556 m
  EXPECT_THAT(
      Outcomes(id_, "scan-1",
               {At(Text(plates_[0].text), kEast, beside), At(Text(plates_[1].text), kEast, far),
                At(Facility(facilities_[3]), kEast, far)}),
      ElementsAre("FOUND", "WRONG_PLACE", "WRONG_PLACE"));
  const auto wide = *Start("start-2", 1000);
  const auto scanned = Scan(wide, "scan-2", {At(Text(plates_[1].text), kEast, far)});
  EXPECT_EQ(scanned->answers(0).outcome(), v1::STOCK_OUTCOME_FOUND);
  EXPECT_NEAR(scanned->answers(0).distance_metres(), 556, 1);
}

TEST_F(StockScanTest, KeepsNoExactPlaceAndWhoSentIt) {
  const auto scanned = Scan(id_, "scan-1", {At(Text(plates_[0].text), 112.85432, 35.49001)});
  ASSERT_TRUE(scanned);
  v1::StockFinding kept;
  EXPECT_TRUE(EachFinding(*world_.Read(), 0, StockPlateTerm(id_, Serial(1)),
                          [&](const v1::StockFinding& finding) {
                            kept = finding;
                            return true;
                          }));
  EXPECT_DOUBLE_EQ(kept.longitude(), 112.85);
  EXPECT_DOUBLE_EQ(kept.latitude(), 35.49);
  EXPECT_EQ(kept.crew(), "一班");
  EXPECT_EQ(kept.principal(), "local");
  EXPECT_EQ(kept.time_us(), world_now);
}

TEST_F(StockScanTest, TheSameScanTwiceCountsOnce) {
  EXPECT_THAT(Outcomes(id_, "scan-1", {Text(plates_[0].text), Text(plates_[0].text)}),
              ElementsAre("FOUND", "FOUND again"));
  EXPECT_THAT(Outcomes(id_, "scan-2", {Text(plates_[0].text), Facility(facilities_[0])}),
              ElementsAre("FOUND again", "FOUND again"));
  EXPECT_EQ(Kept(id_), 1);
}

TEST_F(StockScanTest, ARetryIsAnsweredAsItWas) {
  const std::vector<v1::StockSighting> seen = {Text(plates_[0].text), Text("hello")};
  EXPECT_THAT(Outcomes(id_, "scan-1", seen), ElementsAre("FOUND", "NOT_AUTHENTIC"));
  const std::string state = world_.State();
  EXPECT_THAT(Outcomes(id_, "scan-1", seen), ElementsAre("FOUND", "NOT_AUTHENTIC"));
  EXPECT_EQ(world_.State(), state);
  EXPECT_EQ(RefusalOf(Scan(id_, "scan-1", {Text("other")})).reason, "REQUEST_ID_REUSED");
}

TEST_F(StockScanTest, NothingIsTakenOnceItHasEnded) {
  ASSERT_TRUE(Scan(id_, "scan-1", {Text(plates_[0].text)}));
  ASSERT_TRUE(End(id_));
  RefusesUnchanged(world_, [&] { return Scan(id_, "scan-2", {Text(plates_[1].text)}); },
                   {StatusCode::kFailedPrecondition, "STOCK_TAKE_ENDED", "stock_take"});
  EXPECT_TRUE(Scan(id_, "scan-1", {Text(plates_[0].text)}));
}

v1::ScanStockTakeRequest ScanOf(uint64_t id, const std::string& request_id,
                                const v1::StockSighting& sighting) {
  v1::ScanStockTakeRequest request;
  request.set_request_id(request_id);
  request.set_stock_take(id);
  *request.add_sightings() = sighting;
  return request;
}

/// Both were planned when neither was there.
TEST_F(StockScanTest, TwoCrewsAtOnceNeverMeetAndWhatBothSawCountsOnce) {
  const auto snapshot = world_.Read();
  const Call call = world_.call("yima.v1.StockTakeService/ScanStockTake");
  std::vector<SeenPlate> seen;
  for (const char* crew : {"scan-1", "scan-2"}) {
    const auto planned =
        PlanScanStockTake(world_.domain(), methods_.resolver(), call,
                          ScanOf(id_, crew, Text(plates_[3].text)), *snapshot, seen);
    ASSERT_TRUE(planned) << planned.error().message;
    EXPECT_TRUE(std::holds_alternative<store::Committed>(
        store::ApplyAndWait(world_.store(), planned->change)));
  }
  EXPECT_EQ(Kept(id_), 2);
  v1::GetStockTakeReportRequest request;
  request.set_stock_take(id_);
  const auto report = methods_.Stream<v1::GetStockTakeReportResponse>(
      "StockTakeService/GetStockTakeReport", request);
  EXPECT_EQ(report->back().counts().unexpected(), 1u);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(StockScanTest, AScanThatMeetsTheEndIsRefused) {
  const Call call = world_.call("yima.v1.StockTakeService/ScanStockTake");
  std::vector<SeenPlate> seen;
  const auto planned =
      PlanScanStockTake(world_.domain(), methods_.resolver(), call,
                        ScanOf(id_, "scan-1", Text(plates_[0].text)), *world_.Read(), seen);
  ASSERT_TRUE(End(id_));
  EXPECT_TRUE(std::holds_alternative<store::MovedRecord>(
      store::ApplyAndWait(world_.store(), planned->change)));
}

TEST_F(StockScanTest, RefusesWhatCannotBeASighting) {
  const StatusCode invalid = StatusCode::kInvalidArgument;
  const auto refuses = [&](const v1::StockSighting& sighting, const std::string& reason,
                           const std::string& field) {
    RefusesUnchanged(world_,
                     [&] {
                       return Scan(id_, reason, {Text("sound"), sighting});
                     },
                     {invalid, reason, field});
  };
  refuses({}, "SIGHTING_MISSING", "sightings[1].seen");
  refuses(Text(std::string(513, 'x')), "TEXT_TOO_LONG", "sightings[1].seen");
  refuses(At(Text("x"), 181, 0), "POSITION_OUT_OF_RANGE", "sightings[1].longitude");
  refuses(At(Text("x"), 0, std::numeric_limits<double>::quiet_NaN()), "POSITION_OUT_OF_RANGE",
          "sightings[1].latitude");
  v1::StockSighting half = Text("x");
  half.set_latitude(1);
  refuses(half, "POSITION_INCOMPLETE", "sightings[1].longitude");
  v1::StockSighting late = Text("x");
  late.set_time_us(world_now + TimeUs{2} * 86'400'000'000);
  refuses(late, "TIME_OUT_OF_RANGE", "sightings[1].time_us");
  RefusesUnchanged(world_, [&] { return Scan(id_, "none", {}); },
                   {invalid, "BATCH_SIZE", "sightings"});
  RefusesUnchanged(
      world_, [&] { return Scan(id_, "many", std::vector<v1::StockSighting>(1001, Text("x"))); },
      {invalid, "BATCH_SIZE", "sightings"});
  RefusesUnchanged(world_, [&] { return Scan(999, "nowhere", {Text("x")}); },
                   {StatusCode::kNotFound, "STOCK_TAKE_NOT_FOUND", "stock_take"});
  auto crew = ScanOf(id_, "crew", Text("x"));
  crew.set_crew(std::string(65, 'x'));
  EXPECT_EQ(
      RefusalOf(methods_.Unary<v1::ScanStockTakeResponse>("StockTakeService/ScanStockTake", crew)),
      (Refusal{invalid, "FIELD_TOO_LONG", "crew"}));
}

TEST_F(StockScanTest, NamesLeadNowhereBeyondTheReachAndAWholeTextDoes) {
  BeBounded("140521", "7");
  v1::StockSighting serial;
  serial.set_serial(Serial(1));
  EXPECT_THAT(Outcomes(id_, "scan-1", {serial, Facility(facilities_[0]), Text(plates_[0].text)}),
              ElementsAre("UNKNOWN", "UNKNOWN", "FOUND"));
}

/// Who may not see a facility is not told exactly where it stands, and must not be told that it
/// stands elsewhere either.
TEST_F(StockScanTest, ACoarsePlaceIsNoWrongPlace) {
  const double east = 112.85049;
  const double north = 35.49049;
  EXPECT_TRUE(Edit<v1::Facility>(world_, facilities_[0], [&](auto& facility) {
    facility.mutable_position()->set_longitude(east);
    facility.mutable_position()->set_latitude(north);
  }));
  const auto narrow = *Start("start-2", 30);
  BeBounded("140521", "7");
  const auto told = Scan(narrow, "scan-1", {At(Text(plates_[0].text), east, north)});
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(Word(told->answers(0).outcome()), "FOUND");
  EXPECT_NEAR(told->answers(0).distance_metres(), 70, 5);
  EXPECT_THAT(Outcomes(narrow, "scan-2", {At(Text(plates_[0].text), east, north + 0.002)}),
              ElementsAre("WRONG_PLACE"));
}

TEST_F(StockScanTest, BearsTheTimeOfTheScanWithinThatOfTheStockTake) {
  constexpr TimeUs kHour = TimeUs{3600} * 1'000'000;
  const TimeUs begun = world_now;
  world_now += 5 * kHour;
  const auto time_of = [&](uint64_t plate, TimeUs told) {
    auto sighting = Text(plates_[plate].text);
    sighting.set_time_us(told);
    EXPECT_TRUE(Scan(id_, fmt::format("scan-{}", plate), {sighting}));
    TimeUs kept = 0;
    EXPECT_TRUE(EachFinding(*world_.Read(), 0, StockPlateTerm(id_, Serial(plate + 1)),
                            [&](const v1::StockFinding& finding) {
                              kept = finding.time_us();
                              return true;
                            }));
    return kept;
  };
  EXPECT_EQ(time_of(0, begun + kHour), begun + kHour);
  EXPECT_EQ(time_of(1, begun - 400 * kHour), begun);
  EXPECT_EQ(time_of(2, world_now + 3 * kHour), world_now);
  world_now = begun;
}

/// With a keeper of sightings.
class StockSightingsTest : public StockTest {
 protected:
  SightingKeeper keeper_{world_.domain()};
  Methods noting_{world_, &keeper_};
  const uint64_t id_ = *Start();

  v1::Sightings ScanAndKeep(const std::string& id, const v1::StockSighting& sighting) {
    v1::ScanStockTakeRequest request;
    request.set_request_id(id);
    request.set_stock_take(id_);
    *request.add_sightings() = sighting;
    const auto answer =
        noting_.Unary<v1::ScanStockTakeResponse>("StockTakeService/ScanStockTake", request);
    EXPECT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(keeper_.Keep());
    const auto read = Get<v1::Sightings>(*world_.Read(), Serial(1));
    return read && *read ? (*read)->record : v1::Sightings();
  }
};

TEST_F(StockSightingsTest, AreOfTheHourOfTheScanAndCountOnce) {
  constexpr TimeUs kHour = TimeUs{3600} * 1'000'000;
  const TimeUs begun = world_now;
  world_now += 9 * kHour;
  auto sighting = At(Text(plates_[0].text), kEast, kNorth);
  sighting.set_time_us(begun + 2 * kHour);
  const auto kept = ScanAndKeep("scan-1", sighting);
  ASSERT_EQ(kept.places_size(), 1);
  EXPECT_EQ(kept.places(0).hour(), (begun + 2 * kHour) / kHour);
  // The same call again, and the same scan in another call.
  ScanAndKeep("scan-1", sighting);
  EXPECT_EQ(ScanAndKeep("scan-2", sighting).count(), 1u);
  EXPECT_EQ(ScanAndKeep("scan-3", At(Text(plates_[0].text), kEast, kNorth + 0.1)).far_hour(),
            world_now / kHour);
  world_now = begun;
}

TEST_F(StockSightingsTest, ACopyThatSaysTheSameFarAwayIsNotedToo) {
  ScanAndKeep("scan-1", At(Text(plates_[0].text), kEast, kNorth + 0.02));
  const auto kept = ScanAndKeep("scan-2", At(Text(plates_[0].text), kEast, kNorth + 3));
  EXPECT_EQ(kept.count(), 2u);
  EXPECT_NE(kept.apart_hour(), 0u);
}

TEST_F(StockScanTest, FindsItsWayInALongList) {
  for (uint32_t number = 100; number < 1300; ++number) world_.AddFacility(number, bureau_);
  const uint64_t id = *Start("start-2");
  const auto snapshot = world_.Read();
  const auto stock_take = FindStockTake(*snapshot, id);
  FrozenList list(*snapshot, stock_take->record);
  EXPECT_EQ(list.chunks(), 3u);
  uint64_t held = 0;
  for (uint64_t uid = Serial(0); uid <= Serial(1210); ++uid) held += *list.Holds(uid) ? 1 : 0;
  EXPECT_EQ(held, 1203u);
  EXPECT_FALSE(*list.Holds(facilities_[3]));
}

}  // namespace
}  // namespace yima::server::testing
