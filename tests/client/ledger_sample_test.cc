#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/ledger_file.h"

namespace yima::ledger {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

const std::string kSample = YIMA_SOURCE_DIR "/tools/sample/ledger.csv";

LedgerOptions Options() {
  LedgerOptions options;
  options.key_column = "编号";
  options.classes_by_name = [](std::string_view name) -> std::vector<std::string> {
    return name == "路灯" ? std::vector<std::string>{"01037", "0118"} : std::vector<std::string>{};
  };
  return options;
}

TEST(SampleLedgerTest, HoldsJustTheDirtThatItsReadmeLists) {
  const auto rows = ReadLedger(kSample, Options());
  ASSERT_TRUE(rows) << rows.error().message;
  std::map<std::string, int> reasons;
  std::set<std::string> keys;
  size_t sound = 0;
  int twice = 0;
  for (const LedgerRow& row : *rows) {
    if (row.problem) {
      ++reasons[row.problem->reason];
      continue;
    }
    ++sound;
    twice += keys.insert(row.row.facility().external_codes(0).value()).second ? 0 : 1;
  }
  EXPECT_EQ(rows->size(), 2000u);
  EXPECT_THAT(reasons,
              UnorderedElementsAre(Pair("DIVISION_MALFORMED", 1), Pair("CLASS_UNKNOWN", 1),
                                   Pair("POSITION_OUT_OF_RANGE", 1), Pair("SUPERVISOR_MISSING", 1),
                                   Pair("IDENTITY_MISSING", 1), Pair("CONDITION_UNKNOWN", 1),
                                   Pair("DATE_MALFORMED", 1), Pair("POSITION_MALFORMED", 1),
                                   Pair("POSITION_INCOMPLETE", 1), Pair("CONTROL_CHARACTER", 1),
                                   Pair("TOO_MANY_FIELDS", 1)));
  EXPECT_EQ(sound, 1989u);
  EXPECT_EQ(twice, 1);
}

TEST(SampleLedgerTest, ReadsTheSameFromItsUtf8Twin) {
  const auto rows = ReadLedger(kSample, Options());
  ASSERT_TRUE(rows);
  // The reader is asked for the twin's text, so that the twin has nothing of ours but bytes.
  std::string text;
  auto source = TextSource::Open(kSample);
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->encoding(), Encoding::kGb18030);
  while (*(*source)->Read(text)) {
  }
  const LedgerFile twin(text);
  const auto twins = ReadLedger(twin.path(), Options());
  ASSERT_TRUE(twins);
  ASSERT_EQ(twins->size(), rows->size());
  for (size_t i = 0; i < rows->size(); ++i) {
    EXPECT_EQ((*twins)[i].row.SerializeAsString(), (*rows)[i].row.SerializeAsString());
    EXPECT_EQ((*twins)[i].problem, (*rows)[i].problem);
    EXPECT_EQ((*twins)[i].cells, (*rows)[i].cells);
  }
}

TEST(SampleLedgerTest, NamesTheColumnThatItLeavesOut) {
  const auto reader = LedgerReader::Open(kSample, Options());
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->unknown_columns(), std::vector<std::string>{"巡查班组"});
  EXPECT_EQ(reader->key_namespace(), "ledger");
}

}  // namespace
}  // namespace yima::ledger
