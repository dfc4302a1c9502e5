#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/import/ledger_run.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

/// One way in which a row, or the stream, is bad.
struct BadRow {
  const char* name;
  std::function<void(v1::ImportRow&)> spoil;
  const char* reason;
  const char* field;
};

void PrintTo(const BadRow& bad, std::ostream* out) { *out << bad.name; }

class BadRowTest : public ::testing::TestWithParam<BadRow> {};

TEST_P(BadRowTest, IsToldWithReasonAndFieldAndWritesNothing) {
  World world;
  world.AddOrganization("城管局");
  LedgerRun ledger;
  ledger.AddRow(1);
  GetParam().spoil(ledger.AddRow(2));
  const uint64_t log = LogSize(world);
  const auto report = ledger.Import(world);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->stopped());
  EXPECT_EQ(report->rejected(), 1);
  ASSERT_EQ(ledger.problems.size(), 1);
  EXPECT_EQ(ledger.problems[0].reason(), GetParam().reason);
  EXPECT_EQ(ledger.problems[0].field(), GetParam().field);
  EXPECT_EQ(ledger.problems[0].line(), 3);
  EXPECT_FALSE(ledger.problems[0].conflict());
  EXPECT_FALSE(ledger.problems[0].message().empty());
  EXPECT_EQ(LogSize(world), log);
  EXPECT_EQ(CountFacilities(world), 0);
}

void AddPersonal(v1::ImportRow& row, std::string_view name, std::string value) {
  auto* personal = row.add_personal();
  personal->set_name(std::string(name));
  personal->set_value(std::move(value));
}

const BadRow kBadRows[] = {
    {"Parent", [](auto& row) { row.mutable_facility()->set_parent(1); }, "FIELD_OUTPUT_ONLY",
     "parent"},
    {"LastStep", [](auto& row) { row.mutable_facility()->mutable_last_step(); },
     "FIELD_OUTPUT_ONLY", "last_step"},
    {"Withdrawn", [](auto& row) { row.mutable_facility()->set_life(v1::LIFE_WITHDRAWN); },
     "FIELD_OUTPUT_ONLY", "life"},
    {"NoSupervisor", [](auto& row) { row.clear_supervisor(); }, "FIELD_MISSING", "supervisor"},
    {"NoClass", [](auto& row) { row.mutable_facility()->clear_class_code(); }, "FIELD_MISSING",
     "class_code"},
    {"UnknownClass", [](auto& row) { row.mutable_facility()->set_class_code("99999"); },
     "CLASS_UNKNOWN", "class_code"},
    {"ShortDivision", [](auto& row) { row.mutable_facility()->set_division("14050"); },
     "DIVISION_MALFORMED", "division"},
    {"UnknownDivision", [](auto& row) { row.mutable_facility()->set_division("160502"); },
     "DIVISION_UNKNOWN", "division"},
    {"NoIdentity", [](auto& row) { row.mutable_facility()->clear_codes(); }, "IDENTITY_MISSING",
     "codes"},
    {"CodeTooLong",
     [](auto& row) { row.mutable_facility()->mutable_codes(0)->set_digits("140502010010000011"); },
     "FACILITY_CODE_MALFORMED", "codes[0].digits"},
    {"UnknownScheme", [](auto& row) { row.mutable_facility()->mutable_codes(0)->set_scheme(77); },
     "SCHEME_UNASSIGNED", "codes[0].scheme"},
    {"ControlCharacter", [](auto& row) { row.mutable_facility()->set_address("a\x01z"); },
     "FIELD_NOT_TEXT", "address"},
    {"LongAddress", [](auto& row) { row.mutable_facility()->set_address(std::string(101, 'a')); },
     "FIELD_TOO_LONG", "address"},
    {"PositionOutOfRange",
     [](auto& row) {
       row.mutable_facility()->mutable_position()->set_longitude(181);
       row.mutable_facility()->mutable_position()->set_latitude(35);
     },
     "POSITION_OUT_OF_RANGE", "position.longitude"},
    {"UnknownOrganization", [](auto& row) { row.set_owner("照明公司"); }, "ORGANIZATION_UNKNOWN",
     "owner"},
    {"OwnerlessWithOwner",
     [](auto& row) {
       row.set_owner("城管局");
       row.set_ownerless(true);
     },
     "RIGHT_INVALID", "owner"},
    {"HolderById", [](auto& row) { row.mutable_facility()->mutable_supervising()->set_holder(7); },
     "FIELD_OUTPUT_ONLY", "supervising"},
    {"Uid", [](auto& row) { row.mutable_facility()->set_uid(7); }, "FIELD_OUTPUT_ONLY", "uid"},
    {"ControlCharacterInRemark", [](auto& row) { row.set_remark("a\x01z"); }, "FIELD_NOT_TEXT",
     "remark"},
    {"LineBreakInAddress", [](auto& row) { row.mutable_facility()->set_address("a\nz"); },
     "FIELD_NOT_TEXT", "address"},
    {"CodeTwice", [](auto& row) { *row.mutable_facility()->add_codes() = row.facility().codes(0); },
     "FIELD_TWICE", "codes[1].digits"},
    {"ExternalCodeTwice",
     [](auto& row) {
       for (int i = 0; i < 2; ++i) {
         auto* code = row.mutable_facility()->add_external_codes();
         code->set_namespace_("painted");
         code->set_value("1");
       }
     },
     "FIELD_TWICE", "external_codes[1].value"},
    {"LongRemark", [](auto& row) { row.set_remark(std::string(1001, 'a')); }, "FIELD_TOO_LONG",
     "remark"},
    {"UnknownCondition",
     [](auto& row) { row.mutable_facility()->set_condition(static_cast<v1::Condition>(99)); },
     "ENUM_UNKNOWN", "condition"},
    {"BadDate", [](auto& row) { row.mutable_facility()->set_surveyed_on("2026-02-30"); },
     "DATE_MALFORMED", "surveyed_on"},
    {"PersonalTwice",
     [](auto& row) {
       AddPersonal(row, "户主", "a");
       AddPersonal(row, "户主", "b");
     },
     "FIELD_TWICE", "personal[1].name"},
    {"PersonalTooLarge",
     [](auto& row) {
       for (int i = 0; i < 17; ++i) AddPersonal(row, fmt::format("p{}", i), std::string(1000, 'a'));
     },
     "FACILITY_TOO_LARGE", "personal"},
};

