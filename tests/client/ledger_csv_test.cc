#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "client/import/csv.h"
#include "client/import/rejects.h"
#include "tests/client/ledger_file.h"

namespace yima::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(CsvTest, ReadsQuotesDoubledQuotesAndLineBreaks) {
  const Records read = ReadRecords("a,b\r\n\"x, y\",\"say \"\"hi\"\"\r\nthere\"\r\nlast,\"\"\r\n");
  ASSERT_EQ(read.records.size(), 3u);
  EXPECT_THAT(read.records[1].fields, ElementsAre("x, y", "say \"hi\"\r\nthere"));
  EXPECT_THAT(read.records[2].fields, ElementsAre("last", ""));
}

TEST(CsvTest, CountsLinesInsideQuotesAndEmptyOnes) {
  const Records read = ReadRecords("a,b\n\"1\n2\n3\",x\n\n\nlast,y");
  ASSERT_EQ(read.records.size(), 3u);
  EXPECT_EQ(read.records[0].line, 1u);
  EXPECT_EQ(read.records[1].line, 2u);
  EXPECT_EQ(read.records[2].line, 7u);
}

TEST(CsvTest, FindsTheDelimiterInTheHeader) {
  EXPECT_THAT(ReadRecords("a\tb,c\td\n1\t2\t3\n").records[0].fields, ElementsAre("a", "b,c", "d"));
  EXPECT_THAT(ReadRecords("a;b;\"c,,,,\"\n").records[0].fields, ElementsAre("a", "b", "c,,,,"));
  EXPECT_THAT(ReadRecords("only\n").records[0].fields, ElementsAre("only"));
}

TEST(CsvTest, KeepsAQuoteInTheMiddleOfAField) {
  EXPECT_THAT(ReadRecords("a,b\n12\" pipe,y\n").records[1].fields, ElementsAre("12\" pipe", "y"));
}

TEST(CsvTest, NamesTheLineOfAQuoteLeftOpen) {
  const Records read = ReadRecords("a,b\n1,2\n3,\"four\nfive\nsix\n");
  EXPECT_EQ(read.records.size(), 2u);
  EXPECT_EQ(read.error.reason, "QUOTE_UNCLOSED");
  EXPECT_EQ(read.error.field, "ledger.csv:3");
  EXPECT_THAT(read.error.message, HasSubstr("ledger.csv:3: "));
}

TEST(CsvTest, FlagsControlCharactersAndBrokenOnes) {
  const Records read = ReadRecords("a,b\n1,x\x07\n2,\xFF\n3,y\n");
  ASSERT_EQ(read.records.size(), 4u);
  ASSERT_TRUE(read.records[1].problem);
  EXPECT_EQ(read.records[1].problem->reason, "CONTROL_CHARACTER");
  EXPECT_EQ(read.records[1].problem->message, "column \"b\" has the control character U+0007");
  EXPECT_EQ(read.records[1].problem->field, "b");
  ASSERT_TRUE(read.records[2].problem);
  EXPECT_EQ(read.records[2].problem->reason, "BROKEN_CHARACTER");
  EXPECT_FALSE(read.records[3].problem);
}

TEST(CsvTest, TakesAFieldOfExactlyTheLimit) {
  const std::string field(kFieldBytesMax, 'x');
  EXPECT_FALSE(ReadRecords("a,b\n1," + field + "\n").records[1].problem);
  const Records over = ReadRecords("a,b\n1," + field + "x\n2,3\n");
  ASSERT_TRUE(over.records[1].problem);
  EXPECT_EQ(over.records[1].problem->reason, "FIELD_TOO_LONG");
  EXPECT_EQ(over.records[1].problem->field, "b");
  EXPECT_THAT(over.records[2].fields, ElementsAre("2", "3"));
}

