#include "codegen/label/notice_table.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/label/plates.h"

namespace yima::label {
namespace {

using testing::HasSubstr;

NoticeHead Head() {
  return {.title = "城区雨水井盖权属公示（第1号）",
          .authority = "晋城市城市管理局",
          .number = "4294967320",
          .period_zh = "公示期：2026-11-28 起，至 2026-12-14 止",
          .period_en = "Open from 2026-11-28 until the end of 2026-12-14",
          .how_to_object =
              "公示期内，对公示内容有异议的单位和个人，可持书面材料到晋城市城区泽州路1号"
              "政务大厅三楼确权窗口提出，电话 0356-2190000。 In writing, at the counter for "
              "rights, third floor of the city hall, 1 Zezhou Road.",
          .summary = "部件 50 个，认领 50 项 · 50 facilities, 50 claims",
          .page_address = "https://qr.example.cn/notice?n="};
}

NoticeRow Row(int n) {
  return {.code = fmt::format("14050201001{:06}", n),
          .name = "雨水井盖",
          .place = fmt::format("泽州路{}号门前，靠近人民广场公交站台东侧人行道", n),
          .right = "权属",
          .claimant = "晋城市城区市政公用设施养护管理服务中心",
          .recorded = n % 3 == 0 ? "" : "城区排水公司"};
}

uint64_t Write(const std::string& path, int rows) {
  auto table = NoticeTable::Create(path, Head()).value();
  for (int n = 1; n <= rows; ++n) EXPECT_TRUE(table->Add(Row(n)));
  return table->Publish().value();
}

TEST(NoticeTableTest, HoldsEveryRowAndTheWayToObject) {
  const TempFolder folder;
  const std::string path = folder / "notice.pdf";
  const uint64_t pages = Write(path, 50);
  EXPECT_EQ(pages, 2u);
  EXPECT_THAT(OutputOf(fmt::format("pdfinfo '{}'", path)), HasSubstr("Pages:           2"));
  const std::string text = OutputOf(fmt::format("pdftotext -layout '{}' -", path));
  for (int n = 1; n <= 50; ++n) EXPECT_THAT(text, HasSubstr(Row(n).code));
  EXPECT_THAT(text, HasSubstr("城区雨水井盖权属公示（第1号）"));
  EXPECT_THAT(text, HasSubstr("0356-2190000"));
  EXPECT_THAT(text, HasSubstr("2026-12-14"));
  if (const char* kept = std::getenv("YIMA_KEEP_NOTICE")) std::filesystem::copy_file(path, kept);
}

TEST(NoticeTableTest, ItsSymbolLeadsToItsPage) {
  const TempFolder folder;
  Write(folder / "notice.pdf", 1);
  EXPECT_THAT(TextsIn(RenderPage(folder / "notice.pdf", 1, 150)),
              testing::ElementsAre("https://qr.example.cn/notice?n=4294967320"));
}

TEST(NoticeTableTest, HasNoSymbolWithoutAnAddress) {
  const TempFolder folder;
  NoticeHead head = Head();
  head.page_address.clear();
  auto table = NoticeTable::Create(folder / "notice.pdf", head).value();
  ASSERT_TRUE(table->Add(Row(1)));
  ASSERT_TRUE(table->Publish());
  const std::string images = OutputOf(fmt::format("pdfimages -list '{}'", folder / "notice.pdf"));
  EXPECT_EQ(std::ranges::count(images, '\n'), 2) << images;  // its two lines of head
}

TEST(NoticeTableTest, TakesWhateverRecordsHold) {
  const TempFolder folder;
  NoticeHead head = Head();
  head.how_to_object = std::string("\xff\xfe broken \x01 and ") + std::string(2000, 'w');
  auto table = NoticeTable::Create(folder / "notice.pdf", head).value();
  EXPECT_TRUE(table->Add({"\xf0", std::string(5000, 'x'), "a\nb\tc", "", "", ""}));
  EXPECT_TRUE(table->Publish());
}

TEST(NoticeTableTest, LeavesNothingWhenItIsNotPublished) {
  const TempFolder folder;
  {
    auto table = NoticeTable::Create(folder / "notice.pdf", Head()).value();
    ASSERT_TRUE(table->Add(Row(1)));
  }
  EXPECT_THAT(folder.Names(), testing::IsEmpty());
}

TEST(NoticeTableTest, ReplacesNoFileOfSomebodyElse) {
  const TempFolder folder;
  std::ofstream(folder / "notice.pdf") << "my notes";
  const auto table = NoticeTable::Create(folder / "notice.pdf", Head());
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().reason, "FILE_IN_THE_WAY");
}

}  // namespace
}  // namespace yima::label
