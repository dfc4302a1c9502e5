#include "server/domain/cover.h"

#include <gtest/gtest.h>

#include "server/domain/batch_items.h"
#include "tests/server/plates.h"
#include "tests/server/world.h"

namespace yima::server::testing {
namespace {

constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

v1::Facility MakeFacility() {
  v1::Facility facility;
  facility.set_division("140502");
  facility.set_class_code("01001");
  facility.set_life(v1::LIFE_IN_USE);
  facility.mutable_supervising()->set_holder(7);
  facility.mutable_supervising()->set_state(v1::RIGHT_STATE_RECORDED);
  facility.mutable_owning()->set_holder(uint64_t{1} << 32 | 8);
  facility.mutable_owning()->set_state(v1::RIGHT_STATE_CLAIMED);
  return facility;
}

TEST(CoverTest, NameHoldsAllByWhichFacilitiesAreToldApart) {
  v1::Facility facility = MakeFacility();
  EXPECT_EQ(CoverCounter(facility), "cover/140502/01001/7-4294967304-0/120");
  facility.mutable_owning()->add_claims()->set_claim(5);
  EXPECT_EQ(CoverCounter(facility), "cover/140502/01001/7-4294967304-0/120") << "in no notice yet";
  facility.mutable_owning()->mutable_claims(0)->set_notice(6);
  EXPECT_EQ(CoverCounter(facility), "cover/140502/01001/7-4294967304-0/1c0");
  facility.mutable_owning()->set_state(v1::RIGHT_STATE_CONFIRMED);
  EXPECT_EQ(CoverCounter(facility), "cover/140502/01001/7-4294967304-0/130") << "directly";
  facility.mutable_owning()->set_decided_notice(6);
  EXPECT_EQ(CoverCounter(facility), "cover/140502/01001/7-4294967304-0/1d0");
  EXPECT_EQ(CodedCounter(CoverCounter(facility)), "coded/140502/01001/7-4294967304-0/1d0");
}

TEST(CoverTest, LeavesOutWhatHasEnded) {
  v1::Facility facility = MakeFacility();
  for (const auto life : {v1::LIFE_SCRAPPED, v1::LIFE_WITHDRAWN}) {
    facility.set_life(life);
    EXPECT_EQ(CoverCounter(facility), "");
    EXPECT_EQ(CodedCounter(CoverCounter(facility)), "");
  }
}

TEST(CoverTest, IsReadAsItWasWritten) {
  for (const std::string family : {"cover", "coded"}) {
    const std::string name = family + "/140502/01001/7-4294967304-0/1d4";
    const auto cover = ParseCover(name);
    ASSERT_TRUE(cover);
    EXPECT_EQ(cover->division, "140502");
    EXPECT_EQ(cover->class_code, "01001");
    EXPECT_EQ(cover->rights[0], (RightCover{7, v1::RIGHT_STATE_RECORDED, false}));
    EXPECT_EQ(cover->rights[1],
              (RightCover{uint64_t{1} << 32 | 8, v1::RIGHT_STATE_CONFIRMED, true}));
    EXPECT_EQ(cover->rights[2], (RightCover{0, v1::RIGHT_STATE_OWNERLESS, false}));
    EXPECT_EQ(IsCodedCounter(name), family == "coded");
    EXPECT_LT(name, kCoverEnd);
  }
}

TEST(CoverTest, OtherNamesAreNone) {
  for (const char* name :
       {"", "cover", "cover/", "codes/1", "organizations", "notice/5/objections", "cover/1/2/3/111",
        "cover/140502/01001/1-2-3/11", "cover/140502/01001/1-2-3/1111",
        "cover/140502/01001/1-2-x/111", "cover/140502/01001/1-2-3-4/111",
        "cover/140502/01001/1-2-3/11z", "cover/140502/01001/1-2-3/119"}) {
    EXPECT_FALSE(ParseCover(name)) << name;
  }
}

/// Facilities whose code and record are written by two writers that do not know of each other.
class CodedCounterTest : public ::testing::Test {
 protected:
  store::Change Edited(const store::Snapshot& snapshot) {
    const v1::Facility before = world_.Facility(facility_);
    v1::Facility after = before;
    after.set_division("140503");
    ChangeWriter writer(world_.call("test"), "");
    writer.Replace(facility_, 1, before, after);
    return *writer.Take(snapshot);
  }
  int64_t Coded(std::string_view division) {
    return *world_.Read()->Counter("coded/" + std::string(division) + "/01001/" +
                                   std::to_string(bureau_) + "-0-0/100");
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t facility_ = world_.AddFacility(1, bureau_);
};

TEST_F(CodedCounterTest, FollowsTheCodeAndTheFacility) {
  EXPECT_EQ(Coded("140502"), 0);
  AddPlate(world_, kSerial, facility_);
  EXPECT_EQ(Coded("140502"), 1);
  const auto snapshot = world_.Read();
  ASSERT_TRUE(Settled(store::ApplyAndWait(world_.store(), Edited(*snapshot))));
  EXPECT_EQ(Coded("140502"), 0);
  EXPECT_EQ(Coded("140503"), 1);
  ASSERT_TRUE(Edit<v1::Code>(world_, kSerial,
                             [](v1::Code& code) { code.set_state(v1::CODE_STATE_REVOKED); }));
  EXPECT_EQ(Coded("140503"), 0);
}

TEST_F(CodedCounterTest, EditPlannedBeforeABindIsPlannedAgain) {
  const store::Change edit = Edited(*world_.Read());
  AddPlate(world_, kSerial, facility_);
  const auto outcome = store::ApplyAndWait(world_.store(), edit);
  const auto* taken = std::get_if<store::TakenKey>(&outcome);
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(taken->index, store::Index::kActiveCode);
  EXPECT_EQ(Coded("140502"), 1);
}

TEST_F(CodedCounterTest, BindPlannedBeforeAnEditIsPlannedAgain) {
  const auto snapshot = world_.Read();
  const Plate plate = SignPlate(world_, kSerial, facility_, *world_.domain().keys.code(1));
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(plate.serial, plate.record);
  const store::Change bind = *writer.Take(*snapshot);
  ASSERT_TRUE(Settled(store::ApplyAndWait(world_.store(), Edited(*snapshot))));
  const auto outcome = store::ApplyAndWait(world_.store(), bind);
  const auto* moved = std::get_if<store::MovedRecord>(&outcome);
  ASSERT_NE(moved, nullptr);
  EXPECT_EQ(moved->kind, store::Kind::kFacility);
}

TEST_F(CodedCounterTest, CountsAFacilityThatIsMadeWithItsCode) {
  v1::Facility facility = world_.Facility(facility_);
  facility.clear_codes();
  facility.set_uid(facility_ + 100);
  Plate plate = SignPlate(world_, kSerial, 0, *world_.domain().keys.code(1));
  plate.record.set_facility(facility.uid());
  plate.record.set_state(v1::CODE_STATE_ACTIVE);
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(facility.uid(), facility);
  writer.Create(plate.serial, plate.record);
  ASSERT_TRUE(Apply(world_, writer));
  EXPECT_EQ(Coded("140502"), 1);
}

TEST_F(CodedCounterTest, WhatTheListOfABatchSaysIsNotReadAgain) {
  const Plate plate = SignPlate(world_, kSerial, facility_, *world_.domain().keys.code(1));
  ChangeWriter writer(world_.call("test"), "");
  writer.Check(store::Kind::kFacility, facility_, 1);
  writer.KnowCover(facility_, CoverCounter(world_.Facility(facility_)));
  writer.Create(plate.serial, plate.record);
  ASSERT_TRUE(Settled(store::ApplyAndWait(world_.store(), writer.Take())));
  EXPECT_EQ(Coded("140502"), 1);
}

TEST(BatchItemsTest, KeepWhereTheirFacilitiesAreCounted) {
  std::vector<BatchItem> items(4);
  for (uint64_t i = 0; i < items.size(); ++i) items[i].facility = i + 1;
  items[0].cover = items[1].cover = "cover/140502/01001/1-0-0/100";
  items[1].moved = true;
  items[2].Refuse("RIGHT_NOT_HELD");
  items[2].cover = "cover/140503/01001/1-0-0/100";
  const std::string bytes = EncodeItems(items);
  const auto read = DecodeItems(bytes);
  ASSERT_EQ(read.size(), items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(read[i].facility, items[i].facility);
    EXPECT_EQ(read[i].cover, items[i].cover) << i;
    EXPECT_EQ(read[i].moved, items[i].moved);
    EXPECT_EQ(read[i].reason, items[i].reason);
  }
  EXPECT_EQ(EncodeItems(read), bytes);
}

}  // namespace
}  // namespace yima::server::testing
