#ifndef YIMA_CLIENT_SCAN_SCANNER_H_
#define YIMA_CLIENT_SCAN_SCANNER_H_

#include <array>
#include <string>
#include <vector>

#include "client/scan/image.h"

namespace yima::scan {

struct Point {
  int x = 0;  ///< Pixels from the left,
  int y = 0;  ///< and from the top of the picture as stored.
};

/// A symbol in a picture.
struct ScannedSymbol {
  /// Its content, byte for byte: no character set is guessed.
  std::string text;
  /// Top left, top right, bottom right, bottom left, as seen in the symbol's own orientation.
  std::array<Point, 4> corners;
};

/// Finds QR and Micro QR symbols. Thread-safe: it keeps nothing between pictures.
class Scanner {
 public:
  /// Every symbol once, in reading order (top to bottom, then left to right); empty when there is
  /// none. A picture that one symbol fills costs two passes, one of many small ones some six, one
  /// without a symbol the whole ladder of scales, binarizers and inversion.
  std::vector<ScannedSymbol> Scan(const Image& image) const;
};

}  // namespace yima::scan

#endif  // YIMA_CLIENT_SCAN_SCANNER_H_
