#include "client/scan/scanner.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "tests/scan/picture.h"

namespace yima::scan {
namespace {

// As long as a signed code.
std::string CodeText(int number) {
  std::string text = "HTTPS://YIMA.EXAMPLE/";
  std::minstd_rand digits(static_cast<unsigned>(number));
  for (int i = 0; i < 203; ++i) text += static_cast<char>('0' + digits() % 10);
  return text;
}

TEST(ScannerTest, ReadsOneSymbolWithItsCorners) {
  Image picture = Blank(600, 500);
  const std::string text = CodeText(1);
  Draw(picture, Symbol(text, 4), 100, 50);
  const auto symbols = Scanner().Scan(picture);
  ASSERT_EQ(symbols.size(), 1u);
  EXPECT_EQ(symbols[0].text, text);
  // The quiet zone is 4 modules of 4 pixels.
  EXPECT_NEAR(symbols[0].corners[0].x, 116, 8);
  EXPECT_NEAR(symbols[0].corners[0].y, 66, 8);
  EXPECT_GT(symbols[0].corners[2].x, symbols[0].corners[0].x + 200);
}

TEST(ScannerTest, ReadsThreeLabelsInReadingOrder) {
  Image picture = Blank(1200, 900);
  Draw(picture, Symbol(CodeText(1), 4), 20, 20);
  Draw(picture, Symbol(CodeText(2), 4), 700, 60);
  Draw(picture, Symbol(CodeText(3), 4), 300, 500);
  const auto symbols = Scanner().Scan(picture);
  ASSERT_EQ(symbols.size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(symbols[static_cast<size_t>(i)].text, CodeText(i + 1));
}

TEST(ScannerTest, ReadsASheetOfTwelve) {
  Image picture = Blank(1400, 1100);
  for (int i = 0; i < 12; ++i) Draw(picture, Symbol(CodeText(i), 4), i % 4 * 340, i / 4 * 350);
  EXPECT_EQ(Scanner().Scan(picture).size(), 12u);
}

// A page of twelve round plates as a printer's program renders it at 300 dpi: borders are circles,
// and a module is no whole number of pixels.
Image PageOfRoundPlates(int first) {
  constexpr double kModulePx = 7.23;
  constexpr int kPitchPx = 768;
  Image picture = Blank(2481, 3508);
  for (int i = 0; i < 12; ++i) {
    const int x0 = 90 + i % 3 * kPitchPx;
    const int y0 = 220 + i / 3 * kPitchPx;
    const Image symbol = Symbol(CodeText(first + i), 1);
    for (int y = 0; y < kPitchPx; ++y) {
      for (int x = 0; x < kPitchPx; ++x) {
        const double from_centre = std::hypot(x - kPitchPx / 2.0, y - kPitchPx / 2.0);
        const double column = (x - kPitchPx / 2.0) / kModulePx + symbol.width / 2.0;
        const double row = (y - kPitchPx / 2.0) / kModulePx + symbol.height / 2.0;
        bool black = std::abs(from_centre - 354) < 1 || std::abs(from_centre - 340) < 3;
        if (column >= 0 && column < symbol.width && row >= 0 && row < symbol.height) {
          black = symbol.at(static_cast<int>(column), static_cast<int>(row)) == 0;
        }
        if (black) picture.pixels[static_cast<size_t>((y0 + y) * 2481 + x0 + x)] = 0;
      }
    }
  }
  return picture;
}

TEST(ScannerTest, ReadsPagesOfRoundPlates) {
  EXPECT_EQ(Scanner().Scan(PageOfRoundPlates(0)).size(), 12u);
  // Here a corner of a symbol passes for a Micro QR symbol "4" …
  EXPECT_EQ(Scanner().Scan(PageOfRoundPlates(21 * 12)).size(), 12u);
  // … and here the library throws over one.
  EXPECT_EQ(Scanner().Scan(PageOfRoundPlates(72 * 12)).size(), 12u);
}

TEST(ScannerTest, ReportsTwoCopiesOfOnePlateTwice) {
  Image picture = Blank(900, 400);
  Draw(picture, Symbol(CodeText(1), 4), 20, 20);
  Draw(picture, Symbol(CodeText(1), 4), 500, 20);
  EXPECT_EQ(Scanner().Scan(picture).size(), 2u);
}

TEST(ScannerTest, ReadsTurnedAndInvertedSymbols) {
  Image picture = Blank(500, 500);
  Draw(picture, Symbol(CodeText(1), 4), 60, 60);
  Image turned = picture;
  for (int quarter = 0; quarter < 4; ++quarter) {
    const auto symbols = Scanner().Scan(turned);
    ASSERT_EQ(symbols.size(), 1u) << quarter;
    EXPECT_EQ(symbols[0].text, CodeText(1));
    turned = TurnedRight(turned);
  }
  const auto inverted = Scanner().Scan(Inverted(picture));
  ASSERT_EQ(inverted.size(), 1u);
  EXPECT_EQ(inverted[0].text, CodeText(1));
}

TEST(ScannerTest, KeepsForeignTextsByteForByte) {
  for (const std::string& text : {std::string("https://example.com/menu?table=7"),
                                  std::string("井盖 \xC4\xFA \xFF\x01", 14)}) {
    const auto symbols = Scanner().Scan(Symbol(text, 6));
    ASSERT_EQ(symbols.size(), 1u);
    EXPECT_EQ(symbols[0].text, text);
  }
}

TEST(ScannerTest, FindsNothingWhereNothingIs) {
  EXPECT_TRUE(Scanner().Scan(Blank(400, 300)).empty());
  EXPECT_TRUE(Scanner().Scan(Blank(1, 1)).empty());
  EXPECT_TRUE(Scanner().Scan(Blank(3000, 2)).empty());
  Image noise = Blank(400, 300);
  std::minstd_rand random(7);
  for (uint8_t& pixel : noise.pixels) pixel = static_cast<uint8_t>(random() >> 8);
  EXPECT_TRUE(Scanner().Scan(noise).empty());
}

TEST(ScannerTest, ScansFromSeveralThreads) {
  const Scanner scanner;
  std::vector<std::thread> threads;
  std::vector<std::string> texts(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&scanner, &texts, i] {
      const auto symbols = scanner.Scan(Symbol(CodeText(i), 4));
      if (symbols.size() == 1) texts[static_cast<size_t>(i)] = symbols[0].text;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(texts[static_cast<size_t>(i)], CodeText(i));
}

}  // namespace
}  // namespace yima::scan
