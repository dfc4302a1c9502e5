#include "codegen/label/page_marks.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace yima::label {
namespace {

constexpr double kMarkWidthMm = 0.1;
constexpr double kMarkLengthMm = 3;
constexpr double kMarkDistanceMm = 0.5;  ///< From the label: a mark is not part of it.
constexpr double kMarkLengthMinMm = 0.3;

constexpr double kFooterHeightMm = 8;
constexpr double kFooterBaselineMm = 6;  ///< From the sheet's lower edge.
constexpr double kFooterSizeMm = 2.5;
constexpr double kFooterSizeMinMm = 1.8;
constexpr double kFooterMarginMm = 10;
constexpr double kRulerMm = 50;
constexpr double kRulerTickMm = 1.6;

/// Marks that lead away from a corner, `x` and `y` being 1 or -1, as long as the room there allows.
void PlaceCorner(double x_mm, double y_mm, int x, int y, double room_x_mm, double room_y_mm,
                 Drawing* drawing) {
  const double along_x_mm = std::min(kMarkLengthMm, room_x_mm - kMarkDistanceMm);
  const double along_y_mm = std::min(kMarkLengthMm, room_y_mm - kMarkDistanceMm);
  if (along_x_mm >= kMarkLengthMinMm)
    drawing->AddLine(x_mm + x * kMarkDistanceMm, y_mm, x_mm + x * (kMarkDistanceMm + along_x_mm),
                     y_mm, kMarkWidthMm);
  if (along_y_mm >= kMarkLengthMinMm)
    drawing->AddLine(x_mm, y_mm + y * kMarkDistanceMm, x_mm,
                     y_mm + y * (kMarkDistanceMm + along_y_mm), kMarkWidthMm);
}

}  // namespace

void PlaceCropMarks(const Page& page, Drawing* drawing) {
  if (!page.crop_marks) return;
  for (int cell = 0; cell < page.cells(); ++cell) {
    const Box box = page.Cell(cell);
    const int column = cell % page.columns;
    const int row = cell / page.columns;
    // Half the gap to a neighbour, the whole margin at the sheet's edge.
    const double left_mm = column == 0 ? box.x_mm : page.gap_x_mm / 2;
    const double right_mm =
        column == page.columns - 1 ? page.width_mm - box.right_mm() : page.gap_x_mm / 2;
    const double top_mm = row == 0 ? box.y_mm : page.gap_y_mm / 2;
    const double bottom_mm =
        row == page.rows - 1 ? page.height_mm - box.bottom_mm() : page.gap_y_mm / 2;
    PlaceCorner(box.x_mm, box.y_mm, -1, -1, left_mm, top_mm, drawing);
    PlaceCorner(box.right_mm(), box.y_mm, 1, -1, right_mm, top_mm, drawing);
    PlaceCorner(box.x_mm, box.bottom_mm(), -1, 1, left_mm, bottom_mm, drawing);
    PlaceCorner(box.right_mm(), box.bottom_mm(), 1, 1, right_mm, bottom_mm, drawing);
  }
}

void PlaceFooter(const Page& page, const Template& label_template, const PageFacts& facts,
                 TextSetter& setter, Drawing* drawing) {
  const double room_mm = page.height_mm - page.bottom_mm();
  if (!page.footer || room_mm < kFooterHeightMm + kMarkDistanceMm) return;
  const double baseline_mm = page.height_mm - kFooterBaselineMm;
  const double left_mm = kFooterMarginMm;
  const double right_mm = left_mm + kRulerMm;
  drawing->AddLine(left_mm, baseline_mm, right_mm, baseline_mm, kMarkWidthMm);
  for (const double x_mm : {left_mm, right_mm})
    drawing->AddLine(x_mm, baseline_mm - kRulerTickMm, x_mm, baseline_mm, kMarkWidthMm);
  const std::string text = fmt::format(
      "50 mm：按 100% 打印 print at 100% · {} · {} · {} × {} mm · QR {}-{} · 模块 module {:.2f} mm "
      "· 页 page {}",
      std::filesystem::path(facts.path).filename().string(), label_template.name,
      label_template.width_mm, label_template.height_mm, facts.fit.version,
      LevelLetter(label_template.level), facts.fit.module_mm, facts.number);
  TextLine line;
  line.size_mm = kFooterSizeMm;
  line.min_size_mm = kFooterSizeMinMm;
  line.box.width_mm = page.width_mm - right_mm - 3 - kFooterMarginMm;
  drawing->AddText(setter.Set(text, line), right_mm + 3, baseline_mm);
}

}  // namespace yima::label
