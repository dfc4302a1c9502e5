#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/registry/import/import.h"
#include "tests/server/import/ledger_run.h"
#include "tests/server/watched_store.h"

namespace yima::server::testing {
namespace {

class ImportClientTest : public ::testing::Test {
 protected:
  ImportClientTest() : store_(new WatchedStore), world_(std::unique_ptr<store::Store>(store_)) {
    world_.AddOrganization("城管局");
    ledger_.on_answer = [this](const v1::ImportFacilitiesResponse&) -> Result<void> {
      EXPECT_EQ(store_->open_snapshots(), 0) << "while the client reads";
      return {};
    };
  }

  WatchedStore* store_;
  World world_;
  LedgerRun ledger_;
};

TEST_F(ImportClientTest, NoSnapshotIsOpenWhileTheClientThinks) {
  for (uint32_t number = 1; number <= 3000; ++number) ledger_.AddRow(number);
  int asked = 0;
  const auto source = [&](v1::ImportFacilitiesRequest& request) -> Result<bool> {
    EXPECT_EQ(store_->open_snapshots(), 0) << "before message " << asked;
    request.Clear();
    if (asked == 3) return false;
    if (asked == 0) *request.mutable_header() = ledger_.header;
    for (size_t i = 0; i < 1000; ++i) {
      *request.add_rows() = ledger_.rows[1000 * static_cast<size_t>(asked) + i];
    }
    ++asked;
    return true;
  };
  ASSERT_TRUE(ImportFacilities(world_.domain(),
                               world_.call("yima.v1.RegistryService/ImportFacilities"), source,
                               ledger_.on_answer));
  EXPECT_EQ(CountFacilities(world_), 3000);
}

TEST_F(ImportClientTest, NoSnapshotIsOpenWhileTheClientReadsItsBadRows) {
  ledger_.header.set_dry_run(true);
  for (uint32_t number = 1; number <= 2500; ++number) {
    ledger_.AddRow(number).mutable_facility()->set_division("1405");
  }
  ASSERT_TRUE(ledger_.Import(world_));
  ASSERT_EQ(ledger_.problems.size(), 2500);
  for (size_t i = 0; i < 2500; ++i) EXPECT_EQ(ledger_.problems[i].line(), i + 2);
}

TEST_F(ImportClientTest, NoSnapshotIsOpenWhileTheClientReadsItsConflicts) {
  for (uint32_t number = 1; number <= 2500; ++number) ledger_.AddRow(number);
  ASSERT_TRUE(ledger_.Import(world_));
  for (auto& row : ledger_.rows) row.mutable_facility()->set_address("泽州路");
  for (const bool dry_run : {true, false}) {
    ledger_.header.set_dry_run(dry_run);
    ledger_.header.set_request_id(dry_run ? "" : "import-2");
    ASSERT_TRUE(ledger_.Import(world_));
    EXPECT_EQ(ledger_.problems.size(), 2500);
  }
}

/// A batch begins with the first change; what was found unchanged before counts all the same.
TEST_F(ImportClientTest, CountsWhatWasUnchangedBeforeAFirstChangeThatWasRefused) {
  constexpr uint32_t kStanding = 1200;
  for (uint32_t number = 1; number <= kStanding; ++number) ledger_.AddRow(number);
  ASSERT_TRUE(ledger_.Import(world_));
  for (uint32_t number = kStanding + 1; number <= kStanding + 800; ++number) ledger_.AddRow(number);
  ledger_.header.set_request_id("import-2");
  bool refused = false;
  store_->before_apply = [&](store::Store& store, const store::Change& change) {
    const bool rows = !change.puts.empty() && change.puts[0].kind == store::Kind::kFacility;
    if (!rows || std::exchange(refused, true)) return;
    store::Change taken;
    taken.claims.push_back(
        {store::Index::kFacilityCode, FacilityCodeKey(kSchemeGbt47678, "14050201001001201"), 0, 7});
    store::Change freed;
    freed.claims.push_back({taken.claims[0].index, taken.claims[0].key, 7, 0});
    const auto free = [&store, freed](const store::Outcome&) { store.Apply(freed, [](auto&&) {}); };
    store.Apply(taken, free);
  };
  const auto report = ledger_.Import(world_);
  store_->before_apply = {};
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(refused);
  EXPECT_EQ(report->unchanged(), kStanding);
  EXPECT_EQ(report->created() + report->conflicts(), 800);
}

TEST_F(ImportClientTest, ASecondStreamOfARunningImportWaitsForTheFirst) {
  for (uint32_t number = 1; number <= 4000; ++number) ledger_.AddRow(number);
  LedgerRun second = ledger_;
  int asked = 0;
  second.cancelled = [&] { return ++asked > 8; };
  second.on_answer = [](const v1::ImportFacilitiesResponse& answer) -> Result<void> {
    EXPECT_EQ(answer.done(), 0) << "two streams write one batch";
    return {};
  };
  bool begun = false;
  ledger_.on_answer = [&](const v1::ImportFacilitiesResponse& answer) -> Result<void> {
    if (answer.done() == 0 || std::exchange(begun, true)) return {};
    const auto report = second.Import(world_);
    EXPECT_FALSE(report);
    EXPECT_EQ(report ? "" : report.error().reason, "CALL_ENDED");
    return {};
  };
  const auto report = ledger_.Import(world_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(begun);
  EXPECT_EQ(report->created(), 4000);
  second.cancelled = {};
  second.on_answer = {};
  const auto again = second.Import(world_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->created(), 4000);
}

}  // namespace
}  // namespace yima::server::testing
