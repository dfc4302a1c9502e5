#include "codegen/label/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include <cairo-svg.h>
#include <fmt/format.h>

#include "codegen/label/cairo_types.h"
#include "codegen/label/drawing.h"
#include "codegen/label/text.h"

namespace yima::label {
namespace {

constexpr double kWidthMm = 200;
constexpr double kMarginMm = 8;
constexpr double kTextMm = 3.4;
constexpr double kSmallMm = 2.6;
/// Of bars: where these begin, and the room behind a whole one for its figure.
constexpr double kLabelsMm = 62;
constexpr double kFiguresMm = 16;
constexpr double kBarMm = 3.2;
constexpr double kBarStepMm = 4.2;
constexpr double kRowGapMm = 3.6;
/// Of lines.
constexpr double kPlotHeightMm = 80;
constexpr double kScaleMm = 12;
constexpr size_t kSeriesMax = 4;
constexpr size_t kDaysNamedMax = 6;

struct Colour {
  double red, green, blue;
};
/// Told apart by those who see few colours too: they differ in lightness.
constexpr std::array<Colour, kSeriesMax> kColours = {
    {{0.04, 0.31, 0.66}, {0.85, 0.55, 0.10}, {0.07, 0.52, 0.30}, {0.45, 0.45, 0.48}}};
constexpr Colour kGrid = {0.86, 0.88, 0.90};

cairo_status_t Append(void* to, const unsigned char* bytes, unsigned size) {
  static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes), size);
  return CAIRO_STATUS_SUCCESS;
}

/// Rounded down: 100 % is all, and nothing less.
std::string Percent(double share) {
  return fmt::format("{:.1f} %", std::floor(share * 1000 + 1e-9) / 10);
}

Result<void> CheckChart(const Chart& chart) {
  const auto malformed = [](std::string message) {
    return Invalid("CHART_MALFORMED", std::move(message), "chart");
  };
  if (chart.series.empty() || chart.series.size() > kSeriesMax) {
    return malformed(fmt::format("{} series, want 1 to {}", chart.series.size(), kSeriesMax));
  }
  if (chart.rows.size() > kChartRowsMax) {
    return malformed(fmt::format("{} rows, want at most {}", chart.rows.size(), kChartRowsMax));
  }
  for (const auto& row : chart.rows) {
    const bool fits = row.shares.size() == chart.series.size() &&
                      std::ranges::all_of(row.shares, [](double s) { return s >= 0 && s <= 1; });
    if (!fits) return malformed(fmt::format("\"{}\" wants a share of 0 to 1 a series", row.label));
  }
  return {};
}

/// A white sheet that becomes an SVG file. All measures in mm.
class Sheet {
 public:
  static Result<std::unique_ptr<Sheet>> Create(double height_mm) {
    YIMA_ASSIGN_OR_RETURN(auto setter, TextSetter::Create());
    return std::unique_ptr<Sheet>(new Sheet(std::move(setter), height_mm));
  }

  void FillBox(const Box& box, const Colour& colour) {
    Use(colour);
    cairo_rectangle(cairo_.get(), box.x_mm, box.y_mm, box.width_mm, box.height_mm);
    cairo_fill(cairo_.get());
  }

  void Line(const std::vector<std::pair<double, double>>& points, const Colour& colour,
            double width_mm) {
    Use(colour);
    cairo_set_line_width(cairo_.get(), width_mm);
    cairo_set_line_join(cairo_.get(), CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cairo_.get(), CAIRO_LINE_CAP_ROUND);
    for (const auto& [x, y] : points) cairo_line_to(cairo_.get(), x, y);
    cairo_stroke(cairo_.get());
  }

