#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/findings.h"
#include "tests/server/import/ledger_run.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

constexpr uint32_t kRows = 4000;

tl::unexpected<Error> Gone() { return Fail(StatusCode::kCancelled, "CLIENT_GONE", "client gone"); }

class ImportResumeTest : public ::testing::Test {
 protected:
  ImportResumeTest() : department_(world_.AddOrganization("城管局")) {
    for (uint32_t number = 1; number <= kRows; ++number) ledger_.AddRow(number);
  }

  /// The client goes once this many rows are done.
  void GoAfter(uint64_t done) {
    ledger_.on_answer = [done](const v1::ImportFacilitiesResponse& response) -> Result<void> {
      if (response.done() >= done) return Gone();
      return {};
    };
  }
  void ExpectWhole(const Result<v1::ImportReport>& report, uint64_t conflicts) const {
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->rows(), kRows);
    EXPECT_EQ(report->created(), kRows - conflicts);
    EXPECT_EQ(report->conflicts(), conflicts);
    EXPECT_EQ(report->unchanged() + report->updated() + report->rejected(), 0);
  }

  World world_;
  LedgerRun ledger_;
  uint64_t department_;
};

/// To who reads a stream, one that broke off looks like one that ended.
TEST_F(ImportResumeTest, WritesNothingOfALedgerWhoseClientIsGone) {
  ledger_.on_answer = [](const v1::ImportFacilitiesResponse&) -> Result<void> { return Gone(); };
  const std::string state = world_.State();
  const auto rows = ledger_.rows;
  ledger_.rows.resize(kRows / 2);
  EXPECT_FALSE(ledger_.Import(world_));
  EXPECT_EQ(world_.State(), state);
  ledger_.rows = rows;
  ledger_.on_answer = {};
  ExpectWhole(ledger_.Import(world_), 0);
}

TEST_F(ImportResumeTest, GoesOnWhereTheClientLeft) {
  GoAfter(1000);
  const auto broken = ledger_.Import(world_);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().reason, "CLIENT_GONE");
  const uint64_t before = CountFacilities(world_);
  EXPECT_GE(before, 1000);
  EXPECT_LT(before, kRows);
  ledger_.on_answer = {};
  ExpectWhole(ledger_.Import(world_), 0);
  EXPECT_EQ(CountFacilities(world_), kRows);
}

TEST_F(ImportResumeTest, AnswersAFinishedImportAsBefore) {
  ledger_.header.set_create_organizations(true);
  ledger_.rows[0].set_owner("照明公司");
  const auto first = ledger_.Import(world_);
  ExpectWhole(first, 0);
  const uint64_t log = LogSize(world_);
  const auto again = ledger_.Import(world_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(LogSize(world_), log);
}

TEST_F(ImportResumeTest, RefusesAnotherLedgerUnderTheSameRequestId) {
  ExpectWhole(ledger_.Import(world_), 0);
  const uint64_t log = LogSize(world_);
  ledger_.AddRow(kRows + 1);
  const auto report = ledger_.Import(world_);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, StatusCode::kFailedPrecondition);
  EXPECT_EQ(report.error().reason, "REQUEST_ID_REUSED");
  EXPECT_EQ(LogSize(world_), log);
}

TEST_F(ImportResumeTest, MakesWhatAnotherWriterTookARowsConflict) {
  bool taken = false;
  ledger_.on_answer = [&](const v1::ImportFacilitiesResponse& response) -> Result<void> {
    if (response.done() > 0 && !taken) {
      taken = true;
      auto facility = world_.Facility(world_.AddFacility(kRows, department_));
      EXPECT_NE(facility.uid(), 0);
      auto changed = facility;
      changed.set_address("taken");
      ChangeWriter writer(world_.call("test"), "");
      writer.Replace(facility.uid(), 1, facility, changed);
      store::ApplyAndWait(world_.store(), *writer.Take(*world_.Read()));
    }
    return {};
  };
  ledger_.rows[kRows - 1].mutable_facility()->set_address("wanted");
  ExpectWhole(ledger_.Import(world_), 1);
  ASSERT_EQ(ledger_.problems.size(), 1);
  EXPECT_EQ(ledger_.problems[0].line(), kRows + 1);
  EXPECT_TRUE(ledger_.problems[0].conflict());
  ledger_.on_answer = {};
  ExpectWhole(ledger_.Import(world_), 1);
}

TEST_F(ImportResumeTest, GivesNothingMoreToAnOrganizationThatEndsMeanwhile) {
  const uint64_t owner = world_.AddOrganization("水务公司");
  for (auto& row : ledger_.rows) row.set_owner("水务公司");
  bool ended = false;
  ledger_.on_answer = [&](const v1::ImportFacilitiesResponse& response) -> Result<void> {
    if (response.done() == 0 || std::exchange(ended, true)) return {};
    EXPECT_TRUE(EndOrganization(world_, owner));
    return {};
  };
  const auto report = ledger_.Import(world_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(report->created(), 0);
  EXPECT_GT(report->conflicts(), 0);
  EXPECT_EQ(report->created() + report->conflicts(), kRows);
  ASSERT_FALSE(ledger_.problems.empty());
  EXPECT_EQ(ledger_.problems[0].reason(), "ORGANIZATION_ENDED");
  EXPECT_EQ(ledger_.problems[0].field(), "owner");
  EXPECT_EQ(FacilityOfNumber(world_, kRows), 0) << "the last row";
}

TEST_F(ImportResumeTest, StopsBetweenChunksWhenCancelled) {
  bool gone = false;
  ledger_.cancelled = [&] { return gone; };
  ledger_.on_answer = [&](const v1::ImportFacilitiesResponse&) -> Result<void> {
    gone = true;
    return {};
  };
  const auto broken = ledger_.Import(world_);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, StatusCode::kUnavailable);
  EXPECT_EQ(broken.error().reason, "CALL_ENDED");
  EXPECT_LT(CountFacilities(world_), kRows);
  ledger_.cancelled = {};
  ledger_.on_answer = {};
  ExpectWhole(ledger_.Import(world_), 0);
  EXPECT_EQ(CountFacilities(world_), kRows);
}

TEST_F(ImportResumeTest, ALedgerThatNobodyGoesOnWithIsTakenBack) {
  GoAfter(1000);
  ASSERT_FALSE(ledger_.Import(world_));
  const uint64_t created = CountFacilities(world_);
  Methods methods(world_);
  const auto batches = methods.Unary<v1::ListBatchesResponse>("RegistryService/ListBatches",
                                                              v1::ListBatchesRequest());
  ASSERT_TRUE(batches);
  v1::UndoBatchRequest undo;
  undo.set_request_id("undo-1");
  undo.set_batch(batches->batches(0).id());
  const auto undone = methods.Stream<v1::UndoBatchResponse>("RegistryService/UndoBatch", undo);
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->back().withdrawn(), created);
  ledger_.on_answer = {};
  const auto again = ledger_.Import(world_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, "BATCH_STOPPED");
  ledger_.header.set_request_id("import-anew");
  ExpectWhole(ledger_.Import(world_), 0);
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
