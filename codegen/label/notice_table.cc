#include "codegen/label/notice_table.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <cairo-pdf.h>
#include <fmt/format.h>
#include <glib.h>

#include "codegen/label/cairo_types.h"
#include "codegen/label/drawing.h"
#include "codegen/label/output_file.h"
#include "codegen/label/text.h"

namespace yima::label {
namespace {

// A4, in millimetres.
constexpr double kWidthMm = 210;
constexpr double kHeightMm = 297;
constexpr double kLeftMm = 15;
constexpr double kRightMm = 195;
constexpr double kTopMm = 18;
constexpr double kBottomMm = 280;
constexpr double kFooterMm = 287;
constexpr double kRowMm = 8;
constexpr double kHeadRowMm = 9.5;
constexpr double kSymbolMm = 30;
constexpr double kHairMm = 0.12;
constexpr double kRuleMm = 0.35;
constexpr double kTextMm = 3.1;
constexpr double kTextMinMm = 2.1;
constexpr double kSmallMm = 2.7;  ///< Of a cell with two lines.
constexpr double kLineMm = 3.3;   ///< From one of them to the other.
constexpr double kPadMm = 1;
/// Of a letter that is no Han character, in ems: enough for nearly all of them.
constexpr double kNarrowEm = 0.58;

struct Column {
  double width_mm;
  const char* zh;
  const char* en;
  std::string NoticeRow::*field;  ///< Null: the row's number.
};
constexpr Column kColumns[] = {
    {11, "序号", "No.", nullptr},
    {35, "部件标识码", "Facility code", &NoticeRow::code},
    {22, "名称", "Name", &NoticeRow::name},
    {44, "位置", "Place", &NoticeRow::place},
    {12, "权利", "Right", &NoticeRow::right},
    {30, "认领单位", "Claimed by", &NoticeRow::claimant},
    {26, "登记单位", "Recorded", &NoticeRow::recorded},
};

/// Bytes of the character that begins there; broken UTF-8 counts byte by byte.
size_t CharacterSize(std::string_view text, size_t at) {
  const auto lead = static_cast<uint8_t>(text[at]);
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  return std::min(size, text.size() - at);
}

/// Lines of at most so many ems; a word of letters is not broken where a space is near.
std::vector<std::string> Wrap(std::string_view text, double ems) {
  std::vector<std::string> lines(1);
  double used = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t size = CharacterSize(text, at);
    const std::string_view character = text.substr(at, size);
    at += size;
    const double wide = size >= 3 ? 1 : kNarrowEm;
    if (character == "\n" || used + wide > ems) {
      std::string rest;
      const size_t space = lines.back().rfind(' ');
      const bool in_word = character != "\n" && character != " " && size == 1;
      if (in_word && space != std::string::npos && lines.back().size() - space < 24) {
        rest = lines.back().substr(space + 1);
        lines.back().resize(space);
      }
      used = static_cast<double>(rest.size()) * kNarrowEm;
      lines.push_back(std::move(rest));
      if (character == "\n" || character == " ") continue;
    }
    lines.back() += character;
    used += wide;
  }
  return lines;
}

class Pdf final : public NoticeTable {
 public:
  Pdf(OutputFile file, TextSetter setter, NoticeHead head)
      : file_(std::move(file)),
        setter_(std::move(setter)),
        head_(std::move(head)),
        surface_(cairo_pdf_surface_create_for_stream(&Pdf::Write, this, kWidthMm * kPointsPerMm,
                                                     kHeightMm * kPointsPerMm),
                 &cairo_surface_destroy),
        cairo_(cairo_create(surface_.get()), &cairo_destroy) {
    cairo_pdf_surface_set_metadata(surface_.get(), CAIRO_PDF_METADATA_TITLE, head_.title.c_str());
    cairo_pdf_surface_set_metadata(surface_.get(), CAIRO_PDF_METADATA_CREATOR, "Yima 一码");
  }

