#include "server/domain/rederive.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/check/check.h"
#include "server/domain/batch_items.h"
#include "server/rights/coverage.h"
#include "tests/server/plates.h"
#include "tests/server/world.h"
#include "tests/store/dump.h"
#include "tests/store/store_kit.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

constexpr uint32_t kFacilities = 30;
constexpr uint64_t kFirstSerial = uint64_t{1} << 32;

/// A registry in a file, with facilities that lie somewhere, changed records and plates, before and
/// after an older program: what that did not derive is taken out of its file.
class RederiveTest : public ::testing::Test {
 protected:
  RederiveTest() {
    const uint64_t bureau = world_.AddOrganization("城管局");
    for (uint32_t number = 1; number <= kFacilities; ++number) {
      const uint64_t uid = world_.AddFacility(number, bureau);
      if (number % 3 != 0) Move(uid, 1, 112.5 + number * 1e-3);
      if (number % 3 == 1) Move(uid, 2, 112.6 + number * 1e-3);
      if (number % 4 == 1) AddPlate(world_, kFirstSerial + number, uid);
    }
    EXPECT_TRUE(Rederive(world_.store(), Quietly()));
    whole_ = Dump();
    EXPECT_THAT(Findings(), IsEmpty());
  }

  static RederiveProgress Quietly() {
    return [](std::string_view, uint64_t) {};
  }
  void Move(uint64_t uid, uint64_t revision, double longitude) {
    const v1::Facility before = world_.Facility(uid);
    v1::Facility after = before;
    after.mutable_position()->set_longitude(longitude);
    after.mutable_position()->set_latitude(37.5);
    ChangeWriter writer(world_.call("test"), "");
    writer.Replace(uid, revision, before, after);
    EXPECT_TRUE(Settled(store::ApplyAndWait(world_.store(), writer.Take())));
  }
  std::vector<std::string> Dump() { return store::testing::Dump(*world_.Read(), {}); }
  std::vector<std::string> Findings() {
    const auto findings =
        CheckRegistry(*world_.Read(), *world_.domain().registry, [](std::string_view, uint64_t) {});
    return findings.value_or(std::vector<std::string>{"unreadable"});
  }
  /// Runs SQL on the closed file.
  void Edit(const std::string& sql) {
    world_.Reopen([&] {
      // By now the store before is closed.
      store::testing::EditFile(folder_.db(), sql);
      return store::testing::OpenSqlite(folder_.db());
    });
  }

  store::testing::TempFolder folder_;
  World world_{store::testing::OpenSqlite(folder_.db())};
  std::vector<std::string> whole_;
};

/// All that a store of schema 3 does not have.
constexpr const char* kOlder =
    "UPDATE log SET previous = 0; UPDATE record1 SET entry = 0; UPDATE record2 SET entry = 0; "
    "UPDATE record3 SET entry = 0; UPDATE record4 SET entry = 0; UPDATE record5 SET entry = 0; "
    "UPDATE record6 SET entry = 0; UPDATE record7 SET entry = 0; DELETE FROM place; "
    "DELETE FROM record77;";

