#ifndef YIMA_CODEGEN_LABEL_TEXT_H_
#define YIMA_CODEGEN_LABEL_TEXT_H_

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <cairo.h>

#include "codegen/label/template.h"

namespace yima::label {

class Shaper;

constexpr double kPointsPerMm = 72 / 25.4;
/// From the middle of a Han character down to its baseline, in ems: Noto Sans CJK has its box from
/// 0.88 above the baseline to 0.12 below.
constexpr double kMiddleToBaselineEm = 0.38;

/// Glyphs of one font, in points from the start of the baseline.
struct GlyphRun {
  cairo_scaled_font_t* font = nullptr;  ///< Lives as long as the TextSetter.
  std::vector<cairo_glyph_t> glyphs;
  /// What they stand for. Left empty for ASCII, whose glyphs tell it themselves: a glyph of 水
  /// would be found in a PDF as the radical ⽔ that looks the same.
  std::string bytes;
  std::vector<cairo_text_cluster_t> clusters;
};

/// A line as it will stand on the label.
struct SetText {
  std::vector<GlyphRun> runs;
  double width_mm = 0;
  double size_mm = 0;               ///< After shrinking.
  bool ellipsis = false;            ///< Cut short: too long even at the smallest size.
  uint32_t missing_characters = 0;  ///< Shown as 〓.
};

/// Sets lines in Noto Sans CJK, with other fonts for what it lacks. Pango shapes every character or
/// word once: what it gave is kept, so that a label's words cost next to nothing from the second
/// label on. Not thread-safe: one for each thread.
class TextSetter {
 public:
  /// FONT_MISSING when Noto Sans CJK is not installed. `latin_apart`: see Shaper::Create.
  static Result<TextSetter> Create(bool latin_apart = false);
  TextSetter(TextSetter&&) noexcept;
  TextSetter& operator=(TextSetter&&) noexcept;
  ~TextSetter();

  /// Line breaks and control characters become spaces. `text` is UTF-8. What it gives is good until
  /// the next call.
  const SetText& Set(std::string_view text, const TextLine& line);

 private:
  explicit TextSetter(std::unique_ptr<Shaper> shaper);
  SetText SetAnew(std::string_view text, const TextLine& line);

  std::unique_ptr<Shaper> shaper_;
  std::unordered_map<std::string, SetText> kept_;
  SetText latest_;
};

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_TEXT_H_
