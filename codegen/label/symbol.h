#ifndef YIMA_CODEGEN_LABEL_SYMBOL_H_
#define YIMA_CODEGEN_LABEL_SYMBOL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/result.h"

namespace yima::label {

/// How much of a symbol may be lost: about 7, 15, 25 or 30 % (ISO/IEC 18004).
enum class Level { kL, kM, kQ, kH };

/// `L`, `M`, `Q` or `H`.
char LevelLetter(Level level);

/// Light modules on each side, at least: ISO/IEC 18004.
constexpr int kQuietModulesMin = 4;

/// A QR matrix, without its quiet zone.
struct Symbol {
  int version = 0;  ///< 1 to 40.
  Level level = Level::kM;
  int size = 0;               ///< Modules a side: 17 + 4 · version.
  std::vector<uint8_t> bits;  ///< size × size, row by row; 1 is dark.

  bool Dark(int x, int y) const {
    return bits[static_cast<size_t>(y) * static_cast<size_t>(size) + static_cast<size_t>(x)] != 0;
  }
};

/// Modules a side of a version.
constexpr int SymbolSize(int version) { return 17 + 4 * version; }

/// The smallest symbol that holds the code text in two segments: the origin alphanumeric (as bytes
/// if it holds lower case), the body numeric. SYMBOL_TEXT_MALFORMED (empty, not ASCII, body not of
/// digits), SYMBOL_TOO_LARGE (no version holds it). Thread-safe; all its cost is libqrencode's.
Result<Symbol> MakeSymbol(std::string_view origin_text, std::string_view body_digits, Level level);

/// The version of a code with an upper-case origin of so many characters and a body of format 1.
/// ORIGIN_SIZE_OUT_OF_RANGE outside 1 to 1,024.
Result<int> SymbolVersion(size_t origin_size, Level level);

/// A 1-bit PNG with the quiet zone around it, `module_px` (1 to 100) pixels a module.
Result<std::string> SymbolPng(const Symbol& symbol, int module_px);

/// An SVG with the quiet zone around it, `module_mm` millimetres a module.
Result<std::string> SymbolSvg(const Symbol& symbol, double module_mm);

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_SYMBOL_H_