TEST_F(RederiveTest, AddsPlacesAndHistories) {
  Edit(kOlder);
  EXPECT_THAT(Findings(), Not(IsEmpty()));
  ASSERT_TRUE(Rederive(world_.store(), Quietly()));
  EXPECT_EQ(Dump(), whole_);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(RederiveTest, AddsTermsAndCountersThatAreMissing) {
  Edit(
      "DELETE FROM term WHERE id % 2 = 0; DELETE FROM counter WHERE name LIKE 'coded%'; "
      "UPDATE counter SET value = 3 WHERE name LIKE 'cover%'; DELETE FROM record77;");
  ASSERT_TRUE(Rederive(world_.store(), Quietly()));
  EXPECT_EQ(Dump(), whole_);
}

/// Before rules 3 a facility was counted by division and class, and its rights apart from that.
TEST_F(RederiveTest, CountsCoverageInPlaceOfWhatWasCountedBefore) {
  Edit(
      "DELETE FROM counter WHERE name LIKE 'cover/%' OR name LIKE 'coded/%'; "
      "INSERT INTO counter (name, value) VALUES "
      "(CAST('facilities/140502/01001' AS BLOB), 30), (CAST('rights/supervising/1' AS BLOB), 30), "
      "(CAST('rights/owning/0' AS BLOB), 30); "
      "UPDATE record77 SET bytes = CAST('2' AS BLOB);");
  EXPECT_NE(Dump(), whole_);
  ASSERT_TRUE(Rederive(world_.store(), Quietly()));
  uint64_t coded = 0;
  ASSERT_TRUE(EachCover(*world_.Read(), [&](const Cover&, bool is_coded, uint64_t count) {
    if (is_coded) coded += count;
  }));
  EXPECT_EQ(coded, 8U);
  EXPECT_EQ(*world_.Read()->Counter("facilities/140502/01001"), 0);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(RederiveTest, KeepsAndAddsWhatFollowsFromRecordsBesideTheLog) {
  v1::StockFinding finding;
  finding.set_stock_take(9);
  finding.set_seen("a text");
  v1::Sightings sightings;
  sightings.add_places()->set_hour(5);
  sightings.set_apart_hour(5);
  ChangeWriter writer(world_.call("test"), "");
  writer.ReplaceUnlogged(1, 0, {}, finding);
  writer.ReplaceUnlogged(2, 0, {}, sightings);
  ASSERT_TRUE(Settled(store::ApplyAndWait(world_.store(), writer.Take())));
  const auto whole = Dump();
  Edit("DELETE FROM term WHERE kind IN (75, 76); DELETE FROM record77;");
  EXPECT_NE(Dump(), whole);
  ASSERT_TRUE(Rederive(world_.store(), Quietly()));
  EXPECT_EQ(*world_.Read()->Counter(StockCounter(9)), 1);
  EXPECT_EQ(Dump(), whole);
}

TEST_F(RederiveTest, GoesOnWhereverItWasCutOff) {
  struct CutOff {};
  bool cut = true;
  for (int at = 1; cut; ++at) {
    Edit(kOlder);
    cut = false;
    try {
      ASSERT_TRUE(Rederive(world_.store(), [&, told = 0](std::string_view, uint64_t) mutable {
        if (++told == at) throw CutOff();
      }));
    } catch (const CutOff&) {
      cut = true;
      Edit("SELECT 1");  // Opened anew.
      ASSERT_TRUE(Rederive(world_.store(), Quietly()));
    }
    EXPECT_EQ(Dump(), whole_) << at;
  }
}

TEST_F(RederiveTest, DoesNothingWhenItWasDone) {
  Edit("DELETE FROM place");
  ASSERT_TRUE(Rederive(world_.store(), [](std::string_view, uint64_t) { ADD_FAILURE(); }));
  EXPECT_NE(Dump(), whole_);
}

TEST_F(RederiveTest, TellsHowFarItIs) {
  Edit(kOlder);
  uint64_t records = 0;
  uint64_t entries = 0;
  ASSERT_TRUE(Rederive(world_.store(), [&](std::string_view what, uint64_t done) {
    (what == "records" ? records : entries) = done;
  }));
  EXPECT_GT(records, kFacilities);
  EXPECT_EQ(entries, *world_.Read()->LogSize());
}

TEST_F(RederiveTest, RecordsThatDoNotParseAreLeftToCheck) {
  Edit(std::string(kOlder) +
       "UPDATE record1 SET bytes = x'ff' WHERE id = (SELECT min(id) FROM "
       "record1);");
  ASSERT_TRUE(Rederive(world_.store(), Quietly()));
  EXPECT_THAT(Findings(), ::testing::Contains(::testing::HasSubstr("does not parse")));
}

}  // namespace
}  // namespace yima::server::testing
