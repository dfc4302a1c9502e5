#ifndef YIMA_TESTS_SERVER_STOCK_COUNTING_H_
#define YIMA_TESTS_SERVER_STOCK_COUNTING_H_

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"
#include "tests/server/unchanged.h"

namespace yima::server::testing {

/// Three covers of class 01001 with plates at 112.85, 35.49 and a lamp beside the list, and what a
/// stock-take does with them.
class StockTest : public ::testing::Test {
 protected:
  static constexpr uint64_t Serial(uint64_t number) { return uint64_t{1} << 32 | number; }
  static constexpr double kEast = 112.85;
  static constexpr double kNorth = 35.49;

  StockTest() {
    for (uint32_t number = 1; number <= 4; ++number) {
      const uint64_t uid = world_.AddFacility(number, bureau_);
      EXPECT_TRUE(Edit<v1::Facility>(world_, uid, [&](auto& facility) {
        facility.mutable_position()->set_longitude(kEast);
        facility.mutable_position()->set_latitude(kNorth);
        if (number == 4) facility.set_class_code("01002");
      }));
      facilities_.push_back(uid);
      plates_.push_back(AddPlate(world_, Serial(number), uid));
    }
  }

  Result<uint64_t> Start(const std::string& id = "start-1", uint32_t metres = 0,
                         const std::string& class_code = "01001") {
    v1::StartStockTakeRequest request;
    request.set_request_id(id);
    request.mutable_filter()->add_class_codes(class_code);
    request.set_wrong_place_metres(metres);
    YIMA_ASSIGN_OR_RETURN(const auto answers, (methods_.Stream<v1::StartStockTakeResponse>(
                                                  "StockTakeService/StartStockTake", request)));
    return answers.at(0).stock_take().id();
  }

  static v1::StockSighting Text(const std::string& text) {
    v1::StockSighting sighting;
    sighting.set_text(text);
    return sighting;
  }
  static v1::StockSighting At(v1::StockSighting sighting, double longitude, double latitude) {
    sighting.set_longitude(longitude);
    sighting.set_latitude(latitude);
    return sighting;
  }
  static v1::StockSighting Facility(uint64_t uid) {
    v1::StockSighting sighting;
    sighting.mutable_facility()->set_uid(uid);
    return sighting;
  }
  Result<v1::ScanStockTakeResponse> Scan(uint64_t stock_take, const std::string& id,
                                         const std::vector<v1::StockSighting>& sightings) {
    v1::ScanStockTakeRequest request;
    request.set_request_id(id);
    request.set_stock_take(stock_take);
    request.set_crew("一班");
    for (const auto& sighting : sightings) *request.add_sightings() = sighting;
    return methods_.Unary<v1::ScanStockTakeResponse>("StockTakeService/ScanStockTake", request);
  }
  /// What each was, in words; with a mark when it was seen before.
  std::vector<std::string> Outcomes(uint64_t stock_take, const std::string& id,
                                    const std::vector<v1::StockSighting>& sightings) {
    const auto response = Scan(stock_take, id, sightings);
    if (!response) return {response.error().message};
    std::vector<std::string> words;
    for (const auto& answer : response->answers()) {
      words.push_back(Word(answer.outcome()) + (answer.again() ? " again" : ""));
    }
    return words;
  }
  static std::string Word(v1::StockOutcome outcome) {
    return v1::StockOutcome_Name(outcome).substr(std::string("STOCK_OUTCOME_").size());
  }
  Result<v1::EndStockTakeResponse> End(uint64_t stock_take, const std::string& id = "end-1") {
    v1::EndStockTakeRequest request;
    request.set_request_id(id);
    request.set_stock_take(stock_take);
    return methods_.Unary<v1::EndStockTakeResponse>("StockTakeService/EndStockTake", request);
  }
  void BeBounded(const std::string& division, const std::string& principal) {
    v1::Grant grant;
    grant.add_divisions(division);
    auto reach = std::make_shared<Reach>();
    reach->Add(grant);
    world_.reach = reach;
    world_.principal = principal;
  }

  World world_;
  Methods methods_{world_};
  const uint64_t bureau_ = world_.AddOrganization("城管局");
  std::vector<uint64_t> facilities_;
  std::vector<Plate> plates_;
};

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_STOCK_COUNTING_H_
