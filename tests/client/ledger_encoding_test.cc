#include <gtest/gtest.h>

#include "client/import/encoding.h"
#include "tests/client/ledger_file.h"

namespace yima::ledger {
namespace {

constexpr std::string_view kChinese =
    "编号,部件名称,主管部门\r\n1,供水井盖,城市管理局\r\n2,路灯,城市管理局\r\n3,垃圾箱,环卫处\r\n";
constexpr std::string_view kTraditional =
    "流水號,燈桿編號,行政區,地址\n1,中壢區公所,桃園市中壢區,中山東路一段\n2,中壢區公所,"
    "桃園市中壢區,"
    "環北路上大水溝旁\n";

struct Text {
  std::string text;
  Encoding encoding = Encoding::kAscii;
  Error error;
};

Text ReadText(std::string_view bytes) {
  const LedgerFile file(bytes);
  Text result;
  auto source = TextSource::Open(file.path());
  if (!source) {
    result.error = source.error();
    return result;
  }
  for (;;) {
    const auto more = (*source)->Read(result.text);
    if (!more) result.error = more.error();
    if (!more || !*more) break;
  }
  result.encoding = (*source)->encoding();
  return result;
}

TEST(EncodingTest, ReadsUtf8WithAndWithoutMark) {
  EXPECT_EQ(ReadText(kChinese).text, kChinese);
  EXPECT_EQ(ReadText(kChinese).encoding, Encoding::kUtf8);
  EXPECT_EQ(ReadText("\xEF\xBB\xBF" + std::string(kChinese)).text, kChinese);
}

TEST(EncodingTest, TellsGb18030ByContent) {
  const Text read = ReadText(Encode(kChinese, "GB18030"));
  EXPECT_EQ(read.encoding, Encoding::kGb18030);
  EXPECT_EQ(read.text, kChinese);
}

TEST(EncodingTest, ReadsTraditionalCharactersAndFourByteFormsOfGb18030) {
  EXPECT_EQ(ReadText(Encode(kTraditional, "GB18030")).text, kTraditional);
  const std::string rare = std::string(kChinese) + "4,𠮷㐀,é\n";
  EXPECT_EQ(ReadText(Encode(rare, "GB18030")).text, rare);
}

TEST(EncodingTest, JudgesOnlyWhereChineseBegins) {
  const std::string text = std::string(3'000'000, 'a') + std::string(kChinese);
  const Text read = ReadText(Encode(text, "GB18030"));
  EXPECT_EQ(read.encoding, Encoding::kGb18030);
  EXPECT_EQ(read.text, text);
}

TEST(EncodingTest, KeepsCharactersThatPiecesCut) {
  for (size_t shift = 0; shift < 4; ++shift) {
    std::string text(shift, 'x');
    while (text.size() < 200'000) text += kChinese;
    EXPECT_EQ(ReadText(text).text, text) << shift;
    EXPECT_EQ(ReadText(Encode(text, "GB18030")).text, text) << shift;
  }
}

TEST(EncodingTest, MarksOneBrokenByteOfEither) {
  std::string utf8(kChinese);
  utf8.insert(utf8.find("路灯"), "\xFF");
  std::string marked(kChinese);
  marked.insert(marked.find("路灯"), "\xEF\xBF\xBD");
  EXPECT_EQ(ReadText(utf8).text, marked);

  std::string gb = Encode(kChinese, "GB18030");
  gb.insert(gb.find(Encode("路灯", "GB18030")), "\xFF");
  EXPECT_EQ(ReadText(gb).text, marked);
}

TEST(EncodingTest, MarksACharacterThatTheFileEndsIn) {
  EXPECT_EQ(ReadText("编号\n\xE7\xBC").text, "编号\n\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(EncodingTest, RefusesBig5AndShiftJis) {
  const Error big5 = ReadText(Encode(kTraditional, "BIG5")).error;
  EXPECT_EQ(big5.reason, "ENCODING_UNSUPPORTED");
  EXPECT_NE(big5.message.find("Big5"), std::string::npos) << big5.message;
  const Error sjis =
      ReadText(Encode("番号,名前\n1,マンホールのふた\n2,ごみ箱です\n", "SHIFT-JIS")).error;
  EXPECT_EQ(sjis.reason, "ENCODING_UNSUPPORTED");
  EXPECT_NE(sjis.message.find("Shift-JIS"), std::string::npos) << sjis.message;
}

TEST(EncodingTest, RefusesUtf16AndUtf32) {
  for (const char* encoding : {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE"}) {
    const Error error = ReadText(Encode("code,name\n1,2\n", encoding)).error;
    EXPECT_EQ(error.reason, "ENCODING_UNSUPPORTED") << encoding;
    EXPECT_NE(error.message.find("want"), std::string::npos) << error.message;
  }
}

TEST(EncodingTest, RefusesWorkbooksArchivesAndBinaries) {
  using std::string_literals::operator""s;
  for (const std::string& bytes : {"PK\x03\x04 workbook"s, "\xD0\xCF\x11\xE0 workbook"s,
                                   "%PDF-1.7"s, "\x1F\x8B gzip"s, "a,b,c,d,e,f\n1,\0,3"s}) {
    const Error error = ReadText(bytes).error;
    EXPECT_EQ(error.reason, "NOT_A_TEXT_FILE") << bytes;
    EXPECT_NE(error.field.find("ledger.csv"), std::string::npos);
  }
}

TEST(EncodingTest, RefusesAnEmptyFileAndNone) {
  EXPECT_EQ(ReadText("").error.reason, "FILE_EMPTY");
  const auto none = TextSource::Open("/nowhere/ledger.csv");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, "FILE_UNREADABLE");
  EXPECT_FALSE(TextSource::Open("/tmp")) << "a folder";
}

TEST(EncodingTest, FindsEveryBrokenUtf8Form) {
  for (const std::string_view broken :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE4\xB8\x41"}) {
    EXPECT_EQ(Utf8Length(broken), 0) << testing::PrintToString(broken);
  }
  EXPECT_EQ(Utf8Length("\xE4\xB8"), -1);
  EXPECT_EQ(Utf8Length("\xF0\x9F\x98\x80"), 4);
}

}  // namespace
}  // namespace yima::ledger
