#include "codegen/label/text.h"

#include <algorithm>
#include <cmath>

#include "codegen/label/shaper.h"

namespace yima::label {
namespace {

/// Shrunk texts take one of few sizes, so that few fonts are made.
constexpr double kSizeStepMm = 0.05;
constexpr double kEpsilonMm = 1e-6;
/// Names of a city's organizations, roads and classes come again; numbers in ASCII do not.
constexpr size_t kKeptMax = 4'000;
constexpr std::string_view kEllipsis = "…";

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

std::string WithoutControls(std::string_view text) {
  std::string clean(text);
  std::replace_if(
      clean.begin(), clean.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return clean;
}

/// The longest beginning of the text that fits with an ellipsis after it.
ShapedText CutShort(Shaper& shaper, const std::string& text, bool bold, double width_em) {
  const std::vector<size_t> places = shaper.CutPlaces(text);
  const auto shape = [&](size_t place) {
    std::string cut = text.substr(0, place);
    while (!cut.empty() && cut.back() == ' ') cut.pop_back();
    return shaper.Shape(cut.append(kEllipsis), bold);
  };
  size_t fits = 0;
  size_t too_long = places.size();
  while (too_long - fits > 1) {
    const size_t middle = (fits + too_long) / 2;
    (shape(places[middle]).width_em <= width_em ? fits : too_long) = middle;
  }
  return shape(places.empty() ? 0 : places[fits]);
}

/// The size at which a text of so many ems is as wide as its box.
double ShrunkSizeMm(const TextLine& line, double width_em) {
  const double size_mm = line.box.width_mm / width_em;
  const double stepped_mm = std::floor(size_mm / kSizeStepMm + kEpsilonMm) * kSizeStepMm;
  return std::clamp(stepped_mm, line.min_size_mm, line.size_mm);
}

GlyphRun& RunOf(cairo_scaled_font_t* font, bool plain, std::vector<GlyphRun>* runs) {
  for (GlyphRun& run : *runs)
    if (run.font == font && run.clusters.empty() == plain) return run;
  runs->push_back({font, {}, {}, {}});
  return runs->back();
}

/// Sorts clusters into runs of one font each, ASCII apart from the rest.
std::vector<GlyphRun> RunsOf(Shaper& shaper, const ShapedText& shaped, double size_pt) {
  std::vector<GlyphRun> runs;
  const ShapedGlyph* glyph = shaped.glyphs.data();
  for (const ShapedCluster& cluster : shaped.clusters) {
    const bool plain = cluster.bytes.size() == 1;
    const ShapedGlyph* const begin = glyph;
    const ShapedGlyph* const end = glyph + cluster.glyphs;
    while (glyph < end) {
      const size_t face = glyph->face;
      const ShapedGlyph* const first = glyph;
      GlyphRun& run = RunOf(shaper.Font(face, size_pt), plain, &runs);
      for (; glyph < end && glyph->face == face; ++glyph)
        run.glyphs.push_back({glyph->index, glyph->x_em * size_pt, glyph->y_em * size_pt});
      if (plain) continue;
      // What a cluster has in other fonts adds no text.
      const std::string& bytes = first == begin ? cluster.bytes : std::string();
      run.bytes += bytes;
      run.clusters.push_back({static_cast<int>(bytes.size()), static_cast<int>(glyph - first)});
    }
  }
  return runs;
}

}  // namespace

TextSetter::TextSetter(std::unique_ptr<Shaper> shaper) : shaper_(std::move(shaper)) {}
TextSetter::TextSetter(TextSetter&&) noexcept = default;
TextSetter& TextSetter::operator=(TextSetter&&) noexcept = default;
TextSetter::~TextSetter() = default;

Result<TextSetter> TextSetter::Create(bool latin_apart) {
  YIMA_ASSIGN_OR_RETURN(auto shaper, Shaper::Create(latin_apart));
  return TextSetter(std::move(shaper));
}

const SetText& TextSetter::Set(std::string_view text, const TextLine& line) {
  if (IsAscii(text)) return latest_ = SetAnew(text, line);
  const double form[] = {line.size_mm, line.min_size_mm, line.box.width_mm, line.bold ? 1.0 : 0.0};
  std::string key(reinterpret_cast<const char*>(form), sizeof form);
  key += text;
  const auto kept = kept_.find(key);
  if (kept != kept_.end()) return kept->second;
  if (kept_.size() >= kKeptMax) kept_.clear();
  return kept_.emplace(std::move(key), SetAnew(text, line)).first->second;
}

SetText TextSetter::SetAnew(std::string_view text, const TextLine& line) {
  Shaper& shaper = *shaper_;
  const std::string clean = WithoutControls(text);
  ShapedText shaped = shaper.Shape(clean, line.bold);
  SetText set;
  set.size_mm = line.size_mm;
  if (shaped.width_em * line.size_mm > line.box.width_mm + kEpsilonMm)
    set.size_mm = ShrunkSizeMm(line, shaped.width_em);
  if (shaped.width_em * set.size_mm > line.box.width_mm + kEpsilonMm) {
    set.ellipsis = true;
    shaped = CutShort(shaper, clean, line.bold, line.box.width_mm / set.size_mm);
  }
  set.missing_characters = shaped.missing_characters;
  set.width_mm = shaped.width_em * set.size_mm;

  set.runs = RunsOf(shaper, shaped, set.size_mm * kPointsPerMm);
  return set;
}

}  // namespace yima::label
