#include "codegen/label/sheet.h"

#include <regex>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/label/plates.h"

namespace yima::label {
namespace {

constexpr double kPointsPerMm = 72 / 25.4;

/// Writes plates 1 to `count`; gives what came of it.
SheetReport Write(const Template& label, const Page& page, const SheetOptions& options,
                  uint32_t count) {
  auto writer = SheetWriter::Create(label, page, options).value();
  for (uint32_t n = 1; n <= count; ++n) EXPECT_TRUE(writer->Add(PlateFields(n)));
  auto report = writer->Close();
  EXPECT_TRUE(report) << report.error().message;
  EXPECT_TRUE(writer->Publish());
  return *report;
}

std::string NumberOf(uint32_t number) { return Serial(0, number).ShortNumber(); }

TEST(SheetTest, TenLabelsDecodeFromTheRenderedPage) {
  const TempFolder folder;
  const Template label = Template::Load("plate-60").value();
  SheetOptions options;
  options.path = folder / "labels.pdf";
  const SheetReport report = Write(label, Page::A4(label, {}).value(), options, 10);
  EXPECT_EQ(report.labels, 10u);
  EXPECT_EQ(report.pages, 1u);
  EXPECT_EQ(report.fit.version, 8);
  EXPECT_DOUBLE_EQ(report.fit.module_mm, 35.0 / 57);
  EXPECT_TRUE(report.warnings.empty());
  std::vector<std::string> expected;
  for (uint32_t n = 1; n <= 10; ++n) expected.push_back(PlateText(n));
  EXPECT_THAT(TextsIn(RenderPage(options.path, 1, 200)),
              testing::UnorderedElementsAreArray(expected));
}

TEST(SheetTest, PagesAndSymbolsAreExactInSize) {
  const TempFolder folder;
  const Template label = Template::Load("plate-120").value();
  SheetOptions options;
  options.path = folder / "labels.pdf";
  Write(label, Page::OfLabel(label), options, 2);
  const std::string info = OutputOf(fmt::format("pdfinfo '{}'", options.path));
  EXPECT_THAT(info, testing::HasSubstr("Pages:           2"));
  EXPECT_THAT(info, testing::HasSubstr("Page size:       340.157 x 340.157 pts"));
  // Half a millimetre of print at 254 dots per inch is 5 pixels.
  const scan::Image page = RenderPage(options.path, 1, 254);
  EXPECT_EQ(page.width, 1200);
  const double module_mm = 75.0 / 57;
  const double left_mm = 22.5 + 4 * module_mm;
  const double top_mm = 20 + 4 * module_mm;
  const auto dark = [&](double x_mm, double y_mm) {
    return page.at(static_cast<int>(x_mm * 10), static_cast<int>(y_mm * 10)) < 128;
  };
  // The finder in the corner, from its outer edge to 7 modules further on.
  EXPECT_FALSE(dark(left_mm - 0.2, top_mm + 0.5));
  EXPECT_TRUE(dark(left_mm + 0.2, top_mm + 0.5));
  EXPECT_TRUE(dark(left_mm + 7 * module_mm - 0.2, top_mm + 0.5));
  EXPECT_FALSE(dark(left_mm + 7 * module_mm + 0.2, top_mm + 0.5));
  // And the one at the other side.
  EXPECT_TRUE(dark(22.5 + 75 - 4 * module_mm - 0.2, top_mm + 0.5));
  EXPECT_FALSE(dark(22.5 + 75 - 4 * module_mm + 0.2, top_mm + 0.5));
}

TEST(SheetTest, SymbolsAreOneBitMasksWithoutInterpolation) {
  const TempFolder folder;
  const Template label = Template::Load("sticker-40").value();
  SheetOptions options;
  options.path = folder / "labels.pdf";
  Write(label, Page::A4(label, {}).value(), options, 3);
  const std::string images = OutputOf(fmt::format("pdfimages -list '{}'", options.path));
  const std::regex row(R"(\n +1 +\d+ stencil +49 +49 +- +1 +1 +ccitt +no )");
  EXPECT_EQ(std::distance(std::sregex_iterator(images.begin(), images.end(), row), {}), 3)
      << images;
}

TEST(SheetTest, PlacesLabelsFromTheStartCellAndListsThem) {
  const TempFolder folder;
  const Template label = Template::Load("plate-60").value();
  const Page page = Page::A4(label, {}).value();
  SheetOptions options;
  options.path = folder / "labels.pdf";
  options.start_cell = 12;
  Write(label, page, options, 3);
  EXPECT_EQ(
      ReadFile(folder / "labels.manifest.csv"),
      fmt::format("file,page,cell,serial,short_number,facility,text\n"
                  "labels.pdf,1,12,1,{},14050201001000001,{}\n"
                  "labels.pdf,2,1,2,{},14050201001000002,{}\n"
                  "labels.pdf,2,2,3,{},14050201001000003,{}\n",
                  NumberOf(1), PlateText(1), NumberOf(2), PlateText(2), NumberOf(3), PlateText(3)));
  // Where the short number stands on the page tells where the label is.
  const std::string words = OutputOf(fmt::format("pdftotext -l 1 -bbox '{}' -", options.path));
  std::smatch found;
  ASSERT_TRUE(std::regex_search(
      words, found,
      std::regex("xMin=\"([0-9.]+)\" yMin=\"([0-9.]+)\" xMax=\"([0-9.]+)\"[^>]*>" + NumberOf(1))));
  const Box cell = page.Cell(11);
  const double middle_mm = (std::stod(found[1]) + std::stod(found[3])) / 2 / kPointsPerMm;
  EXPECT_NEAR(middle_mm, cell.x_mm + 30, 0.1);
  EXPECT_GT(std::stod(found[2]) / kPointsPerMm, cell.y_mm + 40);
}

TEST(SheetTest, BlankPlatesAreListedWithoutFacility) {
  const TempFolder folder;
  const Template label = Template::Load("plate-60").value();
  SheetOptions options;
  options.path = folder / "labels.pdf";
  auto writer = SheetWriter::Create(label, Page::OfLabel(label), options).value();
  LabelFields blank;
  blank.code_text = PlateText(1);
  LabelFields uncoded = blank;
  uncoded.code_text = PlateText(2);
  uncoded.facility = "uid:7";
  ASSERT_TRUE(writer->Add(blank) && writer->Add(uncoded) && writer->Close() && writer->Publish());
  EXPECT_THAT(
      ReadFile(folder / "labels.manifest.csv"),
      testing::EndsWith(fmt::format("labels.pdf,1,1,1,{},,{}\nlabels.pdf,2,1,2,{},uid:7,{}\n",
                                    NumberOf(1), PlateText(1), NumberOf(2), PlateText(2))));
}

TEST(SheetTest, SplitsFilesTheSameWayOnAnyNumberOfThreads) {
  const TempFolder folder;
  const Template label = Template::Load("sticker-40").value();
  GridOptions grid;
  grid.columns = 2;
  grid.rows = 2;
  const Page page = Page::A4(label, grid).value();
  std::string manifest;
  std::string words;
  for (const int threads : {1, 3}) {
    SheetOptions options;
    options.path = folder / "labels.pdf";
    options.threads = threads;
    options.start_cell = 3;
    options.labels_per_file = 8;
    const SheetReport report = Write(label, page, options, 29);
    // 6 labels fit the first file's two pages, 8 each of the next, 7 the last.
    EXPECT_THAT(report.files,
                testing::ElementsAre(folder / "labels.pdf", folder / "labels-0002.pdf",
                                     folder / "labels-0003.pdf", folder / "labels-0004.pdf"));
    EXPECT_EQ(report.pages, 8u);
    const std::string list = ReadFile(report.manifest);
    EXPECT_THAT(list, testing::HasSubstr("\nlabels-0004.pdf,2,3,29,"));
    const std::string text = OutputOf(fmt::format("pdftotext '{}' -", folder / "labels-0003.pdf"));
    if (threads > 1) {
      EXPECT_EQ(list, manifest);
      EXPECT_EQ(text, words);
    }
    manifest = list;
    words = text;
  }
  EXPECT_EQ(folder.Names().size(), 5u);
}

TEST(SheetTest, PrintsANameThatIsTheClassNameOnce) {
  const TempFolder folder;
  const Template label = Template::Load("sticker-40").value();
  SheetOptions options;
  options.path = folder / "labels.pdf";
  auto writer = SheetWriter::Create(label, Page::OfLabel(label), options).value();
  LabelFields lamp = PlateFields(1);
  lamp.class_name = lamp.name = "路灯";
  ASSERT_TRUE(writer->Add(lamp) && writer->Close() && writer->Publish());
  const std::string text = OutputOf(fmt::format("pdftotext '{}' -", options.path));
  EXPECT_EQ(text.find("路灯"), text.rfind("路灯")) << text;
  EXPECT_THAT(text, testing::HasSubstr("路灯"));
}

TEST(SheetTest, PrintsModuleSizeAndChineseWordsAsText) {
  const TempFolder folder;
  const Template label = Template::Load("sticker-40").value();
  SheetOptions options;
  options.path = folder / "labels.pdf";
  Write(label, Page::A4(label, {}).value(), options, 2);
  const std::string text = OutputOf(fmt::format("pdftotext '{}' -", options.path));
  EXPECT_THAT(text, testing::HasSubstr("module 0.46 mm"));
  EXPECT_THAT(text, testing::HasSubstr("权属 城区排水公司"));
  EXPECT_THAT(text, testing::HasSubstr(NumberOf(2)));
}

}  // namespace
}  // namespace yima::label
