#include "codegen/label/shaper.h"

#include <algorithm>

#include <fmt/format.h>
#include <pango/pangocairo.h>

namespace yima::label {
namespace {

constexpr const char* kFamily = "Noto Sans CJK SC";
constexpr const char* kLatinFamily = "Noto Sans CJK HK";
/// Shaping happens at this size, large enough that Pango's rounding doesn't show.
constexpr double kEm = 1000;
/// A city's words fit many times over; what doesn't is shaped again.
constexpr size_t kUnitsMax = 20'000;
constexpr const char* kMissing = "〓";

double Ems(int pango_units) { return pango_units / (kEm * PANGO_SCALE); }

bool IsIndependent(gunichar c) {
  if (c < 0x80) return !(c >= 'a' && c <= 'z');
  return (c >= 0x3000 && c <= 0x303F) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xFF00 && c <= 0xFFEF) || c >= 0x20000;
}

gunichar CharAt(std::string_view text, size_t at) {
  return at < text.size() ? g_utf8_get_char(text.data() + at) : 0;
}

size_t Next(std::string_view text, size_t at) {
  return static_cast<size_t>(g_utf8_next_char(text.data() + at) - text.data());
}

bool StandsAlone(std::string_view text, size_t at) {
  const size_t next = Next(text, at);
  return IsIndependent(CharAt(text, at)) && !g_unichar_ismark(CharAt(text, next));
}

/// Where the unit that begins at `begin` ends.
size_t UnitEnd(std::string_view text, size_t begin) {
  size_t end = Next(text, begin);
  if (StandsAlone(text, begin)) return end;
  while (end < text.size() && !StandsAlone(text, end)) end = Next(text, end);
  return end;
}

/// Hebrew, Arabic and their neighbours, and the forms of their letters.
bool IsRightToLeft(gunichar c) {
  return (c >= 0x0590 && c <= 0x08FF) || (c >= 0xFB1D && c <= 0xFDFF) ||
         (c >= 0xFE70 && c <= 0xFEFF);
}

bool HoldsRightToLeft(std::string_view text) {
  for (size_t at = 0; at < text.size(); at = Next(text, at))
    if (IsRightToLeft(CharAt(text, at))) return true;
  return false;
}

void Append(const ShapedText& unit, ShapedText* text) {
  for (ShapedGlyph glyph : unit.glyphs) {
    glyph.x_em += text->width_em;
    text->glyphs.push_back(glyph);
  }
  text->clusters.insert(text->clusters.end(), unit.clusters.begin(), unit.clusters.end());
  text->width_em += unit.width_em;
  text->missing_characters += unit.missing_characters;
}

}  // namespace

