#include "client/scan/scanner.h"

#define ZX_USE_UTF8
#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>

#include <ZXing/ReadBarcode.h>

namespace yima::scan {
namespace {

// Symbols found are painted over and the picture is read again, since one that is read can hide
// its neighbours from the finder.
constexpr int kRoundsMax = 8;
constexpr int kUpscaleSideMax = 1600;
constexpr int kSmallSideMin = 120;
// Sides of a tile and of the overlap of two, in sides of a symbol that may stand at any angle.
constexpr double kTileSymbols = 3.3;
constexpr double kTileOverlapSymbols = 1.5;
constexpr int kTileSideMin = 400;
// Symbols looked for along the shorter side of a picture in which none was found as a whole.
constexpr int kSymbolsAcross = 8;
constexpr size_t kDigitsOfM1Max = 5;

// One rung: how the picture is changed before it is read.
struct Rung {
  double scale = 1;
  ZXing::Binarizer binarizer = ZXing::Binarizer::LocalAverage;
  bool inverted = false;
  bool sharpened = false;
};

struct Reading : ScannedSymbol {
  // Up to five digits in a Micro QR symbol: version M1 of ISO/IEC 18004, which detects errors but
  // corrects none, so that about any small square with a finder pattern passes for one.
  bool doubtful = false;
};

Image Scale(const Image& image, double scale) {
  Image scaled;
  scaled.width = std::max(1, static_cast<int>(std::lround(image.width * scale)));
  scaled.height = std::max(1, static_cast<int>(std::lround(image.height * scale)));
  scaled.pixels.resize(static_cast<size_t>(scaled.width) * static_cast<size_t>(scaled.height));
  size_t out = 0;
  for (int y = 0; y < scaled.height; ++y) {
    const double from_y = std::clamp((y + 0.5) / scale - 0.5, 0.0, image.height - 1.0);
    const int top = static_cast<int>(from_y);
    const int bottom = std::min(top + 1, image.height - 1);
    const double down = from_y - top;
    for (int x = 0; x < scaled.width; ++x) {
      const double from_x = std::clamp((x + 0.5) / scale - 0.5, 0.0, image.width - 1.0);
      const int left = static_cast<int>(from_x);
      const int right = std::min(left + 1, image.width - 1);
      const double across = from_x - left;
      const double upper = image.at(left, top) * (1 - across) + image.at(right, top) * across;
      const double lower = image.at(left, bottom) * (1 - across) + image.at(right, bottom) * across;
      scaled.pixels[out++] = static_cast<uint8_t>(upper * (1 - down) + lower * down + 0.5);
    }
  }
  return scaled;
}

// Each pixel as the mean of a square: bilinear alone would skip most of them.
Image Shrink(const Image& image, int factor) {
  Image small;
  small.width = image.width / factor;
  small.height = image.height / factor;
  small.pixels.reserve(static_cast<size_t>(small.width) * static_cast<size_t>(small.height));
  for (int y = 0; y < small.height; ++y) {
    for (int x = 0; x < small.width; ++x) {
      int sum = 0;
      for (int dy = 0; dy < factor; ++dy) {
        for (int dx = 0; dx < factor; ++dx) sum += image.at(x * factor + dx, y * factor + dy);
      }
      small.pixels.push_back(static_cast<uint8_t>(sum / (factor * factor)));
    }
  }
  return small;
}

// Unsharp mask with the four neighbours.
Image Sharpen(const Image& image) {
  Image sharp = image;
  for (int y = 1; y + 1 < image.height; ++y) {
    for (int x = 1; x + 1 < image.width; ++x) {
      const int around =
          image.at(x - 1, y) + image.at(x + 1, y) + image.at(x, y - 1) + image.at(x, y + 1);
      const int value = 3 * image.at(x, y) - around / 2;
      sharp.pixels[static_cast<size_t>(y) * static_cast<size_t>(image.width) +
                   static_cast<size_t>(x)] = static_cast<uint8_t>(std::clamp(value, 0, 255));
    }
  }
  return sharp;
}

Image Prepare(const Image& image, const Rung& rung) {
  Image ready = rung.scale > 1   ? Scale(image, rung.scale)
                : rung.scale < 1 ? Shrink(image, static_cast<int>(std::lround(1 / rung.scale)))
                                 : image;
  if (rung.sharpened) ready = Sharpen(ready);
  if (rung.inverted) {
    for (uint8_t& pixel : ready.pixels) pixel = static_cast<uint8_t>(255 - pixel);
  }
  return ready;
}

bool Fits(const Image& image, const Rung& rung) {
  if (rung.scale > 1) return std::max(image.width, image.height) <= kUpscaleSideMax;
  if (rung.scale < 1) return std::min(image.width, image.height) * rung.scale >= kSmallSideMin;
  return true;
}

// ZXing 1.4 throws over some squares that it takes for Micro QR; those of the picture are then left
// unread, for the other symbols in it.
ZXing::Results Decode(const ZXing::ImageView& view, ZXing::DecodeHints hints) {
  try {
    return ZXing::ReadBarcodes(view, hints);
  } catch (const std::exception&) {
    if (!hints.hasFormat(ZXing::BarcodeFormat::MicroQRCode)) return {};
  }
  hints.setFormats(ZXing::BarcodeFormat::QRCode);
  return Decode(view, hints);
}

std::vector<Reading> Read(const Image& image, ZXing::Binarizer binarizer, double scale) {
  ZXing::DecodeHints hints;
  hints.setFormats(ZXing::BarcodeFormat::QRCode | ZXing::BarcodeFormat::MicroQRCode);
  hints.setBinarizer(binarizer);
  const ZXing::ImageView view(image.pixels.data(), image.width, image.height,
                              ZXing::ImageFormat::Lum);
  std::vector<Reading> symbols;
  for (const ZXing::Result& result : Decode(view, hints)) {
    if (!result.isValid()) continue;
    Reading symbol;
    const ZXing::ByteArray& bytes = result.bytes();
    symbol.text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    symbol.doubtful = result.format() == ZXing::BarcodeFormat::MicroQRCode &&
                      symbol.text.size() <= kDigitsOfM1Max &&
                      std::all_of(symbol.text.begin(), symbol.text.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
    for (int i = 0; i < 4; ++i) {
      const ZXing::PointI corner = result.position()[static_cast<size_t>(i)];
      symbol.corners[static_cast<size_t>(i)] = {static_cast<int>(std::lround(corner.x / scale)),
                                                static_cast<int>(std::lround(corner.y / scale))};
    }
    symbols.push_back(std::move(symbol));
  }
  return symbols;
}

Point Centre(const ScannedSymbol& symbol) {
  Point sum;
  for (const Point corner : symbol.corners) {
    sum.x += corner.x;
    sum.y += corner.y;
  }
  return {sum.x / 4, sum.y / 4};
}

double Side(const ScannedSymbol& symbol) {
  return std::hypot(symbol.corners[0].x - symbol.corners[2].x,
                    symbol.corners[0].y - symbol.corners[2].y) /
         std::sqrt(2.0);
}

// The same text in the same place; two copies of one plate in a picture are two symbols.
bool Same(const ScannedSymbol& a, const ScannedSymbol& b) {
  const Point p = Centre(a);
  const Point q = Centre(b);
  return a.text == b.text && std::hypot(p.x - q.x, p.y - q.y) < std::max(Side(a), Side(b)) / 2;
}

// Whites out the quadrilateral, so that the next round sees only what is left.
void PaintOver(Image& image, const ScannedSymbol& symbol) {
  const auto& corners = symbol.corners;
  const auto [low, high] = std::minmax_element(
      corners.begin(), corners.end(), [](const Point& a, const Point& b) { return a.y < b.y; });
  for (int y = std::max(0, low->y); y <= std::min(image.height - 1, high->y); ++y) {
    int left = image.width;
    int right = -1;
    for (size_t i = 0; i < 4; ++i) {
      const Point a = corners[i];
      const Point b = corners[(i + 1) % 4];
      if (std::min(a.y, b.y) > y || std::max(a.y, b.y) < y) continue;
      const int x = a.y == b.y ? a.x : a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y);
      left = std::min({left, x, a.y == b.y ? b.x : x});
      right = std::max({right, x, a.y == b.y ? b.x : x});
    }
    for (int x = std::max(0, left); x <= std::min(image.width - 1, right); ++x) {
      image.pixels[static_cast<size_t>(y) * static_cast<size_t>(image.width) +
                   static_cast<size_t>(x)] = 255;
    }
  }
}

// Reads, paints over and reads again until nothing new comes. `left` lies at `corner` of the
// picture.
void ReadAll(Image& left, Point corner, const Rung& rung, std::vector<Reading>& found) {
  if (!Fits(left, rung)) return;
  for (int round = 0; round < kRoundsMax; ++round) {
    bool any = false;
    for (Reading& symbol : Read(Prepare(left, rung), rung.binarizer, rung.scale)) {
      // It may be a part of a symbol that is still to be read.
      if (!symbol.doubtful) PaintOver(left, symbol);
      for (Point& point : symbol.corners) point = {point.x + corner.x, point.y + corner.y};
      const auto same = [&symbol](const Reading& other) { return Same(symbol, other); };
      if (std::any_of(found.begin(), found.end(), same)) continue;
      found.push_back(std::move(symbol));
      any = true;
    }
    if (!any) return;
  }
}

Image Crop(const Image& image, Point corner, int side) {
  Image part;
  part.width = std::min(side, image.width - corner.x);
  part.height = std::min(side, image.height - corner.y);
  part.pixels.reserve(static_cast<size_t>(part.width) * static_cast<size_t>(part.height));
  for (int y = 0; y < part.height; ++y) {
    const uint8_t* row = image.pixels.data() +
                         static_cast<size_t>(corner.y + y) * static_cast<size_t>(image.width) +
                         corner.x;
    part.pixels.insert(part.pixels.end(), row, row + part.width);
  }
  return part;
}

// ZXing looks at the 256 likeliest triples of finder patterns, and on a sheet of labels most
// triples are of three different labels. A tile holds few labels, and the overlap holds any label
// whole.
void ReadTiles(Image& left, double symbol_side, const Rung& rung, std::vector<Reading>& found) {
  const int tile = static_cast<int>(std::max(kTileSymbols * symbol_side, 1.0 * kTileSideMin));
  if (tile >= std::max(left.width, left.height)) return;
  const int step = static_cast<int>(tile - kTileOverlapSymbols * symbol_side);
  for (int y = 0; y == 0 || y + tile - step < left.height; y += step) {
    for (int x = 0; x == 0 || x + tile - step < left.width; x += step) {
      Image part = Crop(left, {x, y}, tile);
      ReadAll(part, {x, y}, rung, found);
    }
  }
}

bool AllDoubtful(const std::vector<Reading>& symbols) {
  return std::all_of(symbols.begin(), symbols.end(),
                     [](const Reading& symbol) { return symbol.doubtful; });
}

// Of those that are beyond doubt, of which there is one.
double SmallestSide(const std::vector<Reading>& symbols) {
  double side = std::numeric_limits<double>::max();
  for (const Reading& symbol : symbols) {
    if (!symbol.doubtful) side = std::min(side, Side(symbol));
  }
  return side;
}

// Whether a symbol's centre lies within another's corners, which go round clockwise.
bool LiesWithin(const ScannedSymbol& symbol, const ScannedSymbol& other) {
  const Point p = Centre(symbol);
  int left_turns = 0;
  for (size_t i = 0; i < 4; ++i) {
    const Point a = other.corners[i];
    const Point b = other.corners[(i + 1) % 4];
    const int64_t turn = int64_t{b.x - a.x} * (p.y - a.y) - int64_t{b.y - a.y} * (p.x - a.x);
    left_turns += turn >= 0 ? 1 : -1;
  }
  return left_turns == 4 || left_turns == -4;
}

// Without doubtful ones that are parts of others, in reading order.
std::vector<ScannedSymbol> Settle(const std::vector<Reading>& found) {
  std::vector<ScannedSymbol> settled;
  for (const Reading& symbol : found) {
    const auto holds = [&symbol](const Reading& other) {
      return !other.doubtful && LiesWithin(symbol, other);
    };
    if (symbol.doubtful && std::any_of(found.begin(), found.end(), holds)) continue;
    settled.push_back(symbol);
  }
  std::sort(settled.begin(), settled.end(), [](const ScannedSymbol& a, const ScannedSymbol& b) {
    const Point p = Centre(a);
    const Point q = Centre(b);
    return p.y != q.y ? p.y < q.y : p.x < q.x;
  });
  return settled;
}

}  // namespace

std::vector<ScannedSymbol> Scanner::Scan(const Image& image) const {
  using ZXing::Binarizer;
  // The cheapest first; a rung is only climbed while nothing is found.
  static constexpr Rung kLadder[] = {
      {1, Binarizer::LocalAverage},
      {1, Binarizer::GlobalHistogram},
      {0.5, Binarizer::LocalAverage},
      {2, Binarizer::LocalAverage},
      {1, Binarizer::LocalAverage, false, true},
      {1, Binarizer::LocalAverage, true},
      {1.0 / 3, Binarizer::LocalAverage},
      {0.25, Binarizer::LocalAverage},
      {3, Binarizer::LocalAverage},
      {2, Binarizer::GlobalHistogram, false, true},
      {0.5, Binarizer::LocalAverage, false, true},
      {0.5, Binarizer::GlobalHistogram},
      {1, Binarizer::GlobalHistogram, true},
  };
  std::vector<Reading> found;
  Image left = image;
  const Rung* rung = kLadder;
  for (; rung != std::end(kLadder) && AllDoubtful(found); ++rung) {
    ReadAll(left, {0, 0}, *rung, found);
  }
  if (AllDoubtful(found)) {
    rung = std::begin(kLadder) + 1;
    ReadTiles(left, 1.0 * std::min(image.width, image.height) / kSymbolsAcross, kLadder[0], found);
  }
  if (!AllDoubtful(found)) ReadTiles(left, SmallestSide(found), *(rung - 1), found);
  return Settle(found);
}

}  // namespace yima::scan