INSTANTIATE_TEST_SUITE_P(Rows, BadRowTest, ::testing::ValuesIn(kBadRows),
                         [](const auto& bad) { return std::string(bad.param.name); });

TEST(FreeTextTest, KeepsLineBreaksAndTabs) {
  World world;
  world.AddOrganization("城管局");
  LedgerRun ledger;
  auto& row = ledger.AddRow(1);
  row.set_remark("井盖松动, 已报修\r\n\t复查");
  AddPersonal(row, "联系人", "张三\n李四");
  auto* extra = row.mutable_facility()->add_extra();
  extra->set_name("说明");
  extra->set_value("一\n二");
  const auto report = ledger.Import(world);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->created(), 1);
  const v1::Facility kept = world.Facility(FacilityOfNumber(world, 1));
  EXPECT_EQ(kept.remark().value(), row.remark());
  EXPECT_EQ(kept.personal(0).value().value(), "张三\n李四");
  EXPECT_EQ(kept.extra(0).value(), "一\n二");
}

TEST(RepeatedRowTest, NamesBothLines) {
  World world;
  world.AddOrganization("城管局");
  LedgerRun ledger;
  ledger.AddRow(1);
  ledger.AddRow(2);
  ledger.AddRow(1);
  const uint64_t log = LogSize(world);
  const auto report = ledger.Import(world);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->stopped());
  ASSERT_EQ(ledger.problems.size(), 1);
  EXPECT_EQ(ledger.problems[0].line(), 4);
  EXPECT_THAT(ledger.problems[0].message(), ::testing::HasSubstr("line 2"));
  EXPECT_EQ(ledger.problems[0].reason(), "ROW_REPEATED");
  EXPECT_EQ(ledger.problems[0].field(), "codes");
  EXPECT_EQ(LogSize(world), log);
}

TEST(RepeatedRowTest, LeavesTheFirstWhenTheImportKeepsGoing) {
  World world;
  world.AddOrganization("城管局");
  LedgerRun ledger;
  ledger.header.set_keep_going(true);
  ledger.AddRow(1).mutable_facility()->set_address("first");
  ledger.AddRow(1).mutable_facility()->set_address("again");
  const auto report = ledger.Import(world);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->created(), 1);
  EXPECT_EQ(report->rejected(), 1);
  EXPECT_EQ(world.Facility(FacilityOfNumber(world, 1)).address(), "first");
}

TEST(RepeatedRowTest, RefusesTheRowAloneWhenLinesAreNotTold) {
  World world;
  world.AddOrganization("城管局");
  LedgerRun ledger;
  ledger.header.set_keep_going(true);
  for (const uint32_t number : {1, 2, 1}) ledger.AddRow(number).clear_line();
  const auto report = ledger.Import(world);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->created(), 2);
  EXPECT_EQ(CountFacilities(world), 2);
}

TEST(KeyedRowTest, NeedsTheKeyOfItsLedger) {
  World world;
  world.AddOrganization("城管局");
  LedgerRun ledger;
  ledger.header.set_key_namespace("ledger");
  ledger.header.set_assign_codes(true);
  ledger.AddKeyedRow("1").mutable_facility()->mutable_external_codes(0)->set_namespace_("painted");
  const auto report = ledger.Import(world);
  ASSERT_TRUE(report);
  ASSERT_EQ(ledger.problems.size(), 1);
  EXPECT_EQ(ledger.problems[0].reason(), "IDENTITY_MISSING");
  EXPECT_EQ(ledger.problems[0].field(), "external_codes");
}

