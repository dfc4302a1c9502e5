#include "codegen/label/page.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace yima::label {
namespace {

constexpr double kA4WidthMm = 210;
constexpr double kA4HeightMm = 297;
/// Office printers leave about 4 mm white; marks and footer want some more.
constexpr double kMarginMinMm = 10;
constexpr double kGapMaxMm = 100;
constexpr int kCountMax = 100;
constexpr double kEpsilonMm = 1e-6;

/// One direction of the grid.
struct Axis {
  const char* count_name;
  const char* margin_name;
  const char* gap_name;
  double page_mm;
  double label_mm;
  double gap_mm;
  std::optional<int> count;
  std::optional<double> margin_mm;
};

tl::unexpected<Error> OutOfRange(const char* name, double value, double min, double max) {
  return Fail(StatusCode::kOutOfRange, "GRID_VALUE_OUT_OF_RANGE",
              fmt::format("{} is {}, want {} to {}", name, value, min, max), name);
}

double Extent(const Axis& axis, int count) {
  return count * axis.label_mm + (count - 1) * axis.gap_mm;
}

Result<void> CheckValues(const Axis& axis) {
  if (axis.count && (*axis.count < 1 || *axis.count > kCountMax))
    return OutOfRange(axis.count_name, *axis.count, 1, kCountMax);
  if (axis.margin_mm && !(*axis.margin_mm >= 0 && *axis.margin_mm <= axis.page_mm))
    return OutOfRange(axis.margin_name, *axis.margin_mm, 0, axis.page_mm);
  if (!(axis.gap_mm >= 0 && axis.gap_mm <= kGapMaxMm))
    return OutOfRange(axis.gap_name, axis.gap_mm, 0, kGapMaxMm);
  return {};
}

/// Fills in count and margin.
Result<void> LayOut(Axis* axis) {
  YIMA_RETURN_IF_ERROR(CheckValues(*axis));
  const double room_mm =
      axis->margin_mm ? axis->page_mm - *axis->margin_mm : axis->page_mm - 2 * kMarginMinMm;
  const auto fitting = static_cast<int>(
      std::floor((room_mm + axis->gap_mm + kEpsilonMm) / (axis->label_mm + axis->gap_mm)));
  if (!axis->count) axis->count = std::clamp(fitting, 1, kCountMax);
  const double extent_mm = Extent(*axis, *axis->count);
  if (!axis->margin_mm) axis->margin_mm = (axis->page_mm - extent_mm) / 2;
  const double end_mm = *axis->margin_mm + extent_mm;
  if (*axis->margin_mm >= -kEpsilonMm && end_mm <= axis->page_mm + kEpsilonMm) return {};
  return Fail(StatusCode::kOutOfRange, "GRID_TOO_LARGE",
              fmt::format("{} {} of {} mm with gaps of {} mm from {:.4g} mm end at {:.4g} mm, the "
                          "sheet at {} mm",
                          *axis->count, axis->count_name, axis->label_mm, axis->gap_mm,
                          *axis->margin_mm, end_mm, axis->page_mm),
              axis->count_name);
}

}  // namespace

Result<Page> Page::A4(const Template& label_template, const GridOptions& options) {
  Axis x{"columns",        "left_mm",       "gap_x_mm",     kA4WidthMm, label_template.width_mm,
         options.gap_x_mm, options.columns, options.left_mm};
  Axis y{"rows",           "top_mm",     "gap_y_mm",    kA4HeightMm, label_template.height_mm,
         options.gap_y_mm, options.rows, options.top_mm};
  YIMA_RETURN_IF_ERROR(LayOut(&x));
  YIMA_RETURN_IF_ERROR(LayOut(&y));
  Page page = OfLabel(label_template);
  page.width_mm = kA4WidthMm;
  page.height_mm = kA4HeightMm;
  page.columns = *x.count;
  page.rows = *y.count;
  page.left_mm = *x.margin_mm;
  page.top_mm = *y.margin_mm;
  page.gap_x_mm = options.gap_x_mm;
  page.gap_y_mm = options.gap_y_mm;
  page.crop_marks = options.crop_marks;
  page.footer = true;
  return page;
}

Page Page::OfLabel(const Template& label_template) {
  Page page;
  page.width_mm = page.cell_width_mm = label_template.width_mm;
  page.height_mm = page.cell_height_mm = label_template.height_mm;
  return page;
}

Box Page::Cell(int cell) const {
  return {left_mm + (cell % columns) * (cell_width_mm + gap_x_mm),
          top_mm + (cell / columns) * (cell_height_mm + gap_y_mm), cell_width_mm, cell_height_mm};
}

}  // namespace yima::label
