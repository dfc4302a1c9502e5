#include "server/resolver/sightings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/issuance/suspicious.h"
#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::CoarsePlace Seen(int32_t east, int32_t north, uint32_t hour, bool far = false) {
  v1::CoarsePlace place;
  place.set_east(east);
  place.set_north(north);
  place.set_hour(hour);
  place.set_count(1);
  place.set_far(far);
  return place;
}

v1::Sightings Of(const std::vector<v1::CoarsePlace>& places) {
  v1::Sightings sightings;
  for (const auto& place : places) AddSighting(sightings, place);
  return sightings;
}

TEST(AddSightingTest, CountsScansOfOnePlaceTogether) {
  const auto sightings = Of({Seen(11285, 3549, 5), Seen(11285, 3549, 7), Seen(11285, 3549, 6)});
  EXPECT_EQ(sightings.count(), 3u);
  ASSERT_EQ(sightings.places_size(), 1);
  EXPECT_EQ(sightings.places(0).count(), 3u);
  EXPECT_EQ(sightings.places(0).hour(), 7u);
  EXPECT_FALSE(IsSuspicious(sightings));
}

/// A tenth of a degree of latitude is 11.1 km.
TEST(AddSightingTest, TooFarApartForTheTimeBetweenIsSuspicious) {
  EXPECT_TRUE(IsSuspicious(Of({Seen(11285, 3549, 5), Seen(11285, 3559, 5)})));
  EXPECT_FALSE(IsSuspicious(Of({Seen(11285, 3549, 5), Seen(11285, 3557, 5)})));
  EXPECT_FALSE(IsSuspicious(Of({Seen(11285, 3549, 5), Seen(11285, 3559, 6)})));
  EXPECT_TRUE(IsSuspicious(Of({Seen(11285, 3549, 5), Seen(11285, 3569, 6)})));
  EXPECT_TRUE(IsSuspicious(Of({Seen(11285, 3569, 6), Seen(11285, 3549, 5)})));
}

TEST(AddSightingTest, ScansAtItsPlaceDoNotUndoWhatWasSeen) {
  auto sightings = Of({Seen(11285, 3549, 5), Seen(11285, 3649, 5)});
  for (uint32_t hour = 6; hour < 700; ++hour) AddSighting(sightings, Seen(11285, 3549, hour));
  EXPECT_TRUE(IsSuspicious(sightings));
  // The other place, 111 km away, was too far for the scans up to hour 15.
  EXPECT_EQ(sightings.apart_hour(), 15u);
  AddSighting(sightings, Seen(11285, 3549, 15 + kSightingHours));
  EXPECT_TRUE(IsSuspicious(sightings));
  AddSighting(sightings, Seen(11285, 3549, 16 + kSightingHours));
  EXPECT_FALSE(IsSuspicious(sightings));
  EXPECT_EQ(sightings.places_size(), 1);
}

TEST(AddSightingTest, FarFromItsFacilityIsSuspicious) {
  EXPECT_TRUE(IsSuspicious(Of({Seen(11285, 3549, 5, true)})));
}

TEST(AddSightingTest, KeepsTheNewestPlaces) {
  v1::Sightings sightings;
  for (int32_t n = 0; n < 20; ++n) {
    AddSighting(sightings, Seen(11285 + n, 3549, static_cast<uint32_t>(100 + n)));
  }
  EXPECT_EQ(sightings.count(), 20u);
  ASSERT_EQ(sightings.places_size(), 8);
  EXPECT_EQ(sightings.places(0).hour(), 119u);
  EXPECT_EQ(sightings.places(7).hour(), 112u);
}

class SightingKeeperTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

  SightingKeeperTest() {
    EXPECT_TRUE(Edit<v1::Facility>(world_, facility_, [](auto& facility) {
      facility.mutable_position()->set_longitude(112.85);
      facility.mutable_position()->set_latitude(35.49);
    }));
  }
  v1::ResolveResponse Resolve(double latitude) {
    v1::ResolveRequest request;
    request.set_text(plate_.text);
    request.set_longitude(112.85);
    request.set_latitude(latitude);
    const auto answer = methods_.Unary<v1::ResolveResponse>("ResolverService/Resolve", request);
    EXPECT_TRUE(answer) << answer.error().message;
    return *answer;
  }
  v1::Sightings Kept() const {
    const auto read = Get<v1::Sightings>(*world_.Read(), kSerial);
    return read && *read ? (*read)->record : v1::Sightings();
  }
  std::vector<uint64_t> Listed() {
    const auto page = methods_.Unary<v1::ListSuspiciousCodesResponse>(
        "IssuanceService/ListSuspiciousCodes", v1::ListSuspiciousCodesRequest());
    std::vector<uint64_t> serials;
    for (const auto& code : page->codes()) serials.push_back(code.code().serial());
    return serials;
  }

  World world_;
  SightingKeeper keeper_{world_.domain()};
  Methods methods_{world_, &keeper_};
  const uint64_t facility_ = world_.AddFacility(1, world_.AddOrganization("城管局"));
  const Plate plate_ = AddPlate(world_, kSerial, facility_);
};