TEST(KeyedRowTest, IsKnownAgainByItsKeyThoughItWasGivenACode) {
  World world;
  world.AddOrganization("城管局");
  LedgerRun ledger;
  ledger.header.set_key_namespace("ledger");
  ledger.header.set_assign_codes(true);
  ledger.AddKeyedRow("1");
  ASSERT_EQ(ledger.Import(world)->created(), 1);
  ledger.header.set_request_id("import-2");
  const auto report = ledger.Import(world);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->unchanged(), 1);
  EXPECT_EQ(report->batch(), 0);
}

class BadStreamTest : public ::testing::Test {
 protected:
  void Refuses(const std::vector<v1::ImportFacilitiesRequest>& messages, const char* reason,
               const char* field) {
    const uint64_t log = LogSize(world_);
    const auto report = ledger_.Send(world_, messages);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, StatusCode::kInvalidArgument);
    EXPECT_EQ(report.error().reason, reason);
    EXPECT_EQ(report.error().field, field);
    EXPECT_EQ(LogSize(world_), log);
  }
  v1::ImportFacilitiesRequest Header() const {
    v1::ImportFacilitiesRequest message;
    *message.mutable_header() = ledger_.header;
    return message;
  }

  World world_;
  LedgerRun ledger_;
};

TEST_F(BadStreamTest, RefusesNoMessageAtAll) { Refuses({}, "HEADER_MISSING", "header"); }

TEST_F(BadStreamTest, RefusesRowsWithoutAHeader) {
  v1::ImportFacilitiesRequest message;
  message.add_rows();
  Refuses({message}, "HEADER_MISSING", "header");
}

TEST_F(BadStreamTest, RefusesASecondHeader) {
  Refuses({Header(), Header()}, "HEADER_TWICE", "header");
}

TEST_F(BadStreamTest, RefusesMoreThanAThousandRowsAMessage) {
  auto message = Header();
  for (int i = 0; i < 1001; ++i) message.add_rows();
  Refuses({message}, "ROWS_TOO_MANY", "rows");
}

TEST_F(BadStreamTest, RefusesAMissingRequestId) {
  ledger_.header.clear_request_id();
  Refuses({Header()}, "REQUEST_ID_MISSING", "request_id");
}

TEST_F(BadStreamTest, RefusesALongSource) {
  ledger_.header.set_source(std::string(257, 'a'));
  Refuses({Header()}, "FIELD_TOO_LONG", "header.source");
}

TEST_F(BadStreamTest, ReportsAnEmptyLedger) {
  const auto report = ledger_.Send(world_, {Header()});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->rows(), 0);
  EXPECT_EQ(report->batch(), 0);
}

TEST(ImportRowsTest, NoLedgerScrapsWhatStands) {
  World world;
  world.AddOrganization("城管局");
  LedgerRun ledger;
  ledger.AddRow(1);
  ASSERT_TRUE(ledger.Import(world));
  LedgerRun again;
  again.header.set_request_id("again");
  again.header.set_update(true);
  again.AddRow(1).mutable_facility()->set_life(v1::LIFE_SCRAPPED);
  const auto report = again.Import(world);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->conflicts(), 1);
  ASSERT_EQ(again.problems.size(), 1);
  EXPECT_EQ(again.problems[0].reason(), "LIFE_STEP_MISSING");
  EXPECT_EQ(world.Facility(FacilityOfNumber(world, 1)).life(), v1::LIFE_IN_USE);
}

TEST(ImportRowsTest, NoLedgerBringsBackWhatIsScrapped) {
  World world;
  world.AddOrganization("城管局");
  LedgerRun ledger;
  ledger.AddRow(1);
  ASSERT_TRUE(ledger.Import(world));
  const uint64_t uid = FacilityOfNumber(world, 1);
  ASSERT_TRUE(
      Edit<v1::Facility>(world, uid, [](auto& facility) { facility.set_life(v1::LIFE_SCRAPPED); }));
  LedgerRun again;
  again.header.set_request_id("again");
  again.header.set_update(true);
  again.AddRow(1).mutable_facility()->set_life(v1::LIFE_IN_USE);
  const auto report = again.Import(world);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->conflicts(), 1);
  ASSERT_EQ(again.problems.size(), 1);
  EXPECT_EQ(again.problems[0].reason(), "FACILITY_ENDED");
  EXPECT_EQ(world.Facility(uid).life(), v1::LIFE_SCRAPPED);
}

}  // namespace
}  // namespace yima::server::testing