  /// The first page's head.
  Result<void> Begin() {
    y_mm_ = kTopMm;
    const bool has_symbol = !head_.page_address.empty();
    const double room_mm = kRightMm - kLeftMm - (has_symbol ? kSymbolMm + 4 : 0);
    if (has_symbol) YIMA_RETURN_IF_ERROR(PlaceSymbol());
    Line(head_.title, 6.5, 3.5, room_mm, 11, true);
    Line(head_.authority, 4, 2.5, room_mm, 7);
    Line(head_.period_zh, 3.6, 2.5, room_mm, 6);
    Line(head_.period_en, 2.8, 2, room_mm, 5);
    Line(head_.summary, 3.1, 2, room_mm, 6);
    if (has_symbol) y_mm_ = std::max(y_mm_, kTopMm + kSymbolMm + 6);
    for (const auto& line : Wrap(head_.how_to_object, (kRightMm - kLeftMm) / kTextMm)) {
      Line(line, kTextMm, kTextMinMm, kRightMm - kLeftMm, 5);
    }
    y_mm_ += 2;
    PlaceColumnHeads();
    return {};
  }

  Result<void> Add(const NoticeRow& row) override {
    if (y_mm_ + kRowMm > kBottomMm) {
      ShowPage();
      y_mm_ = kTopMm;
      PlaceColumnHeads();
    }
    ++rows_;
    double x_mm = kLeftMm;
    for (const auto& column : kColumns) {
      const std::string number = column.field == nullptr ? fmt::to_string(rows_) : "";
      RowCell(column.field == nullptr ? number : row.*column.field, x_mm, column.width_mm);
      x_mm += column.width_mm;
    }
    y_mm_ += kRowMm;
    drawing_.AddLine(kLeftMm, y_mm_, kRightMm, y_mm_, kHairMm);
    return Sound();
  }

  Result<uint64_t> Publish() override {
    ShowPage();
    cairo_surface_finish(surface_.get());
    YIMA_RETURN_IF_ERROR(Sound());
    YIMA_RETURN_IF_ERROR(file_.Close());
    YIMA_RETURN_IF_ERROR(file_.Publish());
    return pages_;
  }

 private:
  static cairo_status_t Write(void* self, const unsigned char* data, unsigned int size) {
    auto* pdf = static_cast<Pdf*>(self);
    if (pdf->error_) return CAIRO_STATUS_WRITE_ERROR;
    auto written = pdf->file_.Write({reinterpret_cast<const char*>(data), size});
    if (written) return CAIRO_STATUS_SUCCESS;
    pdf->error_ = std::move(written).error();
    return CAIRO_STATUS_WRITE_ERROR;
  }

  Result<void> Sound() const {
    if (error_) return tl::unexpected<Error>(*error_);
    const cairo_status_t status = cairo_surface_status(surface_.get());
    if (status == CAIRO_STATUS_SUCCESS) return {};
    return Fail(StatusCode::kInternal, "DRAWING_FAILED",
                fmt::format("{}: cairo: {}", file_.path(), cairo_status_to_string(status)));
  }

  Result<void> PlaceSymbol() {
    YIMA_ASSIGN_OR_RETURN(auto symbol, MakeSymbol(head_.page_address, head_.number, Level::kM));
    drawing_.AddSymbol(std::move(symbol), {kRightMm - kSymbolMm, kTopMm, kSymbolMm, kSymbolMm});
    PlaceText("扫码查看公示 Scan to see it", kRightMm - kSymbolMm, kSymbolMm,
              kTopMm + kSymbolMm + 3, 2.2, 1.6, false);
    return {};
  }

