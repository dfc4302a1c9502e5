#include "codegen/label/label.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/label/plates.h"

namespace yima::label {
namespace {

LabelImager Imager(const char* name) {
  return LabelImager::Create(Template::Load(name).value()).value();
}

TEST(LabelTest, PngDecodesBackFromEachTemplate) {
  for (const std::string& name : Template::BuiltInNames()) {
    LabelImager imager = Imager(name.c_str());
    const auto png = imager.Png(PlateFields(5));
    ASSERT_TRUE(png) << png.error().message;
    EXPECT_THAT(TextsIn(scan::DecodeImage(*png).value()), testing::ElementsAre(PlateText(5)));
    EXPECT_TRUE(imager.warnings().empty()) << name << ": " << imager.warnings().examples[0];
  }
}

TEST(LabelTest, WidestShortNumberFitsEachTemplate) {
  constexpr std::string_view kWidest = "7WWWW-WWWWW-W";
  uint64_t value = 7;
  for (int i = 0; i < 9; ++i) value = value << 5 | 28;
  while (value % 37 != 28) --value;  // Its check symbol is W too.
  const Serial serial = Serial::FromInteger(value).value();
  ASSERT_EQ(serial.ShortNumber().substr(0, 9), kWidest.substr(0, 9));
  ASSERT_EQ(serial.ShortNumber().back(), kWidest.back());
  for (const std::string& name : Template::BuiltInNames()) {
    LabelImager imager = Imager(name.c_str());
    LabelFields fields = PlateFields(5);
    fields.code_text = PlateText(serial);
    ASSERT_TRUE(imager.Png(fields)) << name;
    EXPECT_TRUE(imager.warnings().empty()) << name << ": " << imager.warnings().examples[0];
  }
}

TEST(LabelTest, PngHasItsSizeAndWholeModules) {
  const std::string png = Imager("plate-60").Png(PlateFields(5), 300).value();
  const auto image = scan::DecodeImage(png).value();
  // 35 mm hold 57 modules of 7 pixels: 289.6 dots per inch, the nearest to 300.
  const double dpi = 7 * 57 / 35.0 * 25.4;
  EXPECT_EQ(image.width, std::lround(60 / 25.4 * dpi));
  const auto physical = png.find("pHYs");
  ASSERT_NE(physical, std::string::npos);
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(png[physical + 4 + i]); };
  EXPECT_EQ(byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3), std::lround(dpi / 0.0254));
  EXPECT_EQ(byte(8), 1);
}

TEST(LabelTest, BlankPlatesCarrySymbolAndNumberAlone) {
  LabelFields blank;
  blank.code_text = PlateText(9);
  LabelImager imager = Imager("plate-120");
  const auto png = imager.Png(blank);
  ASSERT_TRUE(png);
  EXPECT_THAT(TextsIn(scan::DecodeImage(*png).value()), testing::ElementsAre(PlateText(9)));
}

TEST(LabelTest, SvgNeedsNoFontsAndHasItsSize) {
  const std::string svg = Imager("sticker-40").Svg(PlateFields(5)).value();
  EXPECT_THAT(svg, testing::HasSubstr("width=\"113.385827pt\""));
  EXPECT_THAT(svg, testing::Not(testing::HasSubstr("<text")));
  EXPECT_THAT(svg, testing::Not(testing::HasSubstr("<image")));
}

TEST(LabelTest, ShrinksThenEndsInAnEllipsisAndCounts) {
  LabelImager imager = Imager("plate-60");
  LabelFields fields = PlateFields(5);
  fields.contact = "晋城市城区城市管理综合行政执法局";  // 16 characters: 31 mm at 1.9 mm.
  ASSERT_TRUE(imager.Png(fields));
  EXPECT_EQ(imager.warnings().ellipses, 0u);
  fields.contact += "市政设施管理所";
  ASSERT_TRUE(imager.Png(fields));
  EXPECT_EQ(imager.warnings().ellipses, 1u);
  ASSERT_EQ(imager.warnings().examples.size(), 1u);
  EXPECT_THAT(imager.warnings().examples[0],
              testing::HasSubstr("晋城市城区城市管理综合行政执法局市政设施管理所"));
  EXPECT_THAT(imager.warnings().examples[0], testing::HasSubstr("31 mm at 1.8 mm"));
}

TEST(LabelTest, CountsCharactersThatNoFontHas) {
  LabelImager imager = Imager("plate-60");
  LabelFields fields = PlateFields(5);
  fields.contact = "城\U0010FFFD区";
  ASSERT_TRUE(imager.Png(fields));
  EXPECT_EQ(imager.warnings().missing_characters, 1u);
}

TEST(LabelTest, DrawsWordsOfAllKinds) {
  LabelImager imager = Imager("sticker-40");
  LabelFields fields = PlateFields(5);
  fields.owner = "Sewage & Drainage Co. 排水\n公司\t\x01";
  fields.contact = "شركة الصرف";
  fields.name = "e\u0301 葛\U000E0100";
  const auto png = imager.Png(fields);
  ASSERT_TRUE(png) << png.error().message;
  EXPECT_THAT(TextsIn(scan::DecodeImage(*png).value()), testing::ElementsAre(PlateText(5)));
}

TEST(LabelTest, RefusesFieldsThatCannotBePrinted) {
  LabelImager imager = Imager("plate-60");
  const auto refused = [&](LabelFields fields) { return imager.Png(fields).error(); };
  LabelFields fields = PlateFields(5);
  fields.code_text.pop_back();
  EXPECT_EQ(refused(fields).reason, "CODE_TEXT_MALFORMED");
  fields = PlateFields(5);
  fields.short_number = "00000-00000-0";
  EXPECT_EQ(refused(fields).reason, "SHORT_NUMBER_MISMATCH");
  fields = PlateFields(5);
  fields.owner.assign(4097, 'x');
  EXPECT_EQ(refused(fields).reason, "FIELD_TOO_LONG");
  EXPECT_EQ(refused(fields).field, "owner");
  fields.owner = "\xFF";
  EXPECT_EQ(refused(fields).reason, "FIELD_NOT_UTF8");
}

TEST(LabelTest, RefusesResolutionsOutOfRange) {
  LabelImager imager = Imager("plate-120");
  for (const double dpi : {71.0, 2401.0, std::nan("")})
    EXPECT_EQ(imager.Png(PlateFields(5), dpi).error().reason, "DPI_OUT_OF_RANGE");
  EXPECT_EQ(imager.Png(PlateFields(5), 2400).error().reason, "PICTURE_TOO_LARGE");
}

}  // namespace
}  // namespace yima::label