TEST_F(SightingKeeperTest, AScanLeavesACoarsePlaceAndNothingBeforeKeep) {
  const std::string state = world_.State();
  Resolve(35.4912);
  EXPECT_EQ(world_.State(), state);
  ASSERT_TRUE(keeper_.Keep());
  EXPECT_EQ(Kept().count(), 1u);
  ASSERT_EQ(Kept().places_size(), 1);
  EXPECT_EQ(Kept().places(0).east(), 11285);
  EXPECT_EQ(Kept().places(0).north(), 3549);
  EXPECT_EQ(Kept().places(0).hour(), world_now / 3'600'000'000);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(SightingKeeperTest, WithoutAPositionNothingIsKept) {
  v1::ResolveRequest request;
  request.set_text(plate_.text);
  ASSERT_TRUE(methods_.Unary<v1::ResolveResponse>("ResolverService/Resolve", request));
  const std::string state = world_.State();
  ASSERT_TRUE(keeper_.Keep());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(SightingKeeperTest, APlateThatIsNotInForceLeavesNothing) {
  const Plate blank = AddPlate(world_, kSerial + 1, 0);
  v1::ResolveRequest request;
  request.set_text(blank.text);
  request.set_longitude(112.85);
  request.set_latitude(35.49);
  ASSERT_TRUE(methods_.Unary<v1::ResolveResponse>("ResolverService/Resolve", request));
  ASSERT_TRUE(Edit<v1::Code>(world_, kSerial, [](auto& code) {
    code.set_state(v1::CODE_STATE_REVOKED);
    code.set_reason(v1::REVOCATION_REASON_LOST);
  }));
  Resolve(36.49);
  const std::string state = world_.State();
  ASSERT_TRUE(keeper_.Keep());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(SightingKeeperTest, AForgedTextLeavesNothing) {
  v1::ResolveRequest request;
  request.set_text(plate_.text);
  request.mutable_text()->back() = request.text().back() == '0' ? '1' : '0';
  request.set_longitude(1);
  request.set_latitude(1);
  ASSERT_TRUE(methods_.Unary<v1::ResolveResponse>("ResolverService/Resolve", request));
  ASSERT_TRUE(keeper_.Keep());
  EXPECT_EQ(Kept().count(), 0u);
}

TEST_F(SightingKeeperTest, ResolveSaysThatACodeWasSeenElsewhere) {
  EXPECT_FALSE(Resolve(35.4901).seen_elsewhere());
  ASSERT_TRUE(keeper_.Keep());
  EXPECT_FALSE(Resolve(35.5101).seen_elsewhere());  // 2.2 km off; told of from the next one on.
  ASSERT_TRUE(keeper_.Keep());
  EXPECT_TRUE(Resolve(35.4901).seen_elsewhere());
  EXPECT_THAT(Listed(), ElementsAre(kSerial));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(SightingKeeperTest, AServerStartedAnewKnowsTheSuspicious) {
  Resolve(35.6);
  ASSERT_TRUE(keeper_.Keep());
  SightingKeeper anew(world_.domain());
  EXPECT_FALSE(anew.IsSuspicious(kSerial));
  ASSERT_TRUE(anew.Load());
  EXPECT_TRUE(anew.IsSuspicious(kSerial));
  EXPECT_FALSE(anew.IsSuspicious(kSerial + 1));
}

TEST_F(SightingKeeperTest, ListsNothingBeyondTheReach) {
  Resolve(35.6);
  ASSERT_TRUE(keeper_.Keep());
  v1::Grant grant;
  grant.add_divisions("140521");
  auto reach = std::make_shared<Reach>();
  reach->Add(grant);
  world_.reach = reach;
  EXPECT_THAT(Listed(), IsEmpty());
}

TEST_F(SightingKeeperTest, AScanInPlaceDoesNotWipeAFarOneOfTheSameSquare) {
  Resolve(35.4999);  // 1.1 km off, in the same square.
  Resolve(35.4901);
  ASSERT_TRUE(keeper_.Keep());
  EXPECT_EQ(Kept().count(), 2u);
  EXPECT_NE(Kept().far_hour(), 0u);
  EXPECT_TRUE(keeper_.IsSuspicious(kSerial));
}

TEST_F(SightingKeeperTest, AFarScanFindsRoomAmongManyThatAreNot) {
  for (int n = 0; n < 20; ++n) keeper_.Note(kSerial, 112.85 + 0.01 * n, 35.49, 0);
  keeper_.Note(kSerial, 112.95, 35.59, 15'000);
  ASSERT_TRUE(keeper_.Keep());
  EXPECT_NE(Kept().far_hour(), 0u);
}

TEST_F(SightingKeeperTest, ADamagedRecordHoldsUpNoOther) {
  const uint64_t other = kSerial + 1;
  Resolve(35.49);
  ASSERT_TRUE(keeper_.Keep());
  store::Change change;
  change.puts.push_back({store::Kind::kSighting, kSerial, 1, "\x0f", {}});
  ASSERT_TRUE(std::holds_alternative<store::Committed>(
      store::ApplyAndWait(world_.store(), std::move(change))));
  keeper_.Note(kSerial, 112.85, 35.49, 0);
  keeper_.Note(other, 112.85, 35.49, 0);
  const auto kept = keeper_.Keep();
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().reason, "RECORD_DAMAGED");
  EXPECT_EQ((*Get<v1::Sightings>(*world_.Read(), other))->record.count(), 1u);
  EXPECT_TRUE(keeper_.Keep());  // Not tried for ever.
}

TEST_F(SightingKeeperTest, AFloodTakesABoundedRoom) {
  for (uint64_t serial = 1; serial <= SightingKeeper::kWaitingMax + 500; ++serial) {
    keeper_.Note((uint64_t{1} << 32) + 100 + serial, 112.85, 35.49, 0);
  }
  for (int n = 0; n < 100; ++n) keeper_.Note((uint64_t{1} << 32) + 101, n, 0, 0);
  ASSERT_TRUE(keeper_.Keep());
  size_t kept = 0;
  ASSERT_TRUE(
      world_.Read()->Scan(store::Kind::kSighting, 0, {}, [&](uint64_t, uint64_t, std::string_view) {
        ++kept;
        return true;
      }));
  EXPECT_EQ(kept, SightingKeeper::kWaitingMax);
  const auto first = Get<v1::Sightings>(*world_.Read(), (uint64_t{1} << 32) + 101);
  EXPECT_LE((*first)->record.places_size(), 8);
}

}  // namespace
}  // namespace yima::server::testing
