#include "codegen/label/template.h"

#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/label/plates.h"

namespace yima::label {
namespace {

constexpr const char* kGood = R"(name = "mine"
shape = "rect"
width_mm = 50
height_mm = 60
corner_mm = 3
level = "M"
cut_line = true
[outline]
width_mm = 0.5
inset_mm = 1
[symbol]
x_mm = 5
y_mm = 5
size_mm = 40
quiet_modules = 5
[[text]]
text = "电话 {telephone}"
x_mm = 5
y_mm = 46
width_mm = 40
height_mm = 6
size_mm = 5
min_size_mm = 3
align = "left"
weight = "bold"
)";

/// The good one with one line replaced.
std::string With(const std::string& line, const std::string& instead) {
  std::string text = kGood;
  const size_t at = text.find(line);
  EXPECT_NE(at, std::string::npos) << line;
  return text.replace(at, line.size(), instead);
}

TEST(TemplateTest, ReadsEveryKey) {
  const auto label = Template::Parse(kGood, "mine.toml");
  ASSERT_TRUE(label) << label.error().message;
  EXPECT_EQ(label->name, "mine");
  EXPECT_EQ(label->shape, Shape::kRect);
  EXPECT_DOUBLE_EQ(label->height_mm, 60);
  EXPECT_DOUBLE_EQ(label->corner_mm, 3);
  EXPECT_EQ(label->level, Level::kM);
  EXPECT_TRUE(label->cut_line);
  EXPECT_DOUBLE_EQ(label->outline_mm, 0.5);
  EXPECT_DOUBLE_EQ(label->outline_inset_mm, 1);
  EXPECT_DOUBLE_EQ(label->symbol.right_mm(), 45);
  EXPECT_EQ(label->quiet_modules, 5);
  ASSERT_EQ(label->lines.size(), 1u);
  const TextLine& line = label->lines[0];
  EXPECT_DOUBLE_EQ(line.size_mm, 5);
  EXPECT_DOUBLE_EQ(line.min_size_mm, 3);
  EXPECT_EQ(line.align, Align::kLeft);
  EXPECT_TRUE(line.bold);
  EXPECT_EQ(line.Fill(PlateFields(1)), "电话 0356-2027890");
}

TEST(TemplateTest, LeavesALineOutWhenItsFieldsAreEmpty) {
  const auto label = Template::Parse(With("{telephone}", "{telephone} {note}"), "a").value();
  LabelFields fields;
  EXPECT_EQ(label.lines[0].Fill(fields), "");
  fields.note = "12319";
  EXPECT_EQ(label.lines[0].Fill(fields), "电话  12319");
  const auto fixed = Template::Parse(With("电话 {telephone}", "晋城"), "a").value();
  EXPECT_EQ(fixed.lines[0].Fill(LabelFields()), "晋城");
}

struct Bad {
  const char* line;
  const char* instead;
  int at_line;
  const char* reason;
  const char* says;
};

TEST(TemplateTest, RefusesEveryBadLineByItsPlace) {
  const Bad bad[] = {
      {"name = \"mine\"", "", 1, "TEMPLATE_MALFORMED", "name is missing"},
      {"name = \"mine\"", "name = 5", 1, "TEMPLATE_MALFORMED", "name is not a string"},
      {"shape = \"rect\"", "shape = \"oval\"", 2, "TEMPLATE_MALFORMED", "oval"},
      {"shape = \"rect\"", "shape = \"round\"", 1, "TEMPLATE_VALUE_OUT_OF_RANGE", "round"},
      {"width_mm = 50", "width_mm = 9", 3, "TEMPLATE_VALUE_OUT_OF_RANGE", "9, want 10 to 1000"},
      {"width_mm = 50", "width_mm = 1001", 3, "TEMPLATE_VALUE_OUT_OF_RANGE", "1001"},
      {"width_mm = 50", "width_mm = nan", 3, "TEMPLATE_VALUE_OUT_OF_RANGE", "nan"},
      {"width_mm = 50", "width_mm = \"50\"", 3, "TEMPLATE_MALFORMED", "not a number"},
      {"width_mm = 50", "width_mm = ", 3, "TEMPLATE_MALFORMED", ""},
      {"height_mm = 60", "hight_mm = 60", 1, "TEMPLATE_MALFORMED", "height_mm is missing"},
      {"corner_mm = 3", "corner_mm = 26", 1, "TEMPLATE_VALUE_OUT_OF_RANGE", "corner_mm"},
      {"corner_mm = 3", "colour = 3", 5, "TEMPLATE_MALFORMED", "unknown key colour"},
      {"level = \"M\"", "level = \"m\"", 6, "TEMPLATE_MALFORMED", "m"},
      {"cut_line = true", "cut_line = 1", 7, "TEMPLATE_MALFORMED", "true or false"},
      {"[outline]\nwidth_mm = 0.5", "[outline]\nwidth_mm = 0", 9, "TEMPLATE_VALUE_OUT_OF_RANGE",
       "width_mm"},
      {"[symbol]", "[symbols]", 1, "TEMPLATE_MALFORMED", "symbol is missing"},
      {"size_mm = 40", "size_mm = 9", 14, "TEMPLATE_VALUE_OUT_OF_RANGE", "size_mm"},
      {"size_mm = 40", "size_mm = 46", 11, "FIELD_OUTSIDE_LABEL", "quiet zone"},
      {"quiet_modules = 5", "quiet_modules = 3", 15, "TEMPLATE_VALUE_OUT_OF_RANGE", "3"},
      {"{telephone}", "{phone}", 17, "TEMPLATE_MALFORMED", "phone"},
      {"{telephone}", "{telephone", 17, "TEMPLATE_MALFORMED", "telephone"},
      {"电话 {telephone}", "", 17, "TEMPLATE_MALFORMED", "empty"},
      {"y_mm = 46", "y_mm = 44", 16, "FIELD_OVERLAPS_QUIET_ZONE", "quiet zone"},
      {"y_mm = 46", "y_mm = 53", 16, "FIELD_OUTSIDE_LABEL", "edge"},
      {"size_mm = 5", "size_mm = 5.5", 16, "TEMPLATE_VALUE_OUT_OF_RANGE", "height_mm"},
      {"min_size_mm = 3", "min_size_mm = 6", 16, "TEMPLATE_VALUE_OUT_OF_RANGE", "min_size_mm"},
      {"align = \"left\"", "align = \"middle\"", 24, "TEMPLATE_MALFORMED", "middle"},
      {"weight = \"bold\"", "weight = 700", 25, "TEMPLATE_MALFORMED", "weight"},
      {"[[text]]", "[text]", 16, "TEMPLATE_MALFORMED", "text"},
  };
  for (const Bad& each : bad) {
    const auto label = Template::Parse(With(each.line, each.instead), "mine.toml");
    ASSERT_FALSE(label) << each.instead;
    EXPECT_EQ(label.error().reason, each.reason) << label.error().message;
    EXPECT_THAT(label.error().message,
                testing::StartsWith(fmt::format("mine.toml:{}: ", each.at_line)))
        << each.instead;
    EXPECT_THAT(label.error().message, testing::HasSubstr(each.says));
  }
}

TEST(TemplateTest, LoadsBuiltInsAndFiles) {
  EXPECT_THAT(Template::BuiltInNames(),
              testing::UnorderedElementsAre("plate-60", "plate-120", "sticker-40"));
  for (const std::string& name : Template::BuiltInNames()) {
    const auto label = Template::Load(name);
    ASSERT_TRUE(label) << label.error().message;
    EXPECT_EQ(label->name, name);
    EXPECT_EQ(label->level, Level::kQ);
  }
  const TempFolder folder;
  std::ofstream(folder / "mine.toml") << kGood;
  EXPECT_TRUE(Template::Load(folder / "mine.toml"));
}

TEST(TemplateTest, SaysWhichTemplatesThereAre) {
  const auto unknown = Template::Load("plate-61");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().reason, "TEMPLATE_UNKNOWN");
  EXPECT_THAT(unknown.error().message, testing::HasSubstr("plate-60"));
  const TempFolder folder;
  EXPECT_EQ(Template::Load(folder / "none.toml").error().reason, "FILE_UNREADABLE");
  EXPECT_EQ(Template::Load(folder.path().string() + "/").error().reason, "FILE_UNREADABLE");
  std::ofstream(folder / "big.toml") << std::string((1 << 20) + 1, '#');
  EXPECT_EQ(Template::Load(folder / "big.toml").error().reason, "TEMPLATE_MALFORMED");
}