TEST(CsvTest, PassesOver100MegabytesInOneFieldWithoutHoldingThem) {
  const LedgerFile file("a,b\n1,\"");
  {
    std::ofstream out(file.path(), std::ios::binary | std::ios::app);
    const std::string megabyte(1'000'000, 'x');
    for (int i = 0; i < 100; ++i) out << megabyte;
    out << "\"\n2,3\n";
  }
  rusage before = {};
  getrusage(RUSAGE_SELF, &before);
  CsvReader reader(*TextSource::Open(file.path()), "ledger.csv");
  CsvRecord record;
  ASSERT_TRUE(*reader.Next(record));
  ASSERT_TRUE(*reader.Next(record));
  ASSERT_TRUE(record.problem);
  EXPECT_EQ(record.problem->reason, "FIELD_TOO_LONG");
  ASSERT_TRUE(*reader.Next(record));
  EXPECT_THAT(record.fields, ElementsAre("2", "3"));
  rusage after = {};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 20'000) << "kilobytes";
}

TEST(CsvTest, FlagsTooManyFields) {
  const Records read = ReadRecords("a,b\n" + std::string(kFieldsMax + 5, ',') + "\n1,2\n");
  ASSERT_TRUE(read.records[1].problem);
  EXPECT_EQ(read.records[1].problem->reason, "TOO_MANY_FIELDS");
  EXPECT_FALSE(read.records[2].problem);
}

TEST(CsvTest, ReadsTheSameWhereverPiecesCut) {
  std::string text = "a,b\r\n";
  for (int i = 0; i < 20'000; ++i) text += "\"x\"\"" + std::to_string(i) + "\"\"\",y\r\n";
  const Records read = ReadRecords(text);
  ASSERT_EQ(read.records.size(), 20'001u);
  for (size_t i = 1; i < read.records.size(); ++i) {
    ASSERT_THAT(read.records[i].fields, ElementsAre("x\"" + std::to_string(i - 1) + "\"", "y"));
    ASSERT_EQ(read.records[i].line, i + 1);
  }
}

TEST(RejectsTest, WritesRowsThatReadBackTheSame) {
  const LedgerFile file("");
  const std::string path = file.folder() / "rejects.csv";
  auto writer = RejectsWriter::Create(path, {"编号", "备注"}, "原因");
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->Write("ledger.csv:2: bad, \"very\"", {"1", "line\r\nbreak"}));
  ASSERT_TRUE(writer->Close());
  const Records read = ReadRecords(ReadFile(path));
  ASSERT_EQ(read.records.size(), 2u);
  EXPECT_THAT(read.records[0].fields, ElementsAre("原因", "编号", "备注"));
  EXPECT_THAT(read.records[1].fields,
              ElementsAre("ledger.csv:2: bad, \"very\"", "1", "line\r\nbreak"));
}

TEST(RejectsTest, KeepsTheFileOfBeforeUntilTheNewOneIsWhole) {
  const LedgerFile before("reasons of before", "rejects.csv");
  {
    auto writer = RejectsWriter::Create(before.path(), {"a"});
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->Write("bad", {"1"}));
    EXPECT_EQ(ReadFile(before.path()), "reasons of before");
  }
  EXPECT_EQ(ReadFile(before.path()), "reasons of before");
  {
    auto writer = RejectsWriter::Create(before.path(), {"a"});
    ASSERT_TRUE(writer && writer->Write("bad", {"1"}) && writer->Close());
  }
  EXPECT_EQ(ReadFile(before.path()), "\xEF\xBB\xBFreason,a\r\nbad,1\r\n");
  const std::filesystem::directory_iterator files(before.folder());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "nothing else is left";
}

TEST(RejectsTest, NamesAFolderThatIsMissingAndADiskThatIsFull) {
  const auto missing = RejectsWriter::Create("/nowhere/rejects.csv", {"a"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason, "FILE_UNWRITABLE");
  auto full = RejectsWriter::Create("/dev/full", {"a"});
  ASSERT_TRUE(full);
  EXPECT_FALSE(full->Close());
}

}  // namespace
}  // namespace yima::ledger
