#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/methods.h"

namespace yima::server::testing {
namespace {

std::vector<std::string> Split(const std::string& line) {
  std::vector<std::string> cells;
  std::string cell;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.push_back(std::exchange(cell, {}));
    } else if (c != '\r') {
      cell.push_back(c);
    }
  }
  cells.push_back(cell);
  return cells;
}

TEST(ClassesTest, HoldsBothEditionsWithNamesInBothLanguages) {
  World world;
  size_t newer = 0;
  size_t older = 0;
  for (const auto& [code, row] : world.domain().classes.all()) {
    EXPECT_EQ(code, row.code());
    EXPECT_FALSE(row.name_zh().empty()) << code;
    EXPECT_FALSE(row.name_en().empty()) << code;
    EXPECT_FALSE(row.group_name_zh().empty()) << code;
    EXPECT_FALSE(row.edition().empty()) << code;
    EXPECT_FALSE(row.source().empty()) << code;
    newer += code.size() == 5 ? 1 : 0;
    older += code.size() == 4 ? 1 : 0;
  }
  EXPECT_EQ(newer, 153);
  EXPECT_EQ(older, 85);
}

TEST(ClassesTest, AgreesWithTheStandardsData) {
  const char* data = std::getenv("YIMA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "YIMA_TEST_DATA is not set";
  std::ifstream file(std::filesystem::path(data) / "standards/component_classes.csv");
  ASSERT_TRUE(file);
  World world;
  std::string line;
  std::getline(file, line);
  size_t rows = 0;
  for (; std::getline(file, line); ++rows) {
    const auto cells = Split(line);
    ASSERT_GE(cells.size(), 5);
    const auto* found = world.domain().classes.Find(cells[0] + cells[2]);
    ASSERT_NE(found, nullptr) << line;
    EXPECT_EQ(found->group_name_zh(), cells[1]) << line;
    EXPECT_EQ(found->name_zh(), cells[3]) << line;
    EXPECT_EQ(found->name_en(), cells[4]) << line;
  }
  EXPECT_EQ(rows, world.domain().classes.all().size());
}

TEST(ClassesTest, ListsByPrefix) {
  World world;
  Methods methods(world);
  const auto list = [&](const std::string& prefix) {
    v1::ListFacilityClassesRequest request;
    request.set_prefix(prefix);
    return methods
        .Unary<v1::ListFacilityClassesResponse>("RegistryService/ListFacilityClasses", request)
        ->facility_classes_size();
  };
  EXPECT_EQ(list(""), 238);
  EXPECT_EQ(list("01003"), 1);
  EXPECT_GT(list("01"), 50);
  EXPECT_EQ(list("99"), 0);
  EXPECT_EQ(list(std::string(10'000, '1')), 0);
}

}  // namespace
}  // namespace yima::server::testing