  /// `x_mm`: where it begins, has its middle or ends, as `align` says. Cut short where it is too
  /// long. Gives its width.
  double Text(std::string_view text, double x_mm, double baseline_mm, double size_mm,
              double room_mm, Align align = Align::kLeft, bool bold = false) {
    TextLine line;
    line.box.width_mm = room_mm;
    line.size_mm = size_mm;
    line.min_size_mm = size_mm * 0.8;
    line.bold = bold;
    const SetText& set = setter_.Set(text, line);
    const double shift = align == Align::kLeft    ? 0
                         : align == Align::kRight ? set.width_mm
                                                  : set.width_mm / 2;
    texts_.AddText(set, x_mm - shift, baseline_mm);
    return set.width_mm;
  }

  Result<std::string> Finish() {
    cairo_identity_matrix(cairo_.get());
    Use({0.09, 0.10, 0.11});
    texts_.Paint(cairo_.get(), SymbolInk::kPath);
    cairo_show_page(cairo_.get());
    cairo_surface_finish(surface_.get());
    if (cairo_surface_status(surface_.get()) == CAIRO_STATUS_SUCCESS) return std::move(svg_);
    return Fail(
        StatusCode::kInternal, "DRAWING_FAILED",
        fmt::format("cairo: {}", cairo_status_to_string(cairo_surface_status(surface_.get()))));
  }

 private:
  Sheet(TextSetter setter, double height_mm)
      : setter_(std::move(setter)),
        surface_(cairo_svg_surface_create_for_stream(&Append, &svg_, kWidthMm * kPointsPerMm,
                                                     height_mm * kPointsPerMm),
                 &cairo_surface_destroy),
        cairo_(nullptr, &cairo_destroy) {
    cairo_svg_surface_set_document_unit(surface_.get(), CAIRO_SVG_UNIT_PT);
    cairo_.reset(cairo_create(surface_.get()));
    cairo_scale(cairo_.get(), kPointsPerMm, kPointsPerMm);
    FillBox({0, 0, kWidthMm, height_mm}, {1, 1, 1});
  }

  void Use(const Colour& colour) {
    cairo_set_source_rgb(cairo_.get(), colour.red, colour.green, colour.blue);
  }

  TextSetter setter_;
  Drawing texts_;
  std::string svg_;
  Surface surface_;
  Cairo cairo_;
};

/// Title, subtitle and what the colours mean; gives where the rest begins.
double AddHead(Sheet& sheet, const Chart& chart) {
  constexpr double kTitleMm = 5.5;
  constexpr double kRoom = kWidthMm - 2 * kMarginMm;
  double y = kMarginMm + kTitleMm;
  sheet.Text(chart.title, kMarginMm, y, kTitleMm, kRoom, Align::kLeft, true);
  y += 6;
  sheet.Text(chart.subtitle, kMarginMm, y, kTextMm, kRoom);
  y += 7;
  double x = kMarginMm;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    sheet.FillBox({x, y - kBarMm + 0.4, kBarMm, kBarMm}, kColours.at(i));
    x += kBarMm + 1.6;
    x += sheet.Text(chart.series[i], x, y, kTextMm, kRoom / static_cast<double>(kSeriesMax)) + 7;
  }
  return y + 5;
}
constexpr double kHeadMm = kMarginMm + 5.5 + 6 + 7 + 5;

}  // namespace

