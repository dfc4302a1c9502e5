#include "server/registry/nearby.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/resolver/resolver.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"
#include "tests/server/world.h"
#include "tests/store/store_kit.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Over both stores: one keeps places exactly, the other rounds them.
class NearbyTest : public ::testing::TestWithParam<bool> {
 protected:
  NearbyTest()
      : world_(GetParam() ? store::testing::OpenSqlite(folder_.db()) : store::OpenMemoryStore()) {}

  uint64_t Place(double longitude, double latitude) {
    const uint64_t uid = world_.AddFacility(++number_, bureau_);
    EXPECT_TRUE(Edit<v1::Facility>(world_, uid, [&](v1::Facility& f) {
      f.mutable_position()->set_longitude(longitude);
      f.mutable_position()->set_latitude(latitude);
    }));
    return uid;
  }
  static v1::SearchNearbyRequest Around(double longitude, double latitude, double radius) {
    v1::SearchNearbyRequest request;
    request.set_longitude(longitude);
    request.set_latitude(latitude);
    request.set_radius_metres(radius);
    return request;
  }
  Result<v1::SearchNearbyResponse> Ask(const v1::SearchNearbyRequest& request) {
    return methods_.Unary<v1::SearchNearbyResponse>("RegistryService/SearchNearby", request);
  }
  /// All pages together.
  std::vector<uint64_t> Uids(v1::SearchNearbyRequest request) {
    std::vector<uint64_t> uids;
    double before = 0;
    do {
      const auto page = Ask(request);
      EXPECT_TRUE(page) << page.error().message;
      if (!page) break;
      for (const auto& near : page->facilities()) {
        EXPECT_GE(near.distance_metres(), before);
        before = near.distance_metres();
        uids.push_back(near.facility().uid());
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return uids;
  }

  store::testing::TempFolder folder_;
  World world_;
  Methods methods_{world_};
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint32_t number_ = 0;
};

TEST_P(NearbyTest, FindsTheNearestFirstWithTheirDistances) {
  const uint64_t far = Place(112.852, 35.49);
  const uint64_t near = Place(112.851, 35.49);
  Place(112.9, 35.49);
  const auto answer = Ask(Around(112.8505, 35.49, 200));
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->facilities_size(), 2);
  EXPECT_EQ(answer->facilities(0).facility().uid(), near);
  EXPECT_EQ(answer->facilities(1).facility().uid(), far);
  EXPECT_NEAR(answer->facilities(0).distance_metres(), 45.3, 0.1);
  EXPECT_FALSE(answer->facilities(0).facility().etag().empty());
  EXPECT_EQ(answer->next_page_token(), "");
}

TEST_P(NearbyTest, NeverFindsOneWithoutAPosition) {
  world_.AddFacility(1, bureau_);
  EXPECT_THAT(Uids(Around(0, 0, 50'000)), IsEmpty());
}

TEST_P(NearbyTest, FindsOneThatMovedAtItsNewPlaceAlone) {
  const uint64_t uid = Place(112.85, 35.49);
  ASSERT_TRUE(Edit<v1::Facility>(world_, uid,
                                 [](v1::Facility& f) { f.mutable_position()->set_latitude(36); }));
  EXPECT_THAT(Uids(Around(112.85, 35.49, 1000)), IsEmpty());
  EXPECT_THAT(Uids(Around(112.85, 36, 1000)), ElementsAre(uid));
  ASSERT_TRUE(Edit<v1::Facility>(world_, uid, [](v1::Facility& f) { f.clear_position(); }));
  EXPECT_THAT(Uids(Around(112.85, 36, 1000)), IsEmpty());
}

TEST_P(NearbyTest, LooksAcrossThe180thMeridian) {
  const uint64_t east = Place(-179.9995, 10);
  const uint64_t west = Place(179.999, 10);
  const uint64_t on_it = Place(180, 10);
  EXPECT_THAT(Uids(Around(180, 10, 500)), ElementsAre(on_it, east, west));
  EXPECT_THAT(Uids(Around(-180, 10, 500)), ElementsAre(on_it, east, west));
}

TEST_P(NearbyTest, LooksAroundThePoles) {
  const uint64_t here = Place(10, 89.999);
  const uint64_t across = Place(-170, 89.999);
  EXPECT_THAT(Uids(Around(10, 89.999, 500)), ElementsAre(here, across));
  EXPECT_THAT(Uids(Around(0, 90, 500)).size(), 2);
  EXPECT_THAT(Uids(Around(0, -90, 50'000)), IsEmpty());
}

TEST_P(NearbyTest, AgreesWithASlowSearchPageByPage) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> offset(-0.02, 0.02);
  std::vector<std::pair<uint64_t, store::Point>> all;
  for (int i = 0; i < 400; ++i) {
    const store::Point at{112.85 + offset(random), 35.49 + offset(random)};
    all.emplace_back(Place(at.longitude, at.latitude), at);
  }
  // Some of them at one spot.
  for (int i = 0; i < 20; ++i) all.emplace_back(Place(112.85, 35.49), store::Point{112.85, 35.49});
  for (const double radius : {50.0, 300.0, 1500.0, 50'000.0}) {
    std::vector<std::pair<double, uint64_t>> wanted;
    for (const auto& [uid, at] : all) {
      const double metres = DistanceMetres(112.8503, 35.4902, at.longitude, at.latitude);
      if (metres <= radius) wanted.emplace_back(metres, uid);
    }
    std::ranges::sort(wanted);
    auto request = Around(112.8503, 35.4902, radius);
    request.set_page_size(7);
    const auto uids = Uids(request);
    ASSERT_EQ(uids.size(), wanted.size()) << radius;
    for (size_t i = 0; i < uids.size(); ++i) ASSERT_EQ(uids[i], wanted[i].second) << radius;
  }
}

TEST_P(NearbyTest, LeavesOutWhatDoesNotMatchOrLiesOutsideTheReach) {
  const uint64_t here = Place(112.85, 35.49);
  const uint64_t other = Place(112.8501, 35.49);
  ASSERT_TRUE(Edit<v1::Facility>(world_, other, [](v1::Facility& f) {
    f.set_division("110101");
    f.set_class_code("01003");
  }));
  auto request = Around(112.85, 35.49, 100);
  EXPECT_THAT(Uids(request), ElementsAre(here, other));
  request.mutable_filter()->add_class_codes("01003");
  EXPECT_THAT(Uids(request), ElementsAre(other));
  request.clear_filter();
  request.mutable_filter()->add_uids(here);
  EXPECT_THAT(Uids(request), ElementsAre(here));
  request.clear_filter();
  auto reach = std::make_shared<Reach>();
  v1::Grant grant;
  grant.add_divisions("1405");
  reach->Add(grant);
  world_.reach = reach;
  EXPECT_THAT(Uids(request), ElementsAre(here));
}

TEST_P(NearbyTest, RefusesCirclesThatAreNone) {
  const auto refusal = [&](double longitude, double latitude, double radius) {
    return RefusalOf(Ask(Around(longitude, latitude, radius)));
  };
  const auto out_of = [](const char* reason, const char* field) {
    return Refusal{StatusCode::kInvalidArgument, reason, field};
  };
  EXPECT_EQ(refusal(180.1, 0, 1), out_of("POSITION_OUT_OF_RANGE", "longitude"));
  EXPECT_EQ(refusal(0, -90.1, 1), out_of("POSITION_OUT_OF_RANGE", "latitude"));
  EXPECT_EQ(refusal(std::nan(""), 0, 1), out_of("POSITION_OUT_OF_RANGE", "longitude"));
  EXPECT_EQ(refusal(0, 0, 0), out_of("RADIUS_OUT_OF_RANGE", "radius_metres"));
  EXPECT_EQ(refusal(0, 0, 50'001), out_of("RADIUS_OUT_OF_RANGE", "radius_metres"));
  EXPECT_EQ(refusal(0, 0, std::nan("")), out_of("RADIUS_OUT_OF_RANGE", "radius_metres"));
  auto request = Around(0, 0, 1);
  request.set_page_token("made-up");
  EXPECT_EQ(RefusalOf(Ask(request)).reason, "PAGE_TOKEN_INVALID");
}

INSTANTIATE_TEST_SUITE_P(Stores, NearbyTest, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "Sqlite" : "Memory"; });

}  // namespace
}  // namespace yima::server::testing
