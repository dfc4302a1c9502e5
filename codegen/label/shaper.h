#ifndef YIMA_CODEGEN_LABEL_SHAPER_H_
#define YIMA_CODEGEN_LABEL_SHAPER_H_

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <cairo.h>
#include <pango/pango.h>

#include "codegen/code/result.h"

namespace yima::label {

/// One glyph; lengths in ems, so that they hold for every size.
struct ShapedGlyph {
  size_t face = 0;  ///< For Shaper::Font().
  unsigned long index = 0;
  double x_em = 0;
  double y_em = 0;
};

/// Bytes of the text and the glyphs that stand for them.
struct ShapedCluster {
  std::string bytes;
  int glyphs = 0;
};

struct ShapedText {
  std::vector<ShapedGlyph> glyphs;
  std::vector<ShapedCluster> clusters;  ///< One for each unit.
  double width_em = 0;
  uint32_t missing_characters = 0;
};

/// Turns text into glyphs by Pango, and keeps what it gave for each unit: a Han character, digit or
/// capital stands alone and looks the same everywhere, anything else is shaped by the word.
/// Not thread-safe.
class Shaper {
 public:
  /// FONT_MISSING. `latin_apart`: ASCII is taken from the same font under its name for Hong Kong,
  /// where it looks the same, so that a PDF has a subset for it alone. Cairo 1.16 at times cannot
  /// tell which parts of the font a subset of both needs, and puts in all of them: 0.9 MB a file.
  static Result<std::unique_ptr<Shaper>> Create(bool latin_apart = false);
  ~Shaper();
  Shaper(const Shaper&) = delete;
  Shaper& operator=(const Shaper&) = delete;

  ShapedText Shape(std::string_view text, bool bold);
  /// Places in bytes where a text may be cut without breaking a character that a reader sees.
  std::vector<size_t> CutPlaces(std::string_view text);
  /// A face at a size of `size_pt`; lives as long as the shaper.
  cairo_scaled_font_t* Font(size_t face, double size_pt);

 private:
  Shaper();
  const ShapedText& ShapeUnit(std::string_view unit, bool bold);
  ShapedText ShapeByPango(std::string_view unit, bool bold);
  void AddRun(const PangoGlyphItem& run, std::string_view unit, bool bold, ShapedText* shaped);
  size_t FaceOf(PangoFont* font);

  /// Of one weight.
  struct Units {
    std::array<std::unique_ptr<ShapedText>, 128> ascii;
    std::unordered_map<std::string, ShapedText> others;
  };
  Units regular_;
  Units bold_;
  std::vector<cairo_font_face_t*> faces_;
  std::map<std::pair<size_t, double>, cairo_scaled_font_t*> fonts_;
  cairo_font_options_t* options_ = nullptr;
  PangoFontMap* font_map_ = nullptr;
  PangoContext* context_ = nullptr;
  PangoLayout* layout_ = nullptr;
  PangoFontDescription* description_ = nullptr;
  bool latin_apart_ = false;
};

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_SHAPER_H_
