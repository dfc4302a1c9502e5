#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/methods.h"

namespace yima::server::testing {
namespace {

/// Where each attribute of GB/T 47678.5-2026, table 2, stands, and how many characters of it the
/// record holds.
struct Attribute {
  std::function<std::string(const v1::Facility&, const v1::Organization&)> read;
  std::function<void(v1::ImportRow&, v1::Organization&, const std::string&)> write;
};
using Row = v1::ImportRow;
using Unit = v1::Organization;
using Text = const std::string&;

const std::map<std::string, Attribute>& Attributes() {
  static const std::map<std::string, Attribute> attributes = {
      {"GLBJMC",
       {[](const auto& f, const auto&) { return f.name(); },
        [](Row& r, Unit&, Text t) { r.mutable_facility()->set_name(t); }}},
      {"ZGBMMC",
       {[](const auto&, const auto& o) { return o.name(); },
        [](Row&, Unit& o, Text t) { o.set_name(t); }}},
      {"SJLY",
       {[](const auto& f, const auto&) { return f.data_source(); },
        [](Row& r, Unit&, Text t) { r.mutable_facility()->set_data_source(t); }}},
      {"BZ",
       {[](const auto& f, const auto&) { return f.remark().value(); },
        [](Row& r, Unit&, Text t) { r.set_remark(t); }}},
      {"SZJDMC",
       {[](const auto& f, const auto&) { return f.subdistrict_name(); },
        [](Row& r, Unit&, Text t) { r.mutable_facility()->set_subdistrict_name(t); }}},
      {"SZSQMC",
       {[](const auto& f, const auto&) { return f.community_name(); },
        [](Row& r, Unit&, Text t) { r.mutable_facility()->set_community_name(t); }}},
      {"SZDYWGBSM",
       {[](const auto& f, const auto&) { return f.grid_code(); },
        [](Row& r, Unit&, Text t) { r.mutable_facility()->set_grid_code(t); }}},
      {"SZJDDM",
       {[](const auto& f, const auto&) { return f.subdistrict_code(); },
        [](Row& r, Unit&, Text t) { r.mutable_facility()->set_subdistrict_code(t); }}},
      {"SZSQDM",
       {[](const auto& f, const auto&) { return f.community_code(); },
        [](Row& r, Unit&, Text t) { r.mutable_facility()->set_community_code(t); }}},
  };
  return attributes;
}

Result<uint64_t> ImportOne(World& world, Methods& methods, const Row& row) {
  v1::ImportFacilitiesRequest request;
  request.mutable_header()->set_request_id("import-1");
  *request.add_rows() = row;
  YIMA_ASSIGN_OR_RETURN(const auto answers, methods.Stream<v1::ImportFacilitiesResponse>(
                                                "RegistryService/ImportFacilities", request));
  for (const auto& answer : answers) {
    for (const auto& problem : answer.problems()) {
      return Invalid(problem.reason(), problem.message(), problem.field());
    }
  }
  return world.Read()->Holder(store::Index::kFacilityCode, FacilityCodeKey(2, "14050201003000001"));
}

Row SoundRow() {
  Row row;
  row.set_line(2);
  auto* facility = row.mutable_facility();
  facility->set_division("140502");
  facility->set_class_code("01003");
  auto* code = facility->add_codes();
  code->set_scheme(2);
  code->set_digits("14050201003000001");
  return row;
}

TEST(AttributesTest, AnImportedRowHoldsAllEighteen) {
  World world;
  Methods methods(world);
  world.AddOrganization("主管");
  world.AddOrganization("权属");
  world.AddOrganization("养护");
  Row row = SoundRow();
  row.set_supervisor("主管");
  row.set_owner("权属");
  row.set_maintainer("养护");
  row.set_remark("一\n二");
  auto* facility = row.mutable_facility();
  facility->set_condition(v1::CONDITION_REMOVED);
  facility->set_surveyed_on("2024-03-05");
  facility->set_changed_on("2025-03-05");
  for (const auto& [abbr, attribute] : Attributes()) {
    v1::Organization unused;
    if (abbr == "SZDYWGBSM") attribute.write(row, unused, "140502001000001");
    if (abbr == "SZJDDM") attribute.write(row, unused, "140502001");
    if (abbr == "SZSQDM") attribute.write(row, unused, "140502001001");
    if (abbr.ends_with("MC") || abbr == "SJLY") attribute.write(row, unused, "名称");
  }
  const auto uid = ImportOne(world, methods, row);
  ASSERT_TRUE(uid) << uid.error().message;
  const v1::Facility kept = world.Facility(*uid);
  EXPECT_EQ(kept.codes(0).digits(), "14050201003000001");
  for (const uint64_t holder :
       {kept.supervising().holder(), kept.owning().holder(), kept.maintaining().holder()}) {
    EXPECT_TRUE(*world.Read()->Get(store::Kind::kOrganization, holder));
  }
  EXPECT_EQ(kept.condition(), v1::CONDITION_REMOVED);
  EXPECT_EQ(kept.surveyed_on(), "2024-03-05");
  EXPECT_EQ(kept.changed_on(), "2025-03-05");
  EXPECT_EQ(kept.remark().value(), "一\n二");
  for (const auto& [abbr, attribute] : Attributes()) {
    EXPECT_FALSE(attribute.read(kept, v1::Organization()).empty() && abbr != "ZGBMMC") << abbr;
  }
}

TEST(AttributesTest, HoldEachAtTheLengthThatTheStandardAllows) {
  const char* data = std::getenv("YIMA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "YIMA_TEST_DATA is not set";
  std::ifstream file(std::filesystem::path(data) / "standards/component_attributes.csv");
  ASSERT_TRUE(file);
  std::string line;
  std::getline(file, line);
  size_t rows = 0;
  for (; std::getline(file, line); ++rows) {
    std::vector<std::string> cells;
    std::stringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    ASSERT_GE(cells.size(), 5);
    const auto found = Attributes().find(cells[1]);
    if (found == Attributes().end()) continue;  // Codes, rights, state and dates: see above.
    const size_t length = std::stoul(cells[4]);
    const bool digits = cells[1].ends_with("DM") || cells[1].ends_with("SM");
    std::string longest;
    for (size_t i = 0; i < length; ++i) longest += digits ? "1" : "长";
    World world;
    Methods methods(world);
    Row row = SoundRow();
    v1::Organization bureau;
    bureau.set_name("主管");
    found->second.write(row, bureau, longest);
    world.AddOrganization(bureau.name());
    row.set_supervisor(bureau.name());
    const auto uid = ImportOne(world, methods, row);
    ASSERT_TRUE(uid) << cells[1] << ": " << uid.error().message;
    const v1::Facility kept = world.Facility(*uid);
    const auto holder =
        yima::server::Get<v1::Organization>(*world.Read(), kept.supervising().holder());
    EXPECT_EQ(found->second.read(kept, (*holder)->record), longest) << cells[1];
  }
  EXPECT_EQ(rows, 18);
}

}  // namespace
}  // namespace yima::server::testing
