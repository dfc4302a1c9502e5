#include "codegen/label/certificate_page.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <utility>

#include <cairo-pdf.h>
#include <fmt/format.h>

#include "codegen/code/code_text.h"
#include "codegen/label/cairo_types.h"
#include "codegen/label/drawing.h"
#include "codegen/label/symbol.h"
#include "codegen/label/text.h"

namespace yima::label {
namespace {

constexpr double kPageWidthMm = 210;
constexpr double kPageHeightMm = 297;
constexpr Box kFrame{10, 10, 190, 277};
constexpr double kLeftMm = 20;
constexpr double kRightMm = 190;
constexpr double kHairMm = 0.12;
constexpr double kRuleMm = 0.3;

constexpr double kZhMm = 3.6;
constexpr double kZhMinMm = 2.3;
constexpr double kEnMm = 2.5;
constexpr double kEnMinMm = 1.7;
constexpr double kHeadMm = 4.2;
/// A text that would have to shrink below this part of its size takes more lines instead.
constexpr double kOneLineLeast = 0.8;
constexpr double kLineEm = 1.35;

constexpr double kFactsTopMm = 66;
constexpr double kFactRowMm = 8;
constexpr double kFactsWidthMm = 110;
constexpr double kFactLabelMm = 26;
constexpr Box kSketch{136, 66, 54, 54};

constexpr double kRightsTopMm = 141;
constexpr double kRightsHeadMm = 9;
constexpr double kRightsRowMm = 19;
/// Right, state, holder, basis, dates, notice.
constexpr double kColumnsMm[] = {20, 25, 42, 36, 21, 26};

constexpr double kLowerTopMm = 213;
constexpr double kSymbolMm = 34;
constexpr Box kSeal{146, 216, 44, 40};
constexpr double kMetresADegree = 111'320;

double Points(double mm) { return mm * kPointsPerMm; }

bool IsAscii(char c) { return (c & 0x80) == 0; }

bool IsWithinCharacter(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

/// Within a word or number of ASCII.
bool IsWithinWord(std::string_view text, size_t at) {
  return at > 0 && at < text.size() && IsAscii(text[at - 1]) && IsAscii(text[at]) &&
         text[at - 1] != ' ' && text[at] != ' ';
}

bool BeginsWithStop(std::string_view text) {
  constexpr std::string_view kStops[] = {"，", "、", "；", "：", "。", "）", "〕", "》", "”"};
  return std::ranges::any_of(kStops, [&](std::string_view stop) { return text.starts_with(stop); });
}

/// Where a line may end, near to a place: not within a word, and no line begins with a stop. The
/// text's size when there is none.
size_t BreakNear(std::string_view text, size_t place) {
  const auto may_break = [&](size_t at) {
    return !IsWithinCharacter(text, at) && !IsWithinWord(text, at);
  };
  size_t before = place;
  size_t at = place;
  while (before > 0 && !may_break(before)) --before;
  while (at < text.size() && !may_break(at)) ++at;
  if (before > 0 && place - before < at - place) at = before;
  while (BeginsWithStop(text.substr(at))) {
    do ++at;
    while (IsWithinCharacter(text, at));
  }
  return at;
}

/// As many lines, of about the same number of bytes each.
std::vector<std::string> Split(std::string_view text, size_t lines) {
  std::vector<std::string> parts;
  for (; lines > 1 && !text.empty(); --lines) {
    const size_t at = BreakNear(text, text.size() / lines);
    if (at >= text.size()) break;
    parts.emplace_back(text.substr(0, at));
    text.remove_prefix(text[at] == ' ' ? at + 1 : at);
  }
  parts.emplace_back(text);
  return parts;
}

struct Size {
  double size_mm = kZhMm;
  double min_mm = kZhMinMm;
  bool bold = false;
};
constexpr Size kZh{};
constexpr Size kZhBold{kZhMm, kZhMinMm, true};
constexpr Size kEn{kEnMm, kEnMinMm, false};

/// One page in the making.
class PageDrawer {
 public:
  PageDrawer(const CertificatePage& page, TextSetter& setter, cairo_t* cairo)
      : page_(page), setter_(setter), cairo_(cairo) {}

  Result<void> Draw() {
    DrawFrame();
    DrawHead();
    DrawFacts();
    DrawSketch();
    DrawRights();
    YIMA_RETURN_IF_ERROR(DrawCode());
    DrawAsOf();
    DrawSeal();
    DrawFoot();
    drawing_.Paint(cairo_, SymbolInk::kMask);
    return {};
  }

 private:
  void DrawFrame() {
    drawing_.AddBorder(kFrame, Shape::kRect, 0, 0.8);
    drawing_.AddBorder({12, 12, 186, 273}, Shape::kRect, 0, 0.2);
  }

  void DrawHead() {
    Line("确 权 证 书", {kLeftMm, 20, 170, 14}, {11, 8, true}, Align::kCenter);
    Line("Certificate of Rights in a Municipal Facility", {kLeftMm, 34, 170, 6}, {4, 3, false},
         Align::kCenter);
    const BothWords& authority = page_.authority;
    if (!authority.zh.empty() || !authority.en.empty()) {
      Line(authority.zh, {kLeftMm, 41, 170, 6}, {4.4, 3, true}, Align::kCenter);
      Line(authority.en, {kLeftMm, 46.5, 170, 4}, {2.8, 2, false}, Align::kCenter);
    }
    Line("编号 No. " + page_.number, {kLeftMm, 51.5, 170, 5}, {3, 2, false}, Align::kRight);
    drawing_.AddLine(kLeftMm, 57.5, kRightMm, 57.5, kRuleMm);
  }

  void Section(double y_mm, std::string_view zh, std::string_view en) {
    const double width_mm = Line(zh, {kLeftMm, y_mm, 80, 6}, {kHeadMm, 3, true}, Align::kLeft);
    Line(en, {kLeftMm + width_mm + 2, y_mm + 0.4, 80, 6}, {2.8, 2, false}, Align::kLeft);
  }

  void DrawFacts() {
    Section(59, "部件", "Facility");
    double y_mm = kFactsTopMm;
    Rule(kLeftMm, kLeftMm + kFactsWidthMm, y_mm);
    for (const CertificateFact& fact : page_.facts) {
      Cell(fact.label, {kLeftMm, y_mm, kFactLabelMm, kFactRowMm}, {3, 2.2, false});
      Cell(fact.value, {kLeftMm + kFactLabelMm, y_mm, kFactsWidthMm - kFactLabelMm, kFactRowMm},
           kZhBold);
      y_mm += kFactRowMm;
      Rule(kLeftMm, kLeftMm + kFactsWidthMm, y_mm);
    }
  }

  void DrawSketch() {
    drawing_.AddBorder(kSketch, Shape::kRect, 0, kRuleMm);
    const double below_mm = kSketch.bottom_mm() + 1;
    if (!page_.sketch) {
      Line("位置未登记", {kSketch.x_mm, kSketch.y_mm + 20, kSketch.width_mm, 6}, kZh,
           Align::kCenter);
      Line("position not recorded", {kSketch.x_mm, kSketch.y_mm + 26, kSketch.width_mm, 5}, kEn,
           Align::kCenter);
      return;
    }
    const PlaceSketch& sketch = *page_.sketch;
    DrawGrid();
    DrawDots(sketch);
    DrawScale(sketch);
    Line(
        Degrees(sketch.place.longitude, "E", "W") + "  " + Degrees(sketch.place.latitude, "N", "S"),
        {kSketch.x_mm, below_mm, kSketch.width_mm, 4}, {2.7, 2, false}, Align::kCenter);
    Line("位置示意，非地图；点为邻近部件", {kSketch.x_mm, below_mm + 4, kSketch.width_mm, 4},
         {2.4, 2, false}, Align::kCenter);
    Line("CGCS2000 · a sketch, no map; dots are neighbours",
         {kSketch.x_mm, below_mm + 7.5, kSketch.width_mm, 4}, {2, 1.6, false}, Align::kCenter);
  }

  static std::string Degrees(double value, const char* positive, const char* negative) {
    return fmt::format("{:.6f}°{}", std::abs(value), value < 0 ? negative : positive);
  }

  void DrawGrid() {
    constexpr int kCells = 4;
    cairo_set_source_rgb(cairo_, 0.75, 0.75, 0.75);
    cairo_set_line_width(cairo_, Points(kHairMm));
    for (int i = 1; i < kCells; ++i) {
      const double at_mm = kSketch.width_mm * i / kCells;
      cairo_move_to(cairo_, Points(kSketch.x_mm + at_mm), Points(kSketch.y_mm));
      cairo_line_to(cairo_, Points(kSketch.x_mm + at_mm), Points(kSketch.bottom_mm()));
      cairo_move_to(cairo_, Points(kSketch.x_mm), Points(kSketch.y_mm + at_mm));
      cairo_line_to(cairo_, Points(kSketch.right_mm()), Points(kSketch.y_mm + at_mm));
    }
    cairo_stroke(cairo_);
  }

  /// Neighbours in gray, then the cross of the facility itself.
  void DrawDots(const PlaceSketch& sketch) {
    const double middle_x_mm = kSketch.x_mm + kSketch.width_mm / 2;
    const double middle_y_mm = kSketch.y_mm + kSketch.height_mm / 2;
    const double mm_a_metre = kSketch.width_mm / 2 / sketch.radius_m;
    const double narrowing = std::cos(sketch.place.latitude * std::numbers::pi / 180);
    constexpr double kDotMm = 0.7;
    cairo_set_source_rgb(cairo_, 0.45, 0.45, 0.45);
    for (const auto& each : sketch.neighbours) {
      const double x_mm =
          (each.longitude - sketch.place.longitude) * kMetresADegree * narrowing * mm_a_metre;
      const double y_mm = (sketch.place.latitude - each.latitude) * kMetresADegree * mm_a_metre;
      if (std::max(std::abs(x_mm), std::abs(y_mm)) > kSketch.width_mm / 2 - kDotMm) continue;
      cairo_new_sub_path(cairo_);
      cairo_arc(cairo_, Points(middle_x_mm + x_mm), Points(middle_y_mm + y_mm), Points(kDotMm), 0,
                2 * std::numbers::pi);
    }
    cairo_fill(cairo_);
    cairo_set_source_rgb(cairo_, 0.72, 0.05, 0.08);
    cairo_set_line_width(cairo_, Points(0.5));
    for (const bool level : {true, false}) {
      const double half_mm = 3.4;
      cairo_move_to(cairo_, Points(middle_x_mm - (level ? half_mm : 0)),
                    Points(middle_y_mm - (level ? 0 : half_mm)));
      cairo_line_to(cairo_, Points(middle_x_mm + (level ? half_mm : 0)),
                    Points(middle_y_mm + (level ? 0 : half_mm)));
    }
    cairo_new_sub_path(cairo_);
    cairo_arc(cairo_, Points(middle_x_mm), Points(middle_y_mm), Points(1.9), 0,
              2 * std::numbers::pi);
    cairo_stroke(cairo_);
  }

  void DrawScale(const PlaceSketch& sketch) {
    const double quarter_mm = kSketch.width_mm / 4;
    const double x_mm = kSketch.x_mm + 2.5;
    const double y_mm = kSketch.bottom_mm() - 2.5;
    drawing_.AddLine(x_mm, y_mm, x_mm + quarter_mm, y_mm, 0.35);
    for (const double end_mm : {x_mm, x_mm + quarter_mm})
      drawing_.AddLine(end_mm, y_mm - 1, end_mm, y_mm, 0.35);
    Line(fmt::format("{:g} m", sketch.radius_m / 2), {x_mm, y_mm - 4.6, quarter_mm, 4},
         {2.5, 2, false}, Align::kCenter);
    const double arrow_mm = kSketch.right_mm() - 4;
    drawing_.AddLine(arrow_mm, kSketch.y_mm + 6, arrow_mm, kSketch.y_mm + 11, 0.35);
    cairo_set_source_rgb(cairo_, 0, 0, 0);
    cairo_move_to(cairo_, Points(arrow_mm), Points(kSketch.y_mm + 5));
    cairo_line_to(cairo_, Points(arrow_mm - 1), Points(kSketch.y_mm + 7.4));
    cairo_line_to(cairo_, Points(arrow_mm + 1), Points(kSketch.y_mm + 7.4));
    cairo_close_path(cairo_);
    cairo_fill(cairo_);
    Line("北 N", {arrow_mm - 4, kSketch.y_mm + 0.8, 8, 4}, {2.6, 2, true}, Align::kCenter);
  }

  void DrawRights() {
    Section(kRightsTopMm - 7, "权利", "Rights");
    constexpr const char* kHeads[][2] = {{"权利", "Right"}, {"状态", "State"}, {"权利人", "Holder"},
                                         {"依据", "Basis"}, {"期限", "Valid"}, {"公示", "Notice"}};
    const double bottom_mm = kRightsTopMm + kRightsHeadMm + 3 * kRightsRowMm;
    cairo_set_source_rgb(cairo_, 0.93, 0.93, 0.93);
    cairo_rectangle(cairo_, Points(kLeftMm), Points(kRightsTopMm), Points(kRightMm - kLeftMm),
                    Points(kRightsHeadMm));
    cairo_fill(cairo_);
    double x_mm = kLeftMm;
    for (size_t i = 0; i < std::size(kColumnsMm); ++i) {
      Cell({kHeads[i][0], kHeads[i][1]}, {x_mm, kRightsTopMm, kColumnsMm[i], kRightsHeadMm},
           {3.4, 2.3, true}, Align::kCenter);
      drawing_.AddLine(x_mm, kRightsTopMm, x_mm, bottom_mm, kHairMm);
      x_mm += kColumnsMm[i];
    }
    drawing_.AddLine(x_mm, kRightsTopMm, x_mm, bottom_mm, kHairMm);
    Rule(kLeftMm, kRightMm, kRightsTopMm);
    double y_mm = kRightsTopMm + kRightsHeadMm;
    for (const CertificateRight& right : page_.rights) {
      Rule(kLeftMm, kRightMm, y_mm);
      DrawRight(right, y_mm);
      y_mm += kRightsRowMm;
    }
    Rule(kLeftMm, kRightMm, y_mm);
  }

  void DrawRight(const CertificateRight& right, double y_mm) {
    const BothWords* const cells[] = {&right.name,  &right.state, &right.holder,
                                      &right.basis, &right.dates, &right.notice};
    double x_mm = kLeftMm;
    for (size_t i = 0; i < std::size(cells); ++i) {
      const bool none = cells[i]->zh.empty() && cells[i]->en.empty();
      const bool strong = i == 0 || i == 1 || i == 2;
      const Size size = strong ? kZhBold : Size{3, 2.1, false};
      Cell(none ? BothWords{"—", ""} : *cells[i], {x_mm, y_mm, kColumnsMm[i], kRightsRowMm}, size,
           i < 2 || none ? Align::kCenter : Align::kLeft);
      x_mm += kColumnsMm[i];
    }
  }

  Result<void> DrawCode() {
    const Box box{kLeftMm, kLowerTopMm + 3, kSymbolMm, kSymbolMm};
    if (page_.code_text.empty()) {
      drawing_.AddBorder(box, Shape::kRect, 0, kHairMm);
      Line("无在用二维码", {box.x_mm, box.y_mm + 11, box.width_mm, 6}, {3.4, 2, true},
           Align::kCenter);
      Line("no code in force", {box.x_mm, box.y_mm + 17, box.width_mm, 5}, kEn, Align::kCenter);
      return {};
    }
    const auto parts = SplitCodeText(page_.code_text);
    if (!parts) return Invalid("SYMBOL_TEXT_MALFORMED", "the code's text is no code");
    YIMA_ASSIGN_OR_RETURN(Symbol symbol, MakeSymbol(parts->origin, parts->digits, Level::kM));
    drawing_.AddSymbol(std::move(symbol), box);
    Line(page_.short_number, {box.x_mm, box.bottom_mm() + 1, box.width_mm, 4}, {2.8, 2, false},
         Align::kCenter);
    Line("部件二维码 the facility's code", {box.x_mm, box.bottom_mm() + 4.6, box.width_mm, 4},
         {2.2, 1.8, false}, Align::kCenter);
    return {};
  }

  void DrawAsOf() {
    const double x_mm = kLeftMm + kSymbolMm + 5;
    const double width_mm = kSeal.x_mm - 4 - x_mm;
    double y_mm = kLowerTopMm + 2;
    for (const BothWords& words : page_.as_of) {
      Cell(words, {x_mm, y_mm, width_mm, 11}, {3.1, 2.2, false});
      y_mm += 11;
    }
  }

  void DrawSeal() {
    const double dash = Points(1.2);
    cairo_set_source_rgb(cairo_, 0.5, 0.5, 0.5);
    cairo_set_line_width(cairo_, Points(0.25));
    cairo_set_dash(cairo_, &dash, 1, 0);
    cairo_rectangle(cairo_, Points(kSeal.x_mm), Points(kSeal.y_mm), Points(kSeal.width_mm),
                    Points(kSeal.height_mm));
    cairo_stroke(cairo_);
    cairo_set_dash(cairo_, nullptr, 0, 0);
    Line("盖章处", {kSeal.x_mm, kSeal.bottom_mm() - 9.5, kSeal.width_mm, 5}, kZh, Align::kCenter);
    Line("place for the seal", {kSeal.x_mm, kSeal.bottom_mm() - 5, kSeal.width_mm, 4}, kEn,
         Align::kCenter);
  }

  void DrawFoot() {
    drawing_.AddLine(kLeftMm, 262.5, kRightMm, 262.5, kHairMm);
    constexpr const char* kLines[][2] = {
        {"本证书载明登记簿在上述时刻的记录，其本身不主张法律效力；以盖章的原件与登记簿为准。",
         "It states what the registry recorded at the moment above. By itself it claims no legal "
         "force."},
        {"页面可以仿造，请核验所附机器文件：yima rights verify-certificate 本文件.pdf（可离线）",
         "A page can be imitated: verify the file attached to this PDF, offline: "
         "yima rights verify-certificate FILE.pdf"}};
    double y_mm = 263.5;
    for (const auto& [zh, en] : kLines) {
      Line(zh, {kLeftMm, y_mm, 170, 5}, {2.9, 2, false}, Align::kCenter);
      Line(en, {kLeftMm, y_mm + 4.3, 170, 4}, {2.2, 1.6, false}, Align::kCenter);
      y_mm += 9.5;
    }
  }

  void Rule(double from_mm, double to_mm, double y_mm) {
    drawing_.AddLine(from_mm, y_mm, to_mm, y_mm, kHairMm);
  }

  TextLine LineOf(const Box& box, const Size& size, Align align) const {
    TextLine line;
    line.box = box;
    line.size_mm = size.size_mm;
    line.min_size_mm = size.min_mm;
    line.align = align;
    line.bold = size.bold;
    return line;
  }

  /// One line in the middle of its box's height. Gives its width.
  double Line(std::string_view text, const Box& box, const Size& size, Align align) {
    if (text.empty()) return 0;
    const SetText& set = setter_.Set(text, LineOf(box, size, align));
    const double room_mm = box.width_mm - set.width_mm;
    const double start_mm = align == Align::kLeft     ? 0
                            : align == Align::kCenter ? room_mm / 2
                                                      : room_mm;
    const double width_mm = set.width_mm;
    drawing_.AddText(set, box.x_mm + start_mm,
                     box.y_mm + box.height_mm / 2 + kMiddleToBaselineEm * set.size_mm);
    return width_mm;
  }

  /// As few lines as it takes without shrinking below a part of its size, up to so many.
  std::vector<std::string> LinesOf(std::string_view text, const Box& box, const Size& size,
                                   size_t lines_max) {
    if (text.empty()) return {};
    std::vector<std::string> lines;
    for (size_t count = 1; count <= lines_max; ++count) {
      lines = Split(text, count);
      if (SizeOf(lines, box, size) >= size.size_mm * kOneLineLeast) break;
    }
    return lines;
  }

  /// At which all of the lines fit; 0 when one of them does not even at the smallest.
  double SizeOf(const std::vector<std::string>& lines, const Box& box, const Size& size) {
    double size_mm = size.size_mm;
    for (const auto& line : lines) {
      const SetText& set = setter_.Set(line, LineOf(box, size, Align::kLeft));
      size_mm = std::min(size_mm, set.ellipsis ? 0 : set.size_mm);
    }
    return size_mm;
  }

  /// Chinese above English, both together in the middle of the cell's height.
  void Cell(const BothWords& words, const Box& cell, Size zh, Align align = Align::kLeft) {
    constexpr double kPadMm = 1.2;
    Box box{cell.x_mm + kPadMm, 0, cell.width_mm - 2 * kPadMm, 0};
    const bool alone = words.zh.empty();
    // A high cell has room for more.
    const size_t lines_max = cell.height_mm > 2 * kFactRowMm ? 3 : 2;
    const auto zh_lines = LinesOf(words.zh, box, zh, lines_max);
    const Size en = alone ? Size{zh.size_mm * 0.9, zh.min_mm * 0.8, zh.bold}
                          : Size{std::min(kEnMm, zh.size_mm * 0.75), kEnMinMm, false};
    const auto en_lines = LinesOf(words.en, box, en, 2);
    double zh_mm = zh.size_mm * kLineEm;
    double en_mm = en.size_mm * kLineEm;
    const double wanted_mm =
        static_cast<double>(zh_lines.size()) * zh_mm + static_cast<double>(en_lines.size()) * en_mm;
    // Four lines in a low row: all of them come closer and smaller.
    const double squeeze = std::min(1.0, cell.height_mm / wanted_mm);
    zh_mm *= squeeze;
    en_mm *= squeeze;
    double y_mm = cell.y_mm + (cell.height_mm - wanted_mm * squeeze) / 2;
    const auto put = [&](const std::vector<std::string>& lines, Size size, double line_mm) {
      // Lines of one text are of one size.
      size.size_mm = std::max(size.min_mm, SizeOf(lines, box, size)) * squeeze;
      size.min_mm = std::min(size.min_mm, size.size_mm);
      for (const auto& line : lines) {
        box.y_mm = y_mm;
        box.height_mm = line_mm;
        Line(line, box, size, align);
        y_mm += line_mm;
      }
    };
    put(zh_lines, zh, zh_mm);
    put(en_lines, en, en_mm);
  }

  const CertificatePage& page_;
  TextSetter& setter_;
  cairo_t* const cairo_;
  Drawing drawing_;
};

cairo_status_t Append(void* to, const unsigned char* data, unsigned int size) {
  static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

CertificatePrinter::CertificatePrinter(std::unique_ptr<TextSetter> setter)
    : setter_(std::move(setter)) {}
CertificatePrinter::CertificatePrinter(CertificatePrinter&&) noexcept = default;
CertificatePrinter& CertificatePrinter::operator=(CertificatePrinter&&) noexcept = default;
CertificatePrinter::~CertificatePrinter() = default;

Result<CertificatePrinter> CertificatePrinter::Create() {
  YIMA_ASSIGN_OR_RETURN(auto setter, TextSetter::Create(true));
  return CertificatePrinter(std::make_unique<TextSetter>(std::move(setter)));
}

Result<std::string> CertificatePrinter::Draw(const CertificatePage& page) {
  std::string pdf;
  const Surface surface(cairo_pdf_surface_create_for_stream(&Append, &pdf, Points(kPageWidthMm),
                                                            Points(kPageHeightMm)),
                        &cairo_surface_destroy);
  const std::string title = "确权证书 " + page.number;
  const std::string issued = FormatTime(page.issued);
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, title.c_str());
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATOR, "Yima 一码");
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, issued.c_str());
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_MOD_DATE, issued.c_str());
  const Cairo cairo(cairo_create(surface.get()), &cairo_destroy);
  PageDrawer drawer(page, *setter_, cairo.get());
  YIMA_RETURN_IF_ERROR(drawer.Draw());
  cairo_show_page(cairo.get());
  cairo_surface_finish(surface.get());
  const cairo_status_t status = cairo_surface_status(surface.get());
  if (status == CAIRO_STATUS_SUCCESS) return pdf;
  return Fail(StatusCode::kInternal, "DRAWING_FAILED",
              fmt::format("cairo: {}", cairo_status_to_string(status)));
}

}  // namespace yima::label
