#include "codegen/label/symbol.h"

#include <regex>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <qrencode.h>

#include "codegen/code/code_text.h"
#include "tests/label/plates.h"

namespace yima::label {
namespace {

std::string Body() { return PlateText(7).substr(22); }

Symbol MakePlate(Level level = Level::kQ) {
  return MakeSymbol("HTTPS://QR.EXAMPLE.CN/", Body(), level).value();
}

/// FORMAT.md's table: level M has version 6 up to 29 characters, 7 to 52, 8 to 64; Q has 8 up to 32
/// and 9 up to 64.
int VersionOf(size_t origin_size, Level level) {
  if (level == Level::kM) return origin_size <= 29 ? 6 : origin_size <= 52 ? 7 : 8;
  return origin_size <= 32 ? 8 : 9;
}

TEST(SymbolTest, HasTheVersionOfTheTableForEveryOrigin) {
  for (size_t size = 12; size <= 64; ++size) {
    for (const Level level : {Level::kM, Level::kQ}) {
      EXPECT_EQ(SymbolVersion(size, level).value(), VersionOf(size, level))
          << size << LevelLetter(level);
    }
  }
}

TEST(SymbolTest, IsWhatLibqrencodeMakesOfTwoSegments) {
  const std::string origin = "HTTPS://QR.EXAMPLE.CN/";
  const std::string body = Body();
  QRinput* input = QRinput_new2(0, QR_ECLEVEL_Q);
  QRinput_append(input, QR_MODE_AN, static_cast<int>(origin.size()),
                 reinterpret_cast<const unsigned char*>(origin.data()));
  QRinput_append(input, QR_MODE_NUM, static_cast<int>(body.size()),
                 reinterpret_cast<const unsigned char*>(body.data()));
  QRcode* code = QRcode_encodeInput(input);
  ASSERT_NE(code, nullptr);
  const Symbol symbol = MakePlate();
  EXPECT_EQ(symbol.version, code->version);
  EXPECT_EQ(symbol.size, SymbolSize(symbol.version));
  for (int y = 0; y < symbol.size; ++y) {
    for (int x = 0; x < symbol.size; ++x)
      ASSERT_EQ(symbol.Dark(x, y), (code->data[y * code->width + x] & 1) != 0) << x << "," << y;
  }
  QRcode_free(code);
  QRinput_free(input);
}

TEST(SymbolTest, HoldsLowerCaseOriginsAsBytesAndLarger) {
  const auto lower = MakeSymbol("https://qr.example-town.gov.cn/", Body(), Level::kM);
  const auto upper = MakeSymbol("HTTPS://QR.EXAMPLE-TOWN.GOV.CN/", Body(), Level::kM);
  ASSERT_TRUE(lower && upper);
  EXPECT_GE(lower->version, upper->version);
  const auto png = SymbolPng(*lower, 4);
  EXPECT_THAT(TextsIn(scan::DecodeImage(*png).value()),
              testing::ElementsAre("https://qr.example-town.gov.cn/" + Body()));
}

TEST(SymbolTest, RefusesTextsThatAreNoCode) {
  for (const auto& [origin, body] : std::vector<std::pair<std::string, std::string>>{
           {"", "1"}, {"HTTPS://A.B/", ""}, {"HTTPS://城.B/", "1"}, {"HTTPS://A.B/", "1A"}}) {
    const auto symbol = MakeSymbol(origin, body, Level::kQ);
    ASSERT_FALSE(symbol);
    EXPECT_EQ(symbol.error().reason, "SYMBOL_TEXT_MALFORMED");
  }
  const auto large = MakeSymbol("A", std::string(8000, '1'), Level::kH);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().reason, "SYMBOL_TOO_LARGE");
  EXPECT_EQ(SymbolVersion(0, Level::kQ).error().reason, "ORIGIN_SIZE_OUT_OF_RANGE");
}

TEST(SymbolTest, NamesItsLevelsByLetters) {
  EXPECT_EQ(LevelLetter(Level::kL), 'L');
  EXPECT_EQ(LevelLetter(Level::kM), 'M');
  EXPECT_EQ(LevelLetter(Level::kQ), 'Q');
  EXPECT_EQ(LevelLetter(Level::kH), 'H');
}

TEST(SymbolTest, PngDecodesBackAndHasItsQuietZone) {
  const Symbol symbol = MakePlate();
  const auto image = scan::DecodeImage(SymbolPng(symbol, 3).value()).value();
  EXPECT_EQ(image.width, (symbol.size + 8) * 3);
  EXPECT_EQ(image.height, image.width);
  for (int i = 0; i < image.width; ++i) {
    for (int edge = 0; edge < 12; ++edge) ASSERT_EQ(image.at(i, edge), 255);
  }
  EXPECT_EQ(image.at(12, 12), 0);
  EXPECT_THAT(TextsIn(image), testing::ElementsAre("HTTPS://QR.EXAMPLE.CN/" + Body()));
  EXPECT_EQ(SymbolPng(symbol, 0).error().reason, "MODULE_PX_OUT_OF_RANGE");
  EXPECT_EQ(SymbolPng(symbol, 101).error().reason, "MODULE_PX_OUT_OF_RANGE");
}

TEST(SymbolTest, SvgHoldsEveryDarkModuleAndItsSize) {
  const Symbol symbol = MakePlate();
  const std::string svg = SymbolSvg(symbol, 0.5).value();
  EXPECT_THAT(svg, testing::HasSubstr(fmt::format("width=\"{:.6g}mm\"", (symbol.size + 8) * 0.5)));
  std::vector<uint8_t> bits(symbol.bits.size(), 0);
  const std::regex run("M(\\d+) (\\d+)h(\\d+)v1h-(\\d+)z");
  for (std::sregex_iterator it(svg.begin(), svg.end(), run), end; it != end; ++it) {
    EXPECT_EQ((*it)[3], (*it)[4]);
    const int x = std::stoi((*it)[1]) - kQuietModulesMin;
    const int y = std::stoi((*it)[2]) - kQuietModulesMin;
    for (int i = 0; i < std::stoi((*it)[3]); ++i)
      bits[static_cast<size_t>(y * symbol.size + x + i)] = 1;
  }
  EXPECT_EQ(bits, symbol.bits);
  for (const double wrong : {0.0, -1.0, 1001.0, std::nan("")})
    EXPECT_EQ(SymbolSvg(symbol, wrong).error().reason, "MODULE_MM_OUT_OF_RANGE");
}

}  // namespace
}  // namespace yima::label
