// draw_symbols FILE TEXT…: a picture with one symbol below the other, as PNG, or as JPEG if FILE
// ends so.
#include <algorithm>
#include <fstream>
#include <string_view>
#include <vector>

#include "tests/scan/picture.h"

int main(int argc, char** argv) {
  constexpr int kModulePx = 4;
  if (argc < 3) return 2;
  std::vector<yima::scan::Image> symbols;
  int width = 0;
  int height = 0;
  for (int i = 2; i < argc; ++i) {
    symbols.push_back(yima::scan::Symbol(argv[i], kModulePx));
    width = std::max(width, symbols.back().width);
    height += symbols.back().height;
  }
  auto picture = yima::scan::Blank(width, height);
  int y = 0;
  for (const auto& symbol : symbols) {
    yima::scan::Draw(picture, symbol, 0, y);
    y += symbol.height;
  }
  const bool jpeg = std::string_view(argv[1]).ends_with(".jpg");
  std::ofstream(argv[1], std::ios::binary)
      << (jpeg ? yima::scan::ToJpeg(picture) : yima::scan::ToPng(picture));
  return 0;
}
