#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/client/ledger_file.h"

namespace yima::ledger {
namespace {

namespace fs = std::filesystem;
using Rows = std::vector<std::vector<std::string>>;

std::vector<fs::path> FilesOf(const char* folder) {
  std::vector<fs::path> files;
  const char* data = std::getenv("YIMA_TEST_DATA");
  if (data == nullptr) return files;
  for (const auto& entry : fs::directory_iterator(fs::path(data) / "torture" / folder)) {
    if (entry.path().extension() == ".csv") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

nlohmann::ordered_json TruthOf(const fs::path& csv) {
  std::ifstream stream(csv.parent_path().parent_path() / "json" / (csv.stem().string() + ".json"));
  return nlohmann::ordered_json::parse(stream, nullptr, false);
}

/// The truth has line ends that the file lost on its way through version control.
std::string WithoutCr(std::string text) {
  std::erase(text, '\r');
  return text;
}

/// Empty lines are no records to us, where a general reader takes them for one empty field.
Rows RowsOf(const nlohmann::ordered_json& truth) {
  Rows rows;
  for (const auto& record : truth) {
    auto& row = rows.emplace_back();
    if (record.is_object() && rows.size() == 1) {
      for (const auto& [name, value] : record.items()) row.push_back(name);
      rows.emplace_back();
    }
    for (const auto& value : record) rows.back().push_back(WithoutCr(value.get<std::string>()));
    if (rows.back() == std::vector<std::string>{""}) rows.pop_back();
  }
  return rows;
}

Rows Read(const fs::path& csv) {
  const Records read = ReadRecords(ReadFile(csv));
  EXPECT_EQ(read.error.reason, "") << csv;
  Rows rows;
  for (const CsvRecord& record : read.records) {
    EXPECT_FALSE(record.problem) << csv;
    auto& row = rows.emplace_back(record.fields);
    std::transform(row.begin(), row.end(), row.begin(), WithoutCr);
  }
  return rows;
}

TEST(TortureTest, ReadsCsvSpectrum) {
  const auto files = FilesOf("csv-spectrum/csvs");
  if (files.empty()) GTEST_SKIP() << "YIMA_TEST_DATA names no folder with the files";
  for (const auto& csv : files) EXPECT_EQ(Read(csv), RowsOf(TruthOf(csv))) << csv;
}

TEST(TortureTest, ReadsCsvTestData) {
  const auto files = FilesOf("csv-test-data/csv");
  if (files.empty()) GTEST_SKIP() << "YIMA_TEST_DATA names no folder with the files";
  for (const auto& csv : files) {
    const std::string name = csv.stem().string();
    // A header that these files have outside; and files with nothing but empty lines.
    if (name.starts_with("bad-") || name.starts_with("header-") || name == "all-empty") continue;
    EXPECT_EQ(Read(csv), RowsOf(TruthOf(csv))) << csv;
  }
}

TEST(TortureTest, NamesTheLineOfAQuoteThatIsNotClosed) {
  for (const auto& csv : FilesOf("csv-test-data/csv")) {
    if (csv.stem() != "bad-missing-quote") continue;
    const Records read = ReadRecords(ReadFile(csv));
    EXPECT_EQ(read.error.reason, "QUOTE_UNCLOSED");
    EXPECT_EQ(read.error.field, "ledger.csv:2");
  }
}

TEST(TortureTest, KeepsNaughtyStrings) {
  const char* data = std::getenv("YIMA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "YIMA_TEST_DATA is not set";
  std::ifstream stream(fs::path(data) / "torture" / "naughty-strings" / "blns.json");
  const auto strings = nlohmann::ordered_json::parse(stream);
  size_t kept = 0;
  for (const auto& each : strings) {
    const auto text = each.get<std::string>();
    std::string quoted = "a,b\n1,\"";
    for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
    const Records read = ReadRecords(quoted + "\"\n");
    ASSERT_EQ(read.records.size(), 2u) << text;
    // What cannot be kept as it stands is refused, never changed.
    if (read.records[1].problem) continue;
    EXPECT_EQ(read.records[1].fields, (std::vector<std::string>{"1", text}));
    ++kept;
  }
  EXPECT_GT(kept, strings.size() * 9 / 10);
}

}  // namespace
}  // namespace yima::ledger
