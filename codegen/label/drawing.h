#ifndef YIMA_CODEGEN_LABEL_DRAWING_H_
#define YIMA_CODEGEN_LABEL_DRAWING_H_

#include <memory>
#include <vector>

#include <cairo.h>

#include "codegen/label/symbol.h"
#include "codegen/label/template.h"
#include "codegen/label/text.h"

namespace yima::label {

/// How a symbol becomes ink.
enum class SymbolInk {
  kMask,    ///< One 1-bit image: small and fast in a PDF, sharp at any resolution.
  kPixels,  ///< The same on whole pixels of a picture.
  kPath,    ///< Filled runs: an SVG viewer would blur an image.
};

/// What stands on one page, collected first and then drawn in few steps: one for each font and
/// symbol, and one for all lines. A step costs far more than what it draws. All in black. Not
/// thread-safe.
class Drawing {
 public:
  void AddText(const SetText& text, double x_mm, double baseline_mm);
  /// `modules` is the symbol's square without the quiet zone.
  void AddSymbol(Symbol symbol, const Box& modules);
  /// Level or upright.
  void AddLine(double x1_mm, double y1_mm, double x2_mm, double y2_mm, double width_mm);
  /// The middle of the border lies on the box's edge.
  void AddBorder(const Box& box, Shape shape, double radius_mm, double width_mm);

  /// Draws all of it on a surface whose user space is in points, and forgets it.
  void Paint(cairo_t* cairo, SymbolInk ink);

 private:
  struct Border {
    Box box;
    Shape shape = Shape::kRect;
    double radius_mm = 0;
    double width_mm = 0;
  };
  struct PlacedSymbol {
    Symbol symbol;
    Box modules;
  };
  /// A filled ring, not a stroke: cairo works out anew on each page how far strokes reach.
  static void TraceRing(cairo_t* cairo, const Border& border);

  /// In the order of first use, so that the same labels make the same page.
  std::vector<GlyphRun> texts_;
  std::vector<Border> borders_;
  std::vector<Box> lines_;
  std::vector<PlacedSymbol> symbols_;
  /// Kept until the page is shown: cairo copies an image that goes before it is drawn.
  std::vector<std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>> masks_;
};

/// The outline of a label as the current path, in points.
void TraceShape(cairo_t* cairo, const Box& box, Shape shape, double radius_mm);

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_DRAWING_H_
