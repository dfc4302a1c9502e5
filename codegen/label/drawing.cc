#include "codegen/label/drawing.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <numbers>
#include <string>

#include <fmt/format.h>

#include "codegen/label/cairo_types.h"
#include "codegen/label/group4.h"

namespace yima::label {
namespace {

constexpr double kPi = std::numbers::pi;

double Points(double mm) { return mm * kPointsPerMm; }

/// The matrix as an A1 surface: rows of 32-bit words in the machine's own order.
cairo_surface_t* MakeMask(const Symbol& symbol) {
  static_assert(std::endian::native == std::endian::little, "cairo's A1 puts bit 0 first here");
  cairo_surface_t* mask = cairo_image_surface_create(CAIRO_FORMAT_A1, symbol.size, symbol.size);
  unsigned char* rows = cairo_image_surface_get_data(mask);
  if (rows == nullptr) return mask;  // Out of memory: cairo remembers, and says so at the end.
  const auto stride = static_cast<size_t>(cairo_image_surface_get_stride(mask));
  const uint8_t* module = symbol.bits.data();
  for (int y = 0; y < symbol.size; ++y) {
    unsigned char* row = rows + static_cast<size_t>(y) * stride;
    for (int x = 0; x < symbol.size; x += 8) {
      unsigned byte = 0;
      const int count = std::min(8, symbol.size - x);
      for (int bit = 0; bit < count; ++bit) byte |= static_cast<unsigned>(*module++) << bit;
      row[x / 8] = static_cast<unsigned char>(byte);
    }
  }
  cairo_surface_mark_dirty(mask);
  return mask;
}

/// The surface keeps the bytes.
void Attach(cairo_surface_t* surface, const char* mime_type, std::string bytes) {
  auto* kept = new std::string(std::move(bytes));
  const auto destroy = [](void* each) { delete static_cast<std::string*>(each); };
  // It does not take what it has no memory for.
  if (cairo_surface_set_mime_data(surface, mime_type,
                                  reinterpret_cast<const unsigned char*>(kept->data()),
                                  kept->size(), destroy, kept) != CAIRO_STATUS_SUCCESS)
    destroy(kept);
}

/// The mask with what a PDF holds of it, which cairo else would make by deflate: for so small an
/// image that mostly sets up deflate's memory.
cairo_surface_t* MakePdfMask(const Symbol& symbol) {
  cairo_surface_t* mask = MakeMask(symbol);
  Attach(mask, CAIRO_MIME_TYPE_CCITT_FAX, EncodeGroup4(symbol));
  Attach(mask, CAIRO_MIME_TYPE_CCITT_FAX_PARAMS,
         fmt::format("Columns={0} Rows={0} K=-1 BlackIs1=true", symbol.size));
  return mask;
}

/// Gives the mask: see Drawing::masks_.
Surface PaintMask(cairo_t* cairo, cairo_surface_t* mask, const Symbol& symbol, const Box& modules) {
  cairo_pattern_t* pattern = cairo_pattern_create_for_surface(mask);
  cairo_pattern_set_filter(pattern, CAIRO_FILTER_NEAREST);
  cairo_matrix_t matrix;
  const double scale = symbol.size / Points(modules.width_mm);
  cairo_matrix_init_scale(&matrix, scale, scale);
  cairo_matrix_translate(&matrix, -Points(modules.x_mm), -Points(modules.y_mm));
  cairo_pattern_set_matrix(pattern, &matrix);
  cairo_mask(cairo, pattern);
  cairo_pattern_destroy(pattern);
  return Surface(mask, &cairo_surface_destroy);
}

/// The nearest place where modules begin and end on whole pixels.
Box OnPixels(cairo_t* cairo, const Symbol& symbol, const Box& modules) {
  double x = Points(modules.x_mm);
  double y = Points(modules.y_mm);
  double side = Points(modules.width_mm);
  double unused = 0;
  cairo_user_to_device(cairo, &x, &y);
  cairo_user_to_device_distance(cairo, &side, &unused);
  x = std::round(x);
  y = std::round(y);
  side = std::max(1.0, std::round(side / symbol.size)) * symbol.size;
  cairo_device_to_user(cairo, &x, &y);
  unused = 0;
  cairo_device_to_user_distance(cairo, &side, &unused);
  return {x / kPointsPerMm, y / kPointsPerMm, side / kPointsPerMm, side / kPointsPerMm};
}

void PaintPath(cairo_t* cairo, const Symbol& symbol, const Box& modules) {
  const double module = Points(modules.width_mm) / symbol.size;
  for (int y = 0; y < symbol.size; ++y) {
    for (int x = 0; x < symbol.size; ++x) {
      const int begin = x;
      while (x < symbol.size && symbol.Dark(x, y)) ++x;
      if (x > begin)
        cairo_rectangle(cairo, Points(modules.x_mm) + begin * module,
                        Points(modules.y_mm) + y * module, (x - begin) * module, module);
    }
  }
  cairo_fill(cairo);
}

}  // namespace

void TraceShape(cairo_t* cairo, const Box& box, Shape shape, double radius_mm) {
  const double left = Points(box.x_mm);
  const double top = Points(box.y_mm);
  const double right = Points(box.right_mm());
  const double bottom = Points(box.bottom_mm());
  cairo_new_sub_path(cairo);
  if (shape == Shape::kRound) {
    cairo_arc(cairo, (left + right) / 2, (top + bottom) / 2, (right - left) / 2, 0, 2 * kPi);
  } else if (radius_mm > 0) {
    const double radius = Points(radius_mm);
    cairo_arc(cairo, right - radius, top + radius, radius, -kPi / 2, 0);
    cairo_arc(cairo, right - radius, bottom - radius, radius, 0, kPi / 2);
    cairo_arc(cairo, left + radius, bottom - radius, radius, kPi / 2, kPi);
    cairo_arc(cairo, left + radius, top + radius, radius, kPi, kPi * 3 / 2);
  } else {
    cairo_rectangle(cairo, left, top, right - left, bottom - top);
  }
  cairo_close_path(cairo);
}

void Drawing::TraceRing(cairo_t* cairo, const Border& border) {
  const auto trace = [&](double by_mm) {
    const Box& box = border.box;
    TraceShape(
        cairo,
        {box.x_mm - by_mm, box.y_mm - by_mm, box.width_mm + 2 * by_mm, box.height_mm + 2 * by_mm},
        border.shape, border.radius_mm > 0 ? std::max(border.radius_mm + by_mm, 0.0) : 0);
  };
  trace(border.width_mm / 2);
  // Mirrored, it runs the other way round, and so is a hole.
  cairo_save(cairo);
  cairo_translate(cairo, Points(border.box.x_mm + border.box.right_mm()), 0);
  cairo_scale(cairo, -1, 1);
  trace(-border.width_mm / 2);
  cairo_restore(cairo);
}

void Drawing::AddText(const SetText& text, double x_mm, double baseline_mm) {
  for (const GlyphRun& run : text.runs) {
    const bool plain = run.clusters.empty();
    auto onto = std::find_if(texts_.begin(), texts_.end(), [&](const GlyphRun& each) {
      return each.font == run.font && each.clusters.empty() == plain;
    });
    if (onto == texts_.end()) onto = texts_.insert(onto, {run.font, {}, {}, {}});
    for (const cairo_glyph_t& glyph : run.glyphs)
      onto->glyphs.push_back({glyph.index, glyph.x + Points(x_mm), glyph.y + Points(baseline_mm)});
    onto->bytes += run.bytes;
    onto->clusters.insert(onto->clusters.end(), run.clusters.begin(), run.clusters.end());
  }
}

void Drawing::AddSymbol(Symbol symbol, const Box& modules) {
  symbols_.push_back({std::move(symbol), modules});
}

void Drawing::AddLine(double x1_mm, double y1_mm, double x2_mm, double y2_mm, double width_mm) {
  const bool level = y1_mm == y2_mm;
  assert(level || x1_mm == x2_mm);
  lines_.push_back({std::min(x1_mm, x2_mm) - (level ? 0 : width_mm / 2),
                    std::min(y1_mm, y2_mm) - (level ? width_mm / 2 : 0),
                    level ? std::abs(x2_mm - x1_mm) : width_mm,
                    level ? width_mm : std::abs(y2_mm - y1_mm)});
}

void Drawing::AddBorder(const Box& box, Shape shape, double radius_mm, double width_mm) {
  borders_.push_back({box, shape, radius_mm, width_mm});
}

void Drawing::Paint(cairo_t* cairo, SymbolInk ink) {
  cairo_set_source_rgb(cairo, 0, 0, 0);
  for (const Border& border : borders_) TraceRing(cairo, border);
  for (const Box& line : lines_)
    cairo_rectangle(cairo, Points(line.x_mm), Points(line.y_mm), Points(line.width_mm),
                    Points(line.height_mm));
  cairo_fill(cairo);
  masks_.clear();
  for (const auto& [symbol, modules] : symbols_) {
    if (ink == SymbolInk::kMask)
      masks_.push_back(PaintMask(cairo, MakePdfMask(symbol), symbol, modules));
    if (ink == SymbolInk::kPixels)
      PaintMask(cairo, MakeMask(symbol), symbol, OnPixels(cairo, symbol, modules));
    if (ink == SymbolInk::kPath) PaintPath(cairo, symbol, modules);
  }
  for (const GlyphRun& run : texts_) {
    cairo_set_scaled_font(cairo, run.font);
    if (run.clusters.empty()) {
      cairo_show_glyphs(cairo, run.glyphs.data(), static_cast<int>(run.glyphs.size()));
    } else {
      cairo_show_text_glyphs(cairo, run.bytes.data(), static_cast<int>(run.bytes.size()),
                             run.glyphs.data(), static_cast<int>(run.glyphs.size()),
                             run.clusters.data(), static_cast<int>(run.clusters.size()), {});
    }
  }
  borders_.clear();
  lines_.clear();
  symbols_.clear();
  texts_.clear();
}

}  // namespace yima::label