TEST(TemplateTest, BuiltInsHoldTheLongestOrigin) {
  const std::string origin = "HTTPS://" + std::string(40, 'A') + ".B" + std::string(13, 'C') + "/";
  ASSERT_EQ(origin.size(), 64u);
  for (const std::string& name : Template::BuiltInNames()) {
    const auto fit = FitSymbol(Template::Load(name).value(), PlateText(1, origin));
    ASSERT_TRUE(fit) << fit.error().message;
    EXPECT_EQ(fit->version, 9);
    EXPECT_GE(fit->module_mm, kModuleMinMm);
  }
}

TEST(TemplateTest, ComputesTheModuleAndSaysWhatSizeOrLevelWouldDo) {
  Template label = Template::Parse(kGood, "mine.toml").value();
  label.quiet_modules = 4;
  label.symbol.width_mm = label.symbol.height_mm = 20;
  label.level = Level::kQ;
  const auto fit = FitSymbol(label, PlateText(1));
  ASSERT_TRUE(fit);
  EXPECT_EQ(fit->version, 8);
  EXPECT_DOUBLE_EQ(fit->module_mm, 20.0 / 57);
  label.symbol.width_mm = label.symbol.height_mm = 19;
  const auto small = FitSymbol(label, PlateText(1));
  ASSERT_FALSE(small);
  EXPECT_EQ(small.error().reason, "MODULE_TOO_SMALL");
  EXPECT_THAT(small.error().message, testing::HasSubstr("0.333 mm"));
  EXPECT_THAT(small.error().message, testing::HasSubstr("give it 20.0 mm"));
  EXPECT_THAT(small.error().message, testing::HasSubstr("level M (0.39 mm)"));
  label.symbol.width_mm = label.symbol.height_mm = 10;
  EXPECT_THAT(FitSymbol(label, PlateText(1)).error().message,
              testing::HasSubstr("no lower level would do"));
}

}  // namespace
}  // namespace yima::label
