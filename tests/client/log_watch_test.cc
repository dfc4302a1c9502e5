#include "client/log/log_watch.h"

#include <gtest/gtest.h>

namespace yima {
namespace {

v1::LogEntry OrganizationEntry(uint64_t id, const std::string& name, uint64_t revision = 1) {
  v1::LogEntry entry;
  entry.set_revision(revision);
  entry.mutable_organization()->set_id(id);
  entry.mutable_organization()->set_name(name);
  return entry;
}

v1::LogEntry FacilityEntry(uint64_t uid, uint64_t supervising, uint64_t owning) {
  v1::LogEntry entry;
  entry.set_revision(1);
  entry.mutable_facility()->set_uid(uid);
  entry.mutable_facility()->mutable_supervising()->set_holder(supervising);
  entry.mutable_facility()->mutable_owning()->set_holder(owning);
  return entry;
}

TEST(LogWatchTest, AFacilityThatLeavesAnOrganizationConcernsIt) {
  LogWatch watch({}, {"排水公司"});
  EXPECT_FALSE(watch.Take(OrganizationEntry(1, "城管局")).concerns);
  EXPECT_TRUE(watch.Take(OrganizationEntry(2, "排水公司")).concerns);
  EXPECT_TRUE(watch.Take(FacilityEntry(9, 1, 2)).concerns);
  const auto left = watch.Take(FacilityEntry(9, 1, 3));
  EXPECT_TRUE(left.concerns);
  ASSERT_EQ(left.left.size(), 1u);
  EXPECT_EQ(left.left[0].kind, v1::RIGHT_KIND_OWNING);
  EXPECT_EQ(left.left[0].organization, 2u);
  EXPECT_EQ(left.left[0].name, "排水公司");
  EXPECT_FALSE(watch.Take(FacilityEntry(9, 1, 3)).concerns) << "it has left";
}

TEST(LogWatchTest, WhomANameMeansIsSaidByTheEntries) {
  LogWatch watch({}, {"水司"});
  EXPECT_EQ(watch.CheckFound().error().reason, "WATCHED_UNKNOWN");
  EXPECT_FALSE(watch.Take(FacilityEntry(9, 1, 2)).concerns);
  v1::LogEntry renamed = OrganizationEntry(2, "排水公司", 2);
  renamed.mutable_organization()->add_aliases("水司");
  EXPECT_TRUE(watch.Take(renamed).concerns);
  EXPECT_TRUE(watch.CheckFound());
  ASSERT_TRUE(watch.again()) << "its facilities may have come before the alias";
  watch.BeginAgain();
  EXPECT_TRUE(watch.Take(FacilityEntry(9, 1, 2)).concerns);
  watch.Take(renamed);
  EXPECT_FALSE(watch.again());
  EXPECT_EQ(watch.Take(FacilityEntry(9, 1, 1)).left.size(), 1u);
}

TEST(LogWatchTest, FacilitiesAreWatchedByAnyOfTheirNames) {
  v1::GetFacilityRequest by_uid;
  by_uid.set_uid(7);
  v1::GetFacilityRequest by_code;
  by_code.mutable_external_code()->set_namespace_("ledger");
  by_code.mutable_external_code()->set_value("L-1");
  LogWatch watch({by_uid, by_code}, {});
  EXPECT_TRUE(watch.Take(FacilityEntry(7, 1, 1)).concerns);
  EXPECT_EQ(watch.CheckFound().error().field, "--facility");
  v1::LogEntry named = FacilityEntry(8, 1, 1);
  auto* code = named.mutable_facility()->add_external_codes();
  code->set_namespace_("ledger");
  code->set_value("L-1");
  EXPECT_TRUE(watch.Take(named).concerns);
  EXPECT_TRUE(watch.CheckFound());
  v1::LogEntry plate;
  plate.mutable_code()->set_serial(5);
  plate.mutable_code()->set_facility(8);
  EXPECT_TRUE(watch.Take(plate).concerns);
  plate.mutable_code()->set_facility(9);
  EXPECT_TRUE(watch.Take(plate).concerns) << "it is taken away";
  EXPECT_FALSE(watch.Take(plate).concerns) << "and is another's now";
}

TEST(LogWatchTest, ANameGivenLaterMayHavePlatesThatWerePassedOver) {
  v1::GetFacilityRequest by_code;
  by_code.mutable_external_code()->set_namespace_("ledger");
  by_code.mutable_external_code()->set_value("L-1");
  LogWatch watch({by_code}, {});
  v1::LogEntry named = FacilityEntry(8, 1, 1);
  watch.Take(named);
  v1::LogEntry plate;
  plate.mutable_code()->set_serial(5);
  plate.mutable_code()->set_facility(8);
  EXPECT_FALSE(watch.Take(plate).concerns);
  named.set_revision(2);
  *named.mutable_facility()->add_external_codes() = by_code.external_code();
  EXPECT_TRUE(watch.Take(named).concerns);
  ASSERT_TRUE(watch.again());
  watch.BeginAgain();
  EXPECT_TRUE(watch.Take(plate).concerns);
  watch.Take(named);
  EXPECT_FALSE(watch.again());
  plate.mutable_code()->set_facility(9);
  EXPECT_TRUE(watch.Take(plate).concerns);
}

TEST(LogWatchTest, AnOrganizationWithoutAnIdIsNotMeantByEveryName) {
  LogWatch watch({}, {"排水公司"});
  EXPECT_FALSE(watch.Take(OrganizationEntry(0, "城管局")).concerns);
  EXPECT_FALSE(watch.CheckFound());
}

TEST(LogWatchTest, ACreditCodeIsMeantInEitherCase) {
  LogWatch watch({}, {"91350100m000100y43"});
  v1::LogEntry entry = OrganizationEntry(2, "排水公司");
  entry.mutable_organization()->set_credit_code("91350100M000100Y43");
  EXPECT_TRUE(watch.Take(entry).concerns);
}

TEST(LogWatchTest, GoesOnFromWhatIsKept) {
  LogWatch watch({}, {"排水公司", "2"});
  watch.Take(OrganizationEntry(2, "排水公司"));
  watch.Take(FacilityEntry(9, 1, 2));
  v1::LogEntry plate;
  plate.mutable_code()->set_serial(5);
  plate.mutable_code()->set_facility(9);
  watch.Take(plate);
  std::string bytes;
  watch.AppendTo(bytes);
  LogWatch again({}, {"排水公司", "2"});
  std::string_view rest = bytes;
  ASSERT_TRUE(again.TakeFrom(rest));
  EXPECT_TRUE(rest.empty());
  EXPECT_TRUE(again.CheckFound());
  EXPECT_EQ(again.Take(FacilityEntry(9, 1, 3)).left.size(), 1u);
  for (size_t size = 0; size < bytes.size(); ++size) {
    rest = std::string_view(bytes).substr(0, size);
    EXPECT_FALSE(LogWatch({}, {"排水公司", "2"}).TakeFrom(rest)) << size;
  }
}

}  // namespace
}  // namespace yima