  void PlaceText(const std::string& text, double x_mm, double width_mm, double middle_mm,
                 double size_mm, double min_mm, bool bold) {
    if (text.empty()) return;
    TextLine line;
    line.size_mm = size_mm;
    line.min_size_mm = min_mm;
    line.box.width_mm = width_mm;
    line.bold = bold;
    const std::unique_ptr<char, decltype(&g_free)> sound(
        g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())), &g_free);
    const SetText& set = setter_.Set(sound.get(), line);
    drawing_.AddText(set, x_mm, middle_mm + kMiddleToBaselineEm * set.size_mm);
  }

  void Line(const std::string& text, double size_mm, double min_mm, double width_mm,
            double height_mm, bool bold = false) {
    if (text.empty()) return;
    PlaceText(text, kLeftMm, width_mm, y_mm_ + height_mm / 2, size_mm, min_mm, bold);
    y_mm_ += height_mm;
  }

  void Cell(const std::string& text, double x_mm, double width_mm, double middle_mm, double size_mm,
            bool bold = false) {
    PlaceText(text, x_mm + kPadMm, width_mm - 2 * kPadMm, middle_mm, size_mm,
              std::min(size_mm, kTextMinMm), bold);
  }

  /// What is too long for one line takes two; the second shrinks when that is not enough.
  void RowCell(const std::string& text, double x_mm, double width_mm) {
    const double room_mm = width_mm - 2 * kPadMm;
    const double middle_mm = y_mm_ + kRowMm / 2;
    if (Wrap(text, room_mm / kTextMm).size() == 1) {
      return Cell(text, x_mm, width_mm, middle_mm, kTextMm);
    }
    const std::string first = Wrap(text, room_mm / kSmallMm).front();
    std::string rest = text.substr(first.size());
    if (rest.starts_with(' ') || rest.starts_with('\n')) rest.erase(0, 1);
    Cell(first, x_mm, width_mm, middle_mm - kLineMm / 2, kSmallMm);
    Cell(rest, x_mm, width_mm, middle_mm + kLineMm / 2, kSmallMm);
  }

  void PlaceColumnHeads() {
    drawing_.AddLine(kLeftMm, y_mm_, kRightMm, y_mm_, kRuleMm);
    double x_mm = kLeftMm;
    for (const auto& column : kColumns) {
      Cell(column.zh, x_mm, column.width_mm, y_mm_ + 3, kTextMm, true);
      Cell(column.en, x_mm, column.width_mm, y_mm_ + 7, 2.3);
      x_mm += column.width_mm;
    }
    y_mm_ += kHeadRowMm;
    drawing_.AddLine(kLeftMm, y_mm_, kRightMm, y_mm_, kRuleMm);
  }

  void ShowPage() {
    ++pages_;
    PlaceText(
        fmt::format("{} · 公示 {} · 第 {} 页 page {}", head_.title, head_.number, pages_, pages_),
        kLeftMm, kRightMm - kLeftMm, kFooterMm, 2.4, 1.8, false);
    drawing_.Paint(cairo_.get(), SymbolInk::kMask);
    cairo_show_page(cairo_.get());
  }

  OutputFile file_;
  TextSetter setter_;
  const NoticeHead head_;
  std::optional<Error> error_;  ///< Of writing: cairo only says that it failed.
  Surface surface_;
  Cairo cairo_;
  Drawing drawing_;
  double y_mm_ = 0;
  uint64_t rows_ = 0;
  uint64_t pages_ = 0;
};

}  // namespace

Result<std::unique_ptr<NoticeTable>> NoticeTable::Create(const std::string& path,
                                                         const NoticeHead& head) {
  YIMA_RETURN_IF_ERROR(CheckReplaceable(path, "%PDF"));
  YIMA_ASSIGN_OR_RETURN(auto setter, TextSetter::Create());
  YIMA_ASSIGN_OR_RETURN(auto file, OutputFile::Create(path));
  auto pdf = std::make_unique<Pdf>(std::move(file), std::move(setter), head);
  YIMA_RETURN_IF_ERROR(pdf->Begin());
  return pdf;
}

}  // namespace yima::label
