#include "codegen/label/group4.h"

#include <random>

#include <cairo-pdf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codegen/label/drawing.h"
#include "tests/label/plates.h"

namespace yima::label {
namespace {

constexpr int kPixelsPerModule = 2;

Symbol Blank(int size) {
  return {0, Level::kM, size, std::vector<uint8_t>(static_cast<size_t>(size * size))};
}

Symbol Noise(int size, double darkness, uint32_t seed) {
  Symbol symbol = Blank(size);
  std::mt19937 random(seed);
  std::bernoulli_distribution dark(darkness);
  for (uint8_t& module : symbol.bits) module = dark(random) ? 1 : 0;
  return symbol;
}

/// Every second row is blank; those between hold `n` white modules and then `n` black ones, or the
/// other way round, for `n` from `first` on.
Symbol Runs(int size, int first, bool black_first) {
  Symbol symbol = Blank(size);
  for (int y = 1; y < size; y += 2) {
    const int n = std::min(first + y / 2, size);
    for (int x = 0; x < size; ++x) {
      const bool dark = black_first ? x < n : x >= n && x < 2 * n;
      symbol.bits[static_cast<size_t>(y * size + x)] = dark ? 1 : 0;
    }
  }
  return symbol;
}

/// Draws a symbol on a PDF page of its own size, and compares what poppler makes of it.
void ExpectRead(const Symbol& symbol) {
  const TempFolder folder;
  const std::string path = folder / "symbol.pdf";
  const double side_pt = symbol.size;
  cairo_surface_t* surface = cairo_pdf_surface_create(path.c_str(), side_pt, side_pt);
  cairo_t* cairo = cairo_create(surface);
  Drawing drawing;
  drawing.AddSymbol(symbol, {0, 0, side_pt / kPointsPerMm, side_pt / kPointsPerMm});
  drawing.Paint(cairo, SymbolInk::kMask);
  cairo_show_page(cairo);
  cairo_destroy(cairo);
  cairo_surface_finish(surface);
  ASSERT_EQ(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
  cairo_surface_destroy(surface);
  const scan::Image page = RenderPage(path, 1, 72 * kPixelsPerModule);
  ASSERT_EQ(page.width, symbol.size * kPixelsPerModule);
  for (int y = 0; y < symbol.size; ++y)
    for (int x = 0; x < symbol.size; ++x)
      ASSERT_EQ(page.at(x * kPixelsPerModule, y * kPixelsPerModule) < 128, symbol.Dark(x, y))
          << symbol.size << " modules, at " << x << ", " << y;
}

std::string BitsOf(const std::string& bytes) {
  std::string bits;
  for (const char byte : bytes) bits += fmt::format("{:08b}", static_cast<unsigned char>(byte));
  return bits;
}

Symbol Rows(const std::vector<std::string>& rows) {
  Symbol symbol = Blank(static_cast<int>(rows.size()));
  for (size_t y = 0; y < rows.size(); ++y)
    for (size_t x = 0; x < rows.size(); ++x) symbol.bits[y * rows.size() + x] = rows[y][x] == '#';
  return symbol;
}

const std::string kEndOfBlock = "000000000001000000000001";

TEST(Group4Test, BlankRowsAreOneBitEach) {
  EXPECT_EQ(BitsOf(EncodeGroup4(Blank(8))), "11111111" + kEndOfBlock);
}

TEST(Group4Test, WritesEachModeAsTheStandardSays) {
  const Symbol symbol = Rows({"....###.....",    // Horizontal: 4 white, 3 black. V0.
                              "............",    // Pass. V0.
                              "####........",    // Horizontal: 0 white, 4 black. V0.
                              ".####.......",    // VR1 twice. V0.
                              "...####.....",    // VR2 twice. V0.
                              "......####..",    // VR3 twice. V0.
                              "...####.....",    // VL3 twice. V0.
                              ".####.......",    // VL2 twice. V0.
                              "####........",    // VL1 twice. V0.
                              "............",    // Pass. V0.
                              "............",    // V0.
                              "............"});  // V0.
  std::string expected = "001101110100011001001101010111";
  expected +=
      "0110111"
      "0000110000111"
      "000001100000111";
  expected +=
      "000001000000101"
      "0000100000101"
      "0100101";
  expected += "0001111" + kEndOfBlock;
  expected.resize((expected.size() + 7) / 8 * 8, '0');
  EXPECT_EQ(BitsOf(EncodeGroup4(symbol)), expected);
}

TEST(Group4Test, EveryRunLengthIsRead) {
  for (const int size : {65, 177})
    for (int first = 0; first <= size; first += size / 2)
      for (const bool black_first : {false, true}) ExpectRead(Runs(size, first, black_first));
}

TEST(Group4Test, NoiseOfAnyDensityIsRead) {
  uint32_t seed = 1;
  for (const int size : {1, 7, 41, 49, 65, 177})
    for (const double darkness : {0.0, 0.03, 0.2, 0.5, 0.8, 0.97, 1.0})
      ExpectRead(Noise(size, darkness, seed++));
}

}  // namespace
}  // namespace yima::label