Result<std::string> BarChartSvg(const Chart& chart) {
  YIMA_RETURN_IF_ERROR(CheckChart(chart));
  const double row_mm = static_cast<double>(chart.series.size()) * kBarStepMm + kRowGapMm;
  const double rows_mm = static_cast<double>(chart.rows.size()) * row_mm;
  YIMA_ASSIGN_OR_RETURN(const auto sheet, Sheet::Create(kHeadMm + rows_mm + kMarginMm));
  double y = AddHead(*sheet, chart);
  constexpr double kLeft = kMarginMm + kLabelsMm;
  constexpr double kRoom = kWidthMm - kLeft - kFiguresMm - kMarginMm;
  constexpr int kQuarters = 4;
  for (int quarter = 0; quarter <= kQuarters; ++quarter) {
    const double x = kLeft + kRoom * quarter / kQuarters;
    sheet->Line({{x, y - 1}, {x, y + rows_mm - kRowGapMm + 1}}, kGrid, 0.2);
  }
  for (const auto& row : chart.rows) {
    constexpr double kLabelRoom = kLabelsMm - 3;
    sheet->Text(row.label, kLeft - 3, y + kTextMm * 0.85, kTextMm, kLabelRoom, Align::kRight);
    sheet->Text(row.note, kLeft - 3, y + kTextMm * 0.85 + 4.2, kSmallMm, kLabelRoom, Align::kRight);
    for (size_t i = 0; i < row.shares.size(); ++i) {
      const double top = y + static_cast<double>(i) * kBarStepMm;
      const double width = kRoom * row.shares[i];
      sheet->FillBox({kLeft, top, width, kBarMm}, kColours.at(i));
      sheet->Text(Percent(row.shares[i]), kLeft + width + 1.5, top + kSmallMm, kSmallMm,
                  kFiguresMm);
    }
    y += row_mm;
  }
  return sheet->Finish();
}

Result<std::string> LineChartSvg(const Chart& chart) {
  YIMA_RETURN_IF_ERROR(CheckChart(chart));
  YIMA_ASSIGN_OR_RETURN(const auto sheet,
                        Sheet::Create(kHeadMm + kPlotHeightMm + kScaleMm + kMarginMm));
  const double top = AddHead(*sheet, chart);
  constexpr double kLeft = kMarginMm + kScaleMm;
  constexpr double kRoom = kWidthMm - kLeft - kFiguresMm - kMarginMm;
  const double bottom = top + kPlotHeightMm;
  constexpr int kQuarters = 4;
  for (int quarter = 0; quarter <= kQuarters; ++quarter) {
    const double y = bottom - kPlotHeightMm * quarter / kQuarters;
    sheet->Line({{kLeft, y}, {kLeft + kRoom, y}}, kGrid, 0.2);
    sheet->Text(fmt::format("{} %", 100 * quarter / kQuarters), kLeft - 1.5, y + 1, kSmallMm,
                kScaleMm, Align::kRight);
  }
  const size_t count = chart.rows.size();
  const auto x_of = [&](size_t row) {
    const double place =
        count < 2 ? 0.5 : static_cast<double>(row) / static_cast<double>(count - 1);
    return kLeft + kRoom * place;
  };
  const size_t step = std::max<size_t>(1, (count + kDaysNamedMax - 1) / kDaysNamedMax);
  for (size_t row = 0; row < count; row += step) {
    sheet->Text(chart.rows[row].label, x_of(row), bottom + 5, kSmallMm, kRoom, Align::kCenter);
  }
  double label_floor = bottom + kPlotHeightMm;
  // The lines that end highest are named first, so that the figures do not lie on each other.
  std::vector<size_t> order(chart.series.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (count > 0) {
    std::ranges::sort(order, [&](size_t a, size_t b) {
      return chart.rows.back().shares[a] < chart.rows.back().shares[b];
    });
  }
  for (const size_t series : order) {
    std::vector<std::pair<double, double>> points;
    for (size_t row = 0; row < count; ++row) {
      points.emplace_back(x_of(row), bottom - kPlotHeightMm * chart.rows[row].shares[series]);
    }
    if (points.empty()) continue;
    sheet->Line(points, kColours.at(series), 0.7);
    constexpr double kDot = 1.6;
    const auto [x, y] = points.back();
    sheet->FillBox({x - kDot / 2, y - kDot / 2, kDot, kDot}, kColours.at(series));
    label_floor = std::min(label_floor - kTextMm, y + 0.9);
    sheet->Text(Percent(chart.rows.back().shares[series]), x + 2, label_floor, kSmallMm,
                kFiguresMm);
  }
  return sheet->Finish();
}

}  // namespace yima::label
