#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/import/columns.h"

namespace yima::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Field> FieldsOf(const std::vector<std::string>& header) {
  std::vector<Field> fields;
  const auto columns = FindColumns(header, {});
  if (!columns) return fields;
  for (const Column& column : *columns) fields.push_back(column.field);
  return fields;
}

TEST(ColumnsTest, KnowsTheStandardsAbbreviationsAndNames) {
  EXPECT_THAT(FieldsOf({"GLBJBSM", "glbjmc", "ZGBMDM", "ZGBMMC", "QSDWDM", "QSDWMC", "YHDWDM",
                        "YHDWMC", "SZDYWGBSM"}),
              ElementsAre(Field::kCode, Field::kName, Field::kSupervisorCode, Field::kSupervisor,
                          Field::kOwnerCode, Field::kOwner, Field::kMaintainerCode,
                          Field::kMaintainer, Field::kGrid));
  EXPECT_THAT(
      FieldsOf({"GLBJZT", "CSRQ", "BGRQ", "SJLY", "BZ", "SZJDDM", "SZJDMC", "SZSQDM", "SZSQMC"}),
      ElementsAre(Field::kCondition, Field::kSurveyedOn, Field::kChangedOn, Field::kDataSource,
                  Field::kRemark, Field::kSubdistrictCode, Field::kSubdistrictName,
                  Field::kCommunityCode, Field::kCommunityName));
  EXPECT_THAT(
      FieldsOf({"管理部件标识码", "主管部门名称", "所在街道（镇、乡）名称", "变更日期"}),
      ElementsAre(Field::kCode, Field::kSupervisor, Field::kSubdistrictName, Field::kChangedOn));
}

TEST(ColumnsTest, KnowsEverydayAndEnglishHeadersWithoutRegardToCaseAndSpaces) {
  EXPECT_THAT(FieldsOf({" 经度 ", "纬度", "地址", "小类编码"}),
              ElementsAre(Field::kLongitude, Field::kLatitude, Field::kAddress, Field::kClass));
  EXPECT_THAT(FieldsOf({"Facility Code", "class_code", "LON", "Ｘ"}),
              ElementsAre(Field::kCode, Field::kClass, Field::kLongitude, Field::kX));
}

TEST(ColumnsTest, LeavesOutAndNamesWhatItDoesNotKnow) {
  const auto columns = FindColumns({"部件编码", "巡查班组", "color"}, {});
  ASSERT_TRUE(columns);
  EXPECT_THAT(UnknownColumns(*columns), ElementsAre("巡查班组", "color"));
}

TEST(ColumnsTest, MappingsGoBeforeHeaders) {
  const auto columns =
      FindColumns({"地址", "place", "班组", "tel"},
                  {{"place", "address"}, {"班组", "extra:班组"}, {"tel", "personal:telephone"}});
  ASSERT_TRUE(columns);
  EXPECT_EQ((*columns)[0].field, Field::kNone);
  EXPECT_EQ((*columns)[1].field, Field::kAddress);
  EXPECT_EQ((*columns)[2].field, Field::kExtra);
  EXPECT_EQ((*columns)[3].field, Field::kPersonal);
  EXPECT_EQ((*columns)[3].name, "telephone");
}

TEST(ColumnsTest, RefusesMappingsFromOrToWhatDoesNotExist) {
  const auto from = FindColumns({"a", "b"}, {{"c", "address"}});
  ASSERT_FALSE(from);
  EXPECT_EQ(from.error().reason, "COLUMN_UNKNOWN");
  EXPECT_EQ(from.error().message, "no column \"c\" for --map; the file has a, b");
  const auto to = FindColumns({"a", "b"}, {{"a", "colour"}});
  ASSERT_FALSE(to);
  EXPECT_EQ(to.error().reason, "FIELD_UNKNOWN");
  EXPECT_THAT(to.error().message, HasSubstr("\"colour\""));
  const auto unnamed = FindColumns({"a"}, {{"a", "extra:"}});
  ASSERT_FALSE(unnamed);
  EXPECT_EQ(unnamed.error().reason, "FIELD_UNKNOWN");
}

TEST(ColumnsTest, RefusesTwoColumnsForOneField) {
  for (const auto& columns : {FindColumns({"地址", "位置"}, {}),
                              FindColumns({"a", "b"}, {{"a", "address"}, {"b", "address"}}),
                              FindColumns({"a", "b"}, {{"a", "extra:x"}, {"b", "extra:x"}}),
                              FindColumns({"c", "b"}, {{"c", "parent"}, {"b", "parent:x"}})}) {
    ASSERT_FALSE(columns);
    EXPECT_EQ(columns.error().reason, "FIELD_TWICE");
  }
}

TEST(ColumnsTest, RefusesToMapAHeaderThatStandsTwice) {
  const auto columns = FindColumns({"a", "a"}, {{"a", "address"}});
  ASSERT_FALSE(columns);
  EXPECT_EQ(columns.error().reason, "HEADER_TWICE");
}

TEST(ColumnsTest, SplitsAMappingAtItsLastEqualsSign) {
  const auto mapping = ParseMapping("a=b=x");
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->column, "a=b");
  EXPECT_EQ(mapping->field, "x");
  for (const char* bad : {"", "a", "=x", "a="}) EXPECT_FALSE(ParseMapping(bad)) << bad;
}

}  // namespace
}  // namespace yima::ledger