Shaper::Shaper() {
  font_map_ = pango_cairo_font_map_new();
  context_ = pango_font_map_create_context(font_map_);
  options_ = cairo_font_options_create();
  cairo_font_options_set_hint_metrics(options_, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_hint_style(options_, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_antialias(options_, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options(context_, options_);
  pango_context_set_round_glyph_positions(context_, FALSE);
  // Chooses the mainland's forms of characters that look different in Japan or Taiwan.
  pango_context_set_language(context_, pango_language_from_string("zh-cn"));
  description_ = pango_font_description_from_string(kFamily);
  pango_font_description_set_absolute_size(description_, kEm * PANGO_SCALE);
  layout_ = pango_layout_new(context_);
  pango_layout_set_single_paragraph_mode(layout_, TRUE);
}

Shaper::~Shaper() {
  for (const auto& [key, font] : fonts_) cairo_scaled_font_destroy(font);
  for (cairo_font_face_t* face : faces_) cairo_font_face_destroy(face);
  g_object_unref(layout_);
  pango_font_description_free(description_);
  cairo_font_options_destroy(options_);
  g_object_unref(context_);
  g_object_unref(font_map_);
}

Result<std::unique_ptr<Shaper>> Shaper::Create(bool latin_apart) {
  std::unique_ptr<Shaper> shaper(new Shaper());
  shaper->latin_apart_ = latin_apart;
  PangoFont* font =
      pango_font_map_load_font(shaper->font_map_, shaper->context_, shaper->description_);
  std::string family = "none";
  if (font != nullptr) {
    PangoFontDescription* found = pango_font_describe(font);
    family = pango_font_description_get_family(found);
    pango_font_description_free(found);
    g_object_unref(font);
  }
  if (family.find("Noto Sans CJK") == std::string::npos)
    return Fail(StatusCode::kFailedPrecondition, "FONT_MISSING",
                fmt::format("font {} is not installed (found {}): install fonts-noto-cjk", kFamily,
                            family));
  return shaper;
}

ShapedText Shaper::Shape(std::string_view text, bool bold) {
  // Right-to-left text orders its parts by what stands around them.
  if (HoldsRightToLeft(text)) return ShapeByPango(text, bold);
  ShapedText shaped;
  for (size_t at = 0; at < text.size();) {
    const size_t end = UnitEnd(text, at);
    Append(ShapeUnit(text.substr(at, end - at), bold), &shaped);
    at = end;
  }
  return shaped;
}

const ShapedText& Shaper::ShapeUnit(std::string_view unit, bool bold) {
  Units& units = bold ? bold_ : regular_;
  if (unit.size() == 1) {
    std::unique_ptr<ShapedText>& known = units.ascii[static_cast<unsigned char>(unit[0])];
    if (!known) known = std::make_unique<ShapedText>(ShapeByPango(unit, bold));
    return *known;
  }
  const auto known = units.others.find(std::string(unit));
  if (known != units.others.end()) return known->second;
  if (units.others.size() >= kUnitsMax) units.others.clear();
  ShapedText shaped = ShapeByPango(unit, bold);  // May itself shape, and keep, the mark 〓.
  return units.others.insert_or_assign(std::string(unit), std::move(shaped)).first->second;
}

ShapedText Shaper::ShapeByPango(std::string_view unit, bool bold) {
  const bool is_latin =
      latin_apart_ && std::ranges::all_of(unit, [](char c) { return (c & 0x80) == 0; });
  pango_font_description_set_family_static(description_, is_latin ? kLatinFamily : kFamily);
  pango_font_description_set_weight(description_, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_layout_set_font_description(layout_, description_);
  pango_layout_set_text(layout_, unit.data(), static_cast<int>(unit.size()));
  // The line outlives what shaping 〓 does to the layout.
  PangoLayoutLine* line = pango_layout_line_ref(pango_layout_get_line_readonly(layout_, 0));
  ShapedText shaped;
  for (GSList* run = line->runs; run != nullptr; run = run->next)
    AddRun(*static_cast<PangoGlyphItem*>(run->data), unit, bold, &shaped);
  pango_layout_line_unref(line);
  shaped.clusters = {{std::string(unit), static_cast<int>(shaped.glyphs.size())}};
  return shaped;
}

void Shaper::AddRun(const PangoGlyphItem& run, std::string_view unit, bool bold,
                    ShapedText* shaped) {
  const size_t face = FaceOf(run.item->analysis.font);
  for (int i = 0; i < run.glyphs->num_glyphs; ++i) {
    const PangoGlyphInfo& info = run.glyphs->glyphs[i];
    if ((info.glyph & PANGO_GLYPH_UNKNOWN_FLAG) != 0) {
      if (unit != kMissing) Append(ShapeUnit(kMissing, bold), shaped);
      ++shaped->missing_characters;
      continue;
    }
    if (info.glyph != PANGO_GLYPH_EMPTY)
      shaped->glyphs.push_back({face, info.glyph, shaped->width_em + Ems(info.geometry.x_offset),
                                Ems(info.geometry.y_offset)});
    shaped->width_em += Ems(info.geometry.width);
  }
}

size_t Shaper::FaceOf(PangoFont* font) {
  cairo_scaled_font_t* scaled = pango_cairo_font_get_scaled_font(PANGO_CAIRO_FONT(font));
  cairo_font_face_t* face = cairo_scaled_font_get_font_face(scaled);
  const auto known = std::find(faces_.begin(), faces_.end(), face);
  if (known == faces_.end()) {
    faces_.push_back(cairo_font_face_reference(face));
    return faces_.size() - 1;
  }
  return static_cast<size_t>(known - faces_.begin());
}

cairo_scaled_font_t* Shaper::Font(size_t face, double size_pt) {
  cairo_scaled_font_t*& font = fonts_[{face, size_pt}];
  if (font == nullptr) {
    cairo_matrix_t size;
    cairo_matrix_t identity;
    cairo_matrix_init_scale(&size, size_pt, size_pt);
    cairo_matrix_init_identity(&identity);
    font = cairo_scaled_font_create(faces_[face], &size, &identity, options_);
  }
  return font;
}

std::vector<size_t> Shaper::CutPlaces(std::string_view text) {
  pango_layout_set_text(layout_, text.data(), static_cast<int>(text.size()));
  int count = 0;
  const PangoLogAttr* marks = pango_layout_get_log_attrs_readonly(layout_, &count);
  std::vector<size_t> places;
  size_t at = 0;
  for (int i = 0; i < count; ++i) {
    if (marks[i].is_cursor_position) places.push_back(at);
    if (at < text.size()) at = Next(text, at);
  }
  return places;
}

}  // namespace yima::label
