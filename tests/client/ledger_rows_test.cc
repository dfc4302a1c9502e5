#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/import/rows.h"
#include "client/import/values.h"
#include "tests/client/ledger_file.h"

namespace yima::ledger {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHeader =
    "编号,行政区划,小类编码,主管部门,权属单位,经度,纬度,状态,初始日期\n";

LedgerOptions ByKey() {
  LedgerOptions options;
  options.key_column = "编号";
  options.classes_by_name = [](std::string_view name) -> std::vector<std::string> {
    if (name == "供水井盖") return {"01001", "0101"};
    if (name == "双名") return {"01001", "01002"};
    return {};
  };
  return options;
}

// The one row of a ledger of one row.
LedgerRow RowOf(std::string_view header, std::string_view row, LedgerOptions options) {
  const LedgerFile file(std::string(header) + std::string(row) + "\n");
  auto rows = ReadLedger(file.path(), std::move(options));
  if (!rows || rows->size() != 1) {
    ADD_FAILURE() << (rows ? "not one row" : rows.error().message);
    return {};
  }
  return rows->front();
}

std::string ReasonOf(std::string_view row) {
  const LedgerRow read = RowOf(kHeader, row, ByKey());
  if (!read.problem) return "";
  EXPECT_THAT(read.problem->message, testing::StartsWith("ledger.csv:2: "));
  return read.problem->reason;
}

Error OpenError(std::string_view header, LedgerOptions options) {
  const LedgerFile file(std::string(header) + "1\n");
  const auto reader = LedgerReader::Open(file.path(), std::move(options));
  return reader ? Error{} : reader.error();
}

TEST(RowsTest, MakesARowOfEveryColumn) {
  const LedgerRow read =
      RowOf(kHeader, "A1,140502,01001,城管局,自来水公司,112.85,35.49,破损,2024/1/5", ByKey());
  ASSERT_FALSE(read.problem);
  const v1::Facility& facility = read.row.facility();
  EXPECT_EQ(read.row.line(), 2u);
  ASSERT_EQ(facility.external_codes_size(), 1);
  EXPECT_EQ(facility.external_codes(0).namespace_(), "ledger");
  EXPECT_EQ(facility.external_codes(0).value(), "A1");
  EXPECT_EQ(facility.division(), "140502");
  EXPECT_EQ(facility.class_code(), "01001");
  EXPECT_EQ(read.row.supervisor(), "城管局");
  EXPECT_EQ(read.row.owner(), "自来水公司");
  EXPECT_DOUBLE_EQ(facility.position().longitude(), 112.85);
  EXPECT_EQ(facility.position().raw_y(), "35.49");
  EXPECT_EQ(facility.condition(), v1::CONDITION_DAMAGED);
  EXPECT_EQ(facility.surveyed_on(), "2024-01-05");
}

TEST(RowsTest, ReadsFullWidthDigitsAndLetters) {
  const LedgerRow read = RowOf(kHeader, "　Ａ１　,１４０５０２,０１００１,城管局,,,,,", ByKey());
  ASSERT_FALSE(read.problem) << read.problem->message;
  EXPECT_EQ(read.row.facility().external_codes(0).value(), "A1");
  EXPECT_EQ(read.row.facility().division(), "140502");
  EXPECT_EQ(read.row.facility().class_code(), "01001");
}

TEST(RowsTest, TakesIdentityDivisionAndClassFromTheFacilityCode) {
  const LedgerRow read = RowOf("部件编码,主管部门\n", "14050201001000007,城管局", {});
  ASSERT_FALSE(read.problem) << read.problem->message;
  EXPECT_EQ(read.row.facility().codes(0).digits(), "14050201001000007");
  EXPECT_EQ(read.row.facility().codes(0).scheme(), 2u);
  EXPECT_EQ(read.row.facility().division(), "140502");
  EXPECT_EQ(read.row.facility().class_code(), "01001");
}

TEST(RowsTest, UsesOptionsForWhatTheFileLacks) {
  LedgerOptions options;
  options.key_column = "id";
  options.division = "140502";
  options.class_code = "供水井盖";
  options.classes_by_name = ByKey().classes_by_name;
  options.supervisor = "城管局";
  options.owner = "自来水公司";
  const LedgerRow read = RowOf("id,color\n", "7,red", options);
  ASSERT_FALSE(read.problem) << read.problem->message;
  EXPECT_EQ(read.row.facility().division(), "140502");
  EXPECT_EQ(read.row.facility().class_code(), "01001");
  EXPECT_EQ(read.row.supervisor(), "城管局");
  EXPECT_EQ(read.row.owner(), "自来水公司");
}

TEST(RowsTest, ReadsOwnerlessAsAStateAndUnknownAsNothing) {
  const LedgerRow ownerless = RowOf(kHeader, "A1,140502,01001,城管局,无主,,,,", ByKey());
  EXPECT_TRUE(ownerless.row.ownerless());
  EXPECT_EQ(ownerless.row.owner(), "");
  const LedgerRow unknown = RowOf(kHeader, "A1,140502,01001,城管局,不详,,,,", ByKey());
  EXPECT_FALSE(unknown.row.ownerless());
  EXPECT_EQ(unknown.row.owner(), "");
}

TEST(RowsTest, RefusesEachBadValueWithItsReason) {
  EXPECT_EQ(ReasonOf("A1,140502,01001,城管局,,,,,"), "");
  EXPECT_EQ(ReasonOf("A1,14050,01001,城管局,,,,,"), "DIVISION_MALFORMED");
  EXPECT_EQ(ReasonOf("A1,160502,01001,城管局,,,,,"), "DIVISION_UNKNOWN");
  EXPECT_EQ(ReasonOf("A1,140502,神秘井盖,城管局,,,,,"), "CLASS_UNKNOWN");
  EXPECT_EQ(ReasonOf("A1,140502,双名,城管局,,,,,"), "CLASS_AMBIGUOUS");
  EXPECT_EQ(ReasonOf("A1,140502,,城管局,,,,,"), "CLASS_MISSING");
  EXPECT_EQ(ReasonOf("A1,140502,01001,,,,,,"), "SUPERVISOR_MISSING");
  EXPECT_EQ(ReasonOf(",140502,01001,城管局,,,,,"), "IDENTITY_MISSING");
  EXPECT_EQ(ReasonOf(std::string(65, '1') + ",140502,01001,城管局,,,,,"), "KEY_TOO_LONG");
  EXPECT_EQ(ReasonOf("A1,140502,01001,城管局,,181,35,,"), "POSITION_OUT_OF_RANGE");
  EXPECT_EQ(ReasonOf("A1,140502,01001,城管局,,112,90.5,,"), "POSITION_OUT_OF_RANGE");
  EXPECT_EQ(ReasonOf("A1,140502,01001,城管局,,112,,,"), "POSITION_INCOMPLETE");
  EXPECT_EQ(ReasonOf("A1,140502,01001,城管局,,east,35,,"), "POSITION_MALFORMED");
  EXPECT_EQ(ReasonOf("A1,140502,01001,城管局,,nan,35,,"), "POSITION_MALFORMED");
  EXPECT_EQ(ReasonOf("A1,140502,01001,城管局,,,,还行,"), "CONDITION_UNKNOWN");
  EXPECT_EQ(ReasonOf("A1,140502,01001,城管局,,,,,2024-02-30"), "DATE_MALFORMED");
  EXPECT_EQ(ReasonOf("A1,140502,01001,城管局,,,,,,surplus"), "TOO_MANY_FIELDS");
  EXPECT_EQ(ReasonOf("A1,140502,01001,城\x01管局,,,,,"), "CONTROL_CHARACTER");
}

TEST(RowsTest, NamesFileLineValueAndLimit) {
  const LedgerRow read = RowOf(kHeader, "A1,44030,01001,城管局,,,,,", ByKey());
  ASSERT_TRUE(read.problem);
  EXPECT_EQ(read.problem->message, "ledger.csv:2: division \"44030\" has 5 digits, want 6");
  EXPECT_EQ(read.cells[1], "44030");
}

TEST(RowsTest, RefusesAFacilityCodeOfTheWrongLength) {
  for (const char* code : {"140502010010000071", "1405020100100000", "1405020100100000x"}) {
    const LedgerRow read = RowOf("部件编码,主管部门\n", std::string(code) + ",城管局", {});
    ASSERT_TRUE(read.problem) << code;
    EXPECT_EQ(read.problem->reason, "FACILITY_CODE_MALFORMED");
  }
}

TEST(RowsTest, KeepsProjectedPositionsRaw) {
  LedgerOptions options = ByKey();
  options.epsg = 4547;
  const std::string_view header = "编号,行政区划,小类编码,主管部门,X,Y\n";
  const LedgerRow read = RowOf(header, "A1,140502,01001,城管局,486412.5,3928411.2", options);
  ASSERT_FALSE(read.problem);
  const v1::Position& position = read.row.facility().position();
  EXPECT_FALSE(position.has_longitude());
  EXPECT_FALSE(position.has_latitude());
  EXPECT_EQ(position.raw_x(), "486412.5");
  EXPECT_EQ(position.epsg(), 4547u);

  const LedgerRow unset = RowOf(header, "A1,140502,01001,城管局,486412.5,3928411.2", ByKey());
  ASSERT_FALSE(unset.problem);
  EXPECT_FALSE(unset.row.facility().position().has_longitude());
  // Numbers that could be degrees are none for that: the column says X.
  const LedgerRow small = RowOf(header, "A1,140502,01001,城管局,100,50", ByKey());
  ASSERT_FALSE(small.problem);
  EXPECT_FALSE(small.row.facility().position().has_longitude());
  EXPECT_EQ(small.row.facility().position().raw_x(), "100");
  options.epsg = 4490;
  const LedgerRow degrees = RowOf(header, "A1,140502,01001,城管局,112.85,35.49", options);
  EXPECT_DOUBLE_EQ(degrees.row.facility().position().latitude(), 35.49);
}

TEST(RowsTest, FillsAnEmptyCellAndNotOneThatSaysUnknown) {
  LedgerOptions options = ByKey();
  options.owner = options.maintainer = "自来水公司";
  const auto owner = [&](const std::string& cell) {
    return RowOf(kHeader, "A1,140502,01001,城管局," + cell + ",,,,", options).row.owner();
  };
  EXPECT_EQ(owner(""), "自来水公司");
  for (const char* unknown : {"不详", "未知", "-", "无"}) EXPECT_EQ(owner(unknown), "") << unknown;
  const LedgerRow row = RowOf(kHeader, "A1,140502,01001,城管局,不详,,,,", options);
  EXPECT_EQ(row.row.maintainer(), "自来水公司") << "a column that is not there";
  const std::string_view coded = "编号,行政区划,小类编码,主管部门,权属单位,权属单位代码\n";
  EXPECT_EQ(RowOf(coded, "A1,140502,01001,城管局,不详,91350100M000100Y43", options).row.owner(),
            "91350100M000100Y43");
  EXPECT_EQ(RowOf(coded, "A1,140502,01001,城管局,,-", options).row.owner(), "");
}

TEST(RowsTest, TakesTheBlankPositionForNone) {
  LedgerOptions options = ByKey();
  options.blank_position = "0,0";
  EXPECT_FALSE(
      RowOf(kHeader, "A1,140502,01001,城管局,,0.000,0,,", options).row.facility().has_position());
  EXPECT_TRUE(
      RowOf(kHeader, "A1,140502,01001,城管局,,0,1,,", options).row.facility().has_position());
  options.blank_position = "nowhere";
  EXPECT_EQ(OpenError(kHeader, options).reason, "BLANK_POSITION_MALFORMED");
}

TEST(RowsTest, KeepsExtraAndPersonalFields) {
  LedgerOptions options = ByKey();
  options.mappings = {{"班组", "extra:班组"}, {"电话", "personal:telephone"}};
  const LedgerRow read = RowOf("编号,行政区划,小类编码,主管部门,班组,电话\n",
                               "A1,140502,01001,城管局,3班,139", options);
  ASSERT_EQ(read.row.facility().extra_size(), 1);
  EXPECT_EQ(read.row.facility().extra(0).value(), "3班");
  ASSERT_EQ(read.row.personal_size(), 1);
  EXPECT_EQ(read.row.personal(0).name(), "telephone");
}

TEST(RowsTest, PrefersAnOrganizationsNameToItsCode) {
  const std::string_view header = "编号,行政区划,小类编码,ZGBMDM,ZGBMMC\n";
  EXPECT_EQ(RowOf(header, "A1,140502,01001,11140502MB1234501X,城管局", ByKey()).row.supervisor(),
            "城管局");
  EXPECT_EQ(RowOf(header, "A1,140502,01001,11140502MB1234501X,", ByKey()).row.supervisor(),
            "11140502MB1234501X");
}

TEST(RowsTest, NamesTheWholeByItsFacilityCode) {
  constexpr std::string_view kWithParent = "编号,行政区划,小类编码,主管部门,上级部件编码\n";
  const LedgerRow read = RowOf(kWithParent, "A1,140502,01001,城管局,１４050201001000900", ByKey());
  ASSERT_FALSE(read.problem);
  EXPECT_EQ(read.row.parent_code().digits(), "14050201001000900");
  EXPECT_EQ(read.row.parent_code().scheme(), uint32_t{kSchemeGbt47678});
  for (const char* none : {"", "-", "不详"}) {
    const LedgerRow without =
        RowOf(kWithParent, std::string("A1,140502,01001,城管局,") + none, ByKey());
    ASSERT_FALSE(without.problem) << none;
    EXPECT_EQ(without.row.parent_case(), v1::ImportRow::PARENT_NOT_SET) << none;
  }
  const LedgerRow bad = RowOf(kWithParent, "A1,140502,01001,城管局,杆7", ByKey());
  ASSERT_TRUE(bad.problem);
  EXPECT_EQ(bad.problem->field, "parent");
  EXPECT_THAT(bad.problem->message, HasSubstr("the whole's"));
}

TEST(RowsTest, NamesTheWholeByItsKeyInAnotherLedger) {
  auto options = ByKey();
  options.mappings = {{"杆号", "parent:灯杆"}};
  const LedgerRow read =
      RowOf("编号,行政区划,小类编码,主管部门,杆号\n", "A1,140502,01001,城管局,L-7", options);
  ASSERT_FALSE(read.problem);
  EXPECT_EQ(read.row.parent_external_code().namespace_(), "灯杆");
  EXPECT_EQ(read.row.parent_external_code().value(), "L-7");
}

TEST(RowsTest, NamesARequiredColumnThatIsMissing) {
  const Error no_class = OpenError("编号,行政区划,主管部门\n", ByKey());
  EXPECT_EQ(no_class.reason, "REQUIRED_COLUMN_MISSING");
  EXPECT_THAT(no_class.message, HasSubstr("--class"));
  EXPECT_THAT(OpenError("编号,小类编码,主管部门\n", ByKey()).message, HasSubstr("--division"));
  EXPECT_THAT(OpenError("编号,小类编码,行政区划\n", ByKey()).message, HasSubstr("--supervisor"));
}

TEST(RowsTest, RefusesALedgerWithoutIdentity) {
  const Error none = OpenError("行政区划,小类编码,主管部门\n", {});
  EXPECT_EQ(none.reason, "IDENTITY_MISSING");
  EXPECT_THAT(none.message, HasSubstr("--key COLUMN"));
  LedgerOptions options = ByKey();
  options.key_column = "流水号";
  EXPECT_EQ(OpenError(kHeader, options).reason, "COLUMN_UNKNOWN");
}

TEST(RowsTest, GoesOnBehindABrokenByteOfGb18030) {
  std::string bytes =
      Encode(std::string(kHeader) +
                 "A1,140502,01001,城管局,自来水公司,,,,\nA2,140502,01001,城管局,@,,,,\n"
                 "A3,140502,01001,城管局,自来水公司,,,,\n",
             "GB18030");
  bytes[bytes.find('@')] = '\xFF';
  const LedgerFile file(bytes);
  const auto rows = ReadLedger(file.path(), ByKey());
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_FALSE((*rows)[0].problem);
  ASSERT_TRUE((*rows)[1].problem);
  EXPECT_EQ((*rows)[1].problem->reason, "BROKEN_CHARACTER");
  EXPECT_THAT((*rows)[1].problem->message, testing::StartsWith("ledger.csv:3: "));
  EXPECT_THAT((*rows)[1].problem->message, HasSubstr("GB18030"));
  EXPECT_FALSE((*rows)[2].problem);
}

TEST(ValuesTest, ReadsDatesAsOfficesWriteThem) {
  for (const char* text : {"2024-01-05", "2024/1/5", "2024.1.5", "20240105", "2024年1月5日",
                           "2024-01-05 08:30:00", "2024-01-05T08:30:00Z"}) {
    const auto date = ParseDate(text);
    ASSERT_TRUE(date) << text;
    EXPECT_EQ(*date, "2024-01-05") << text;
  }
  for (const char* text : {"", "2024", "2024-13-01", "2023-02-29", "24-01-05", "2024-1", "202401",
                           "2024010", "2024-01-05x", "-024-01-05", "2024-+1-05", "45296",
                           "2024-05-01Txyz", "2024-5-1 or 2023", "2024-05-01 "}) {
    EXPECT_FALSE(ParseDate(text)) << text;
  }
}

TEST(ValuesTest, FoldsOnlyFullWidthAscii) {
  EXPECT_EQ(FoldFullWidth("（１２Ａｚ～）"), "(12Az~)");
  EXPECT_EQ(FoldFullWidth("井盖ﾊ｡"), "井盖ﾊ｡");
}

TEST(ValuesTest, TrimsTheWideSpace) {
  EXPECT_EQ(Trim("　 \t井 盖\r\n　"), "井 盖");
  EXPECT_EQ(Trim("　"), "");
}

}  // namespace
}  // namespace yima::ledger
