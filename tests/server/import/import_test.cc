#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/import/ledger_run.h"

namespace yima::server::testing {
namespace {

class ImportTest : public ::testing::Test {
 protected:
  ImportTest() : department_(world_.AddOrganization("城管局")) {}

  v1::ImportReport Import() {
    const auto report = ledger_.Import(world_);
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(v1::ImportReport());
  }

  World world_;
  LedgerRun ledger_;
  uint64_t department_;
};

TEST_F(ImportTest, CreatesEveryRowOfALedger) {
  ledger_.AddRow(1).set_owner("城管局");
  ledger_.AddRow(2).set_ownerless(true);
  const auto report = Import();
  EXPECT_EQ(report.rows(), 2);
  EXPECT_EQ(report.created(), 2);
  EXPECT_EQ(report.rejected() + report.conflicts() + report.unchanged() + report.updated(), 0);
  ASSERT_NE(report.batch(), 0);
  const auto first = world_.Facility(FacilityOfNumber(world_, 1));
  EXPECT_EQ(first.supervising().holder(), department_);
  EXPECT_EQ(first.owning().state(), v1::RIGHT_STATE_RECORDED);
  EXPECT_EQ(first.batch(), report.batch());
  EXPECT_FALSE(first.name().empty());
  const auto second = world_.Facility(FacilityOfNumber(world_, 2));
  EXPECT_EQ(second.owning().state(), v1::RIGHT_STATE_OWNERLESS);
}

TEST_F(ImportTest, EndsItsBatchWithTheCounts) {
  ledger_.AddRow(1);
  const auto report = Import();
  const auto batch = Get<v1::Batch>(*world_.Read(), report.batch());
  ASSERT_TRUE(batch && *batch);
  EXPECT_EQ((*batch)->record.state(), v1::BATCH_STATE_DONE);
  EXPECT_EQ((*batch)->record.source(), "lamps.csv");
  EXPECT_EQ((*batch)->record.counts().created(), 1);
  EXPECT_EQ((*batch)->record.counts().done(), (*batch)->record.counts().total());
}

TEST_F(ImportTest, FindsTheSameFileUnchanged) {
  auto& row = ledger_.AddRow(1);
  row.set_remark("井盖松动");
  row.mutable_facility()->set_address("泽州路");
  ASSERT_EQ(Import().created(), 1);
  const uint64_t log = LogSize(world_);
  ledger_.header.set_request_id("import-2");
  const auto again = Import();
  EXPECT_EQ(again.unchanged(), 1);
  EXPECT_EQ(again.created() + again.updated() + again.conflicts(), 0);
  EXPECT_EQ(again.batch(), 0);
  EXPECT_EQ(LogSize(world_), log);
}

TEST_F(ImportTest, TellsOfAChangedRowAsAConflict) {
  ledger_.AddRow(1);
  Import();
  const uint64_t log = LogSize(world_);
  ledger_.header.set_request_id("import-2");
  ledger_.rows[0].mutable_facility()->set_address("泽州路 1 号");
  const auto report = Import();
  EXPECT_EQ(report.conflicts(), 1);
  ASSERT_EQ(ledger_.problems.size(), 1);
  EXPECT_EQ(ledger_.problems[0].reason(), "ROW_DIFFERS");
  EXPECT_EQ(ledger_.problems[0].field(), "address");
  EXPECT_EQ(ledger_.problems[0].line(), 2);
  EXPECT_TRUE(ledger_.problems[0].conflict());
  EXPECT_EQ(LogSize(world_), log);
}

TEST_F(ImportTest, ChangesARowWhenUpdatesAreAskedFor) {
  ledger_.AddRow(1).mutable_facility()->set_data_source("普查");
  Import();
  ledger_.header.set_request_id("import-2");
  ledger_.header.set_update(true);
  ledger_.rows[0].mutable_facility()->clear_data_source();
  ledger_.rows[0].mutable_facility()->set_condition(v1::CONDITION_DAMAGED);
  const auto report = Import();
  EXPECT_EQ(report.updated(), 1);
  const auto facility = world_.Facility(FacilityOfNumber(world_, 1));
  EXPECT_EQ(facility.condition(), v1::CONDITION_DAMAGED);
  EXPECT_EQ(facility.data_source(), "普查") << "an empty field says nothing";
  EXPECT_EQ(CountFacilities(world_), 1);
}

TEST_F(ImportTest, DoesNotMoveAConfirmedRight) {
  const uint64_t other = world_.AddOrganization("园林局");
  const uint64_t uid = world_.AddFacility(1, department_);
  auto facility = world_.Facility(uid);
  const auto before = facility;
  facility.mutable_supervising()->set_state(v1::RIGHT_STATE_CONFIRMED);
  ChangeWriter writer(world_.call("test"), "");
  writer.Replace(uid, 1, before, facility);
  store::ApplyAndWait(world_.store(), *writer.Take(*world_.Read()));
  ledger_.header.set_update(true);
  ledger_.AddRow(1).set_supervisor("园林局");
  const auto report = Import();
  EXPECT_EQ(report.conflicts(), 1);
  ASSERT_EQ(ledger_.problems.size(), 1);
  EXPECT_TRUE(ledger_.problems[0].conflict());
  EXPECT_NE(world_.Facility(uid).supervising().holder(), other);
}

TEST_F(ImportTest, WritesNothingInADryRun) {
  ledger_.header.set_dry_run(true);
  ledger_.header.clear_request_id();
  ledger_.header.set_create_organizations(true);
  ledger_.AddRow(1).set_owner("照明公司");
  const uint64_t log = LogSize(world_);
  const auto report = Import();
  EXPECT_EQ(report.created(), 1);
  EXPECT_EQ(report.batch(), 0);
  ASSERT_EQ(report.missing_organizations_size(), 1);
  EXPECT_EQ(report.missing_organizations(0).name(), "照明公司");
  EXPECT_EQ(report.missing_organizations(0).rows(), 1);
  EXPECT_EQ(LogSize(world_), log);
}

TEST_F(ImportTest, CreatesMissingOrganizationsOnce) {
  ledger_.header.set_create_organizations(true);
  ledger_.AddRow(1).set_owner("照明公司");
  ledger_.AddRow(2).set_owner("照明公司");
  const auto report = Import();
  EXPECT_EQ(report.created(), 2);
  EXPECT_EQ(report.organizations_created(), 1);
  const auto holder = world_.Read()->Holder(store::Index::kOrganizationName, "照明公司");
  ASSERT_NE(*holder, 0);
  EXPECT_EQ(world_.Facility(FacilityOfNumber(world_, 1)).owning().holder(), *holder);
  EXPECT_EQ(world_.Facility(FacilityOfNumber(world_, 2)).owning().holder(), *holder);
}

TEST_F(ImportTest, StopsAtABadRowBeforeAnythingIsWritten) {
  ledger_.header.set_create_organizations(true);
  ledger_.AddRow(1).set_owner("照明公司");
  ledger_.AddRow(2).mutable_facility()->set_division("1405");
  const uint64_t log = LogSize(world_);
  const auto report = Import();
  EXPECT_TRUE(report.stopped());
  EXPECT_EQ(report.rejected(), 1);
  EXPECT_EQ(report.batch(), 0);
  EXPECT_EQ(LogSize(world_), log);
}

TEST_F(ImportTest, GoesOnPastBadRowsWhenAsked) {
  ledger_.header.set_keep_going(true);
  ledger_.AddRow(1);
  ledger_.AddRow(2).mutable_facility()->set_division("1405");
  ledger_.AddRow(3);
  const auto report = Import();
  EXPECT_FALSE(report.stopped());
  EXPECT_EQ(report.created(), 2);
  EXPECT_EQ(report.rejected(), 1);
  EXPECT_EQ(FacilityOfNumber(world_, 2), 0);
}

TEST_F(ImportTest, GivesOutTheNextFreeNumbers) {
  ledger_.header.set_key_namespace("ledger");
  ledger_.header.set_assign_codes(true);
  world_.AddFacility(1, department_);
  ledger_.AddKeyedRow("a");
  ledger_.AddKeyedRow("b");
  EXPECT_EQ(Import().created(), 2);
  EXPECT_NE(FacilityOfNumber(world_, 2), 0);
  EXPECT_NE(FacilityOfNumber(world_, 3), 0);
}

TEST_F(ImportTest, GivesOutNoNumberThatTheLedgerItselfUses) {
  ledger_.header.set_key_namespace("ledger");
  ledger_.header.set_assign_codes(true);
  ledger_.AddKeyedRow("a");
  auto* code = ledger_.AddKeyedRow("b").mutable_facility()->add_codes();
  code->set_scheme(kSchemeGbt47678);
  code->set_digits("14050201001000001");
  const auto report = Import();
  EXPECT_EQ(report.created(), 2);
  EXPECT_EQ(report.conflicts(), 0);
}

TEST_F(ImportTest, CountsMissingAttributes) {
  ledger_.AddRow(1);
  ledger_.AddRow(2).mutable_facility()->set_surveyed_on("2026-01-31");
  std::map<std::string, uint64_t> missing;
  const auto report = Import();
  for (const auto& each : report.missing_attributes()) missing[each.attribute()] = each.rows();
  EXPECT_EQ(missing["CSRQ"], 1);
  EXPECT_EQ(missing["SZDYWGBSM"], 2);
  EXPECT_EQ(missing["GLBJZT"], 2);
  EXPECT_EQ(missing["ZGBMDM"], 2) << "the department has no credit code";
}

TEST_F(ImportTest, CountsNoAttributeOfARowThatHasThemAll) {
  v1::Organization organization;
  organization.set_id(4242);
  organization.set_name("水务局");
  organization.set_credit_code("91350100M000100Y43");
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(organization.id(), organization);
  store::ApplyAndWait(world_.store(), *writer.Take(*world_.Read()));
  auto& row = ledger_.AddRow(1);
  row.set_supervisor("水务局");
  row.mutable_facility()->set_grid_code("140502001000001");
  row.mutable_facility()->set_surveyed_on("2026-01-31");
  row.mutable_facility()->set_condition(v1::CONDITION_INTACT);
  EXPECT_EQ(Import().missing_attributes_size(), 0);
}

TEST_F(ImportTest, TellsOfACodeThatAnotherFacilityHas) {
  world_.AddFacility(1, department_);
  ledger_.header.set_key_namespace("ledger");
  auto* code = ledger_.AddKeyedRow("a").mutable_facility()->add_codes();
  code->set_scheme(kSchemeGbt47678);
  code->set_digits("14050201001000001");
  const auto report = Import();
  EXPECT_EQ(report.conflicts(), 1);
  ASSERT_EQ(ledger_.problems.size(), 1);
  EXPECT_EQ(ledger_.problems[0].reason(), "FACILITY_CODE_TAKEN");
  EXPECT_TRUE(ledger_.problems[0].conflict());
  EXPECT_EQ(CountFacilities(world_), 1);
}

}  // namespace
}  // namespace yima::server::testing
