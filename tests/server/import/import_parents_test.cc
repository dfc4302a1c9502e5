// Ledgers whose rows name the whole that they are a part of.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/registry/wholes.h"
#include "tests/server/findings.h"
#include "tests/server/import/ledger_run.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;

class ImportParentsTest : public ::testing::Test {
 protected:
  v1::ImportReport Import() {
    ledger_.header.set_request_id(fmt::format("import-{}", ++imports_));
    const auto report = ledger_.Import(world_);
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(v1::ImportReport());
  }
  v1::ImportReport WouldImport() {
    ledger_.header.set_dry_run(true);
    const auto report = Import();
    ledger_.header.set_dry_run(false);
    return report;
  }
  v1::ImportRow& AddPart(uint32_t number, uint32_t whole) {
    auto& row = ledger_.AddRow(number);
    row.mutable_parent_code()->set_scheme(kSchemeGbt47678);
    row.mutable_parent_code()->set_digits(fmt::format("14050201001{:06}", whole));
    return row;
  }
  uint64_t ParentOf(uint32_t number) {
    return world_.Facility(FacilityOfNumber(world_, number)).parent();
  }
  std::string Problem() const {
    if (ledger_.problems.size() != 1) return fmt::format("{} problems", ledger_.problems.size());
    const auto& problem = ledger_.problems[0];
    return fmt::format("{} {} at {}", problem.conflict() ? "conflict" : "bad", problem.reason(),
                       problem.field());
  }
  void Into(uint64_t part, uint64_t whole) {
    Methods methods(world_);
    v1::UpdateFacilityRequest request;
    request.set_request_id(fmt::format("into-{}-{}", part, whole));
    request.mutable_facility()->set_uid(part);
    request.mutable_facility()->set_parent(whole);
    request.add_update_mask("parent");
    ASSERT_TRUE(
        methods.Unary<v1::UpdateFacilityResponse>("RegistryService/UpdateFacility", request));
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t whole_ = world_.AddFacility(900, bureau_);
  LedgerRun ledger_;
  int imports_ = 0;
};

TEST_F(ImportParentsTest, PartsComeIntoTheWholeThatTheirRowNames) {
  ASSERT_TRUE(Edit<v1::Facility>(world_, whole_, [](auto& facility) {
    auto* code = facility.add_external_codes();
    code->set_namespace_("灯杆");
    code->set_value("L-7");
  }));
  AddPart(1, 900);
  auto* external = ledger_.AddRow(2).mutable_parent_external_code();
  external->set_namespace_("灯杆");
  external->set_value("L-7");
  ledger_.AddRow(3);
  EXPECT_EQ(WouldImport().created(), 3);
  EXPECT_EQ(Import().created(), 3);
  EXPECT_EQ(ParentOf(1), whole_);
  EXPECT_EQ(ParentOf(2), whole_);
  EXPECT_EQ(ParentOf(3), 0);
  EXPECT_TRUE(world_.Facility(whole_).has_parts());
  EXPECT_EQ(Import().unchanged(), 3);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ImportParentsTest, AWholeStandsInTheRegistryBeforeTheLedger) {
  ledger_.AddRow(1);
  AddPart(2, 1);
  EXPECT_EQ(WouldImport().rejected(), 1);
  EXPECT_TRUE(Import().stopped());
  EXPECT_EQ(Problem(), "bad PARENT_UNKNOWN at parent");
  ledger_.header.set_keep_going(true);
  EXPECT_EQ(Import().created(), 1);
  const auto again = Import();
  EXPECT_EQ(again.created(), 1);
  EXPECT_EQ(again.unchanged(), 1);
  EXPECT_EQ(ParentOf(2), FacilityOfNumber(world_, 1));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ImportParentsTest, BadCodesOfAWholeAreToldAsSuch) {
  AddPart(1, 900).mutable_parent_code()->set_digits("14");
  EXPECT_TRUE(Import().stopped());
  EXPECT_EQ(Problem(), "bad FACILITY_CODE_MALFORMED at parent_code.digits");
}

TEST_F(ImportParentsTest, AnotherWholeIsADifferenceAndARowWithoutOneSaysNothing) {
  const uint64_t other = world_.AddFacility(901, bureau_);
  AddPart(1, 900);
  ASSERT_EQ(Import().created(), 1);
  ledger_.rows.clear();
  AddPart(1, 901);
  EXPECT_EQ(Import().conflicts(), 1);
  EXPECT_EQ(Problem(), "conflict ROW_DIFFERS at parent");
  ledger_.header.set_update(true);
  EXPECT_EQ(Import().updated(), 1);
  EXPECT_EQ(ParentOf(1), other);
  ledger_.rows.clear();
  ledger_.AddRow(1);
  EXPECT_EQ(Import().unchanged(), 1);
  EXPECT_EQ(ParentOf(1), other);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ImportParentsTest, WhatNoUpdateMayDoIsAConflictOfTheRow) {
  const uint64_t top = world_.AddFacility(901, bureau_);
  Into(whole_, top);
  AddPart(901, 900);
  ledger_.header.set_update(true);
  EXPECT_EQ(WouldImport().conflicts(), 1);
  EXPECT_EQ(Import().conflicts(), 1);
  EXPECT_EQ(Problem(), "conflict PARENT_CYCLE at parent");
  ledger_.rows.clear();
  ASSERT_TRUE(Edit<v1::Facility>(world_, whole_, [](auto& f) { f.set_life(v1::LIFE_SCRAPPED); }));
  AddPart(1, 900);
  EXPECT_EQ(Import().conflicts(), 1);
  EXPECT_EQ(Problem(), "conflict PARENT_ENDED at parent");
  EXPECT_EQ(FacilityOfNumber(world_, 1), 0);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ImportParentsTest, AWholeIsUpdatedByTheChunkThatGivesItItsFirstPart) {
  AddPart(1, 900);
  ledger_.AddRow(900).mutable_facility()->set_address("泽州路");
  ledger_.header.set_update(true);
  const auto report = Import();
  EXPECT_EQ(report.created(), 1);
  EXPECT_EQ(report.updated(), 1);
  EXPECT_TRUE(world_.Facility(whole_).has_parts());
  EXPECT_EQ(world_.Facility(whole_).address(), "泽州路");
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ImportParentsTest, EachOfAThousandRowsMayNameAWholeOfItsOwn) {
  for (uint32_t number = 1000; number < 2000; ++number) {
    world_.AddFacility(number, bureau_);
    AddPart(number + 1000, number);
  }
  EXPECT_EQ(Import().created(), 1000);
  EXPECT_EQ(ParentOf(2999), FacilityOfNumber(world_, 1999));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ImportParentsTest, ChunksThatJoinOneWholeDoNotStandInEachOthersWay) {
  for (uint32_t number = 1000; number < 4000; ++number) AddPart(number, 900);
  EXPECT_EQ(Import().created(), 3000);
  EXPECT_EQ(ParentOf(3999), whole_);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ImportParentsTest, TakenBackTheWholeHasNoPartsAgain) {
  AddPart(1, 900);
  const uint64_t batch = Import().batch();
  Methods methods(world_);
  v1::UndoBatchRequest undo;
  undo.set_request_id("undo-1");
  undo.set_batch(batch);
  const auto undone = methods.Stream<v1::UndoBatchResponse>("RegistryService/UndoBatch", undo);
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->back().withdrawn(), 1);
  EXPECT_EQ(undone->back().refused(), 0);
  v1::GetFacilityRequest get;
  get.set_uid(whole_);
  EXPECT_EQ(
      methods.Unary<v1::GetFacilityResponse>("RegistryService/GetFacility", get)->children_size(),
      0);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
