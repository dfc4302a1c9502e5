#include "server/resolver/shown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "yima/v1/facility.pb.h"
#include "yima/v1/organization.pb.h"

namespace yima::server {
namespace {

v1::Withheld Secret() {
  v1::Withheld withheld;
  withheld.set_hash(std::string(32, 'h'));
  withheld.set_salt("secret salt");
  withheld.set_value("secret value");
  return withheld;
}

v1::Facility Lamp() {
  v1::Facility lamp;
  lamp.set_uid(17);
  lamp.set_name("路灯");
  lamp.mutable_supervising()->set_holder(5);
  lamp.mutable_owning()->set_holder(6);
  lamp.mutable_maintaining()->set_holder(5);
  lamp.mutable_position()->set_longitude(112.85);
  lamp.mutable_position()->set_latitude(-35.5);
  *lamp.mutable_remark() = Secret();
  auto* personal = lamp.add_personal();
  personal->set_name("keeper");
  *personal->mutable_value() = Secret();
  lamp.set_batch(9);
  for (auto* step : {lamp.mutable_last_step(), lamp.mutable_hand_over()}) {
    step->set_kind(v1::LIFE_STEP_KIND_HAND_OVER);
    step->set_date("2026-11-20");
    *step->mutable_note() = Secret();
  }
  lamp.set_parent(21);
  lamp.set_has_parts(true);
  return lamp;
}

TEST(ShowFacilityTest, KeepsAllButPersonalValuesAndAddsTheEtag) {
  const auto shown = ShowFacility(Lamp().SerializeAsString(), "1-3", Audience::kWithinReach);
  ASSERT_TRUE(shown) << shown.error().message;
  v1::Facility expected = Lamp();
  expected.clear_remark();
  expected.clear_personal();
  expected.mutable_last_step()->clear_note();
  expected.mutable_hand_over()->clear_note();
  expected.set_etag("1-3");
  v1::Facility seen;
  ASSERT_TRUE(seen.ParseFromString(shown->bytes));
  EXPECT_EQ(seen.SerializeAsString(), expected.SerializeAsString());
  EXPECT_EQ(shown->bytes.find("secret"), std::string::npos);
}

TEST(ShowFacilityTest, TellsEachOrganizationOnceAndThePlace) {
  const auto shown = ShowFacility(Lamp().SerializeAsString(), "1-3", Audience::kWithinReach);
  ASSERT_TRUE(shown);
  EXPECT_THAT(shown->organizations, ::testing::ElementsAre(5, 6));
  EXPECT_EQ(shown->parent, 21u);
  EXPECT_TRUE(shown->has_parts);
  EXPECT_EQ(shown->longitude, 112.85);
  EXPECT_EQ(shown->latitude, -35.5);
}

TEST(ShowFacilityTest, EverybodySeesTheNeighbourhoodAndNoLedger) {
  v1::Facility lamp = Lamp();
  lamp.mutable_position()->set_longitude(112.85149);
  lamp.mutable_position()->set_latitude(-35.50051);
  lamp.mutable_position()->set_raw_x("4571");
  lamp.add_external_codes()->set_value("asset-7");
  lamp.add_extra()->set_value("inner note");
  lamp.mutable_owning()->mutable_basis()->set_number("document-9");
  lamp.mutable_owning()->set_state(v1::RIGHT_STATE_CONFIRMED);
  const auto shown = ShowFacility(lamp.SerializeAsString(), "1-3", Audience::kEverybody);
  ASSERT_TRUE(shown);
  // Coarse for distances too: three exact ones would tell the place.
  EXPECT_EQ(shown->longitude, 112.851);
  EXPECT_EQ(shown->latitude, -35.501);
  v1::Facility seen;
  ASSERT_TRUE(seen.ParseFromString(shown->bytes));
  EXPECT_EQ(seen.position().longitude(), 112.851);
  EXPECT_EQ(seen.position().latitude(), -35.501);
  EXPECT_EQ(seen.owning().holder(), 6u);
  EXPECT_EQ(seen.owning().state(), v1::RIGHT_STATE_CONFIRMED);
  EXPECT_EQ(seen.name(), lamp.name());
  EXPECT_EQ(seen.parent(), 21u);
  EXPECT_FALSE(seen.has_last_step() || seen.has_hand_over() || seen.has_parts());
  for (const char* hidden : {"4571", "asset-7", "inner note", "document-9", "secret"}) {
    EXPECT_EQ(shown->bytes.find(hidden), std::string::npos) << hidden;
  }
}

TEST(ShowFacilityTest, EverybodySeesWhatHoldsOfAClaimedRight) {
  v1::Facility lamp = Lamp();
  lamp.mutable_owning()->set_state(v1::RIGHT_STATE_CLAIMED);
  lamp.mutable_owning()->set_unclaimed_state(v1::RIGHT_STATE_RECORDED);
  lamp.mutable_owning()->add_claims()->set_organization(9);
  const auto shown = ShowFacility(lamp.SerializeAsString(), "1-3", Audience::kEverybody);
  ASSERT_TRUE(shown);
  v1::Facility seen;
  ASSERT_TRUE(seen.ParseFromString(shown->bytes));
  EXPECT_EQ(seen.owning().SerializeAsString(), lamp.owning().SerializeAsString());
}

TEST(ShowFacilityTest, KnowsNoPlaceWhenThereIsNone) {
  v1::Facility lamp;
  lamp.mutable_position()->set_raw_x("4571");
  const auto shown = ShowFacility(lamp.SerializeAsString(), "1-1", Audience::kWithinReach);
  ASSERT_TRUE(shown);
  EXPECT_FALSE(shown->longitude);
  EXPECT_TRUE(shown->organizations.empty());
}

TEST(ShowFacilityTest, RefusesDamagedBytes) {
  const std::string whole = Lamp().SerializeAsString();
  for (const std::string& damaged :
       {whole.substr(0, whole.size() - 1), std::string("\x0a\xff\xff\xff\xff\x7f", 6),
        std::string("\0", 1), std::string("\x3a\x01\x08", 3), std::string("\x08", 1)}) {
    const auto shown = ShowFacility(damaged, "1-1", Audience::kWithinReach);
    ASSERT_FALSE(shown);
    EXPECT_EQ(shown.error().reason, "RECORD_DAMAGED");
  }
}

TEST(ShowOrganizationTest, CutsOutTheContactPerson) {
  v1::Organization bureau;
  bureau.set_id(5);
  bureau.set_name("城管局");
  bureau.set_telephone("0356-12345");
  *bureau.mutable_contact_name() = Secret();
  *bureau.mutable_contact_telephone() = Secret();
  bureau.set_update_time_us(7);
  const auto shown = ShowOrganization(bureau.SerializeAsString(), "2-1");
  ASSERT_TRUE(shown);
  bureau.clear_contact_name();
  bureau.clear_contact_telephone();
  bureau.set_etag("2-1");
  EXPECT_EQ(*shown, bureau.SerializeAsString());
}

TEST(ShowOrganizationTest, RefusesDamagedBytes) { EXPECT_FALSE(ShowOrganization("\x0f", "1-1")); }

}  // namespace
}  // namespace yima::server
