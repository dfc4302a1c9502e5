#ifndef YIMA_CODEGEN_LABEL_PAGE_H_
#define YIMA_CODEGEN_LABEL_PAGE_H_

#include <optional>

#include "codegen/label/template.h"

namespace yima::label {

/// How labels lie on an A4 sheet. What is left out is worked out: as many columns and rows as fit,
/// in the middle of the sheet.
struct GridOptions {
  std::optional<int> columns;
  std::optional<int> rows;
  std::optional<double> left_mm;  ///< From the sheet's edge to the first label's.
  std::optional<double> top_mm;
  double gap_x_mm = 5;  ///< Between labels.
  double gap_y_mm = 5;
  bool crop_marks = true;
};

/// A page and its cells, each the size of the label. Cells count from 0, row by row.
struct Page {
  double width_mm = 0;
  double height_mm = 0;
  int columns = 1;
  int rows = 1;
  double left_mm = 0;
  double top_mm = 0;
  double gap_x_mm = 0;
  double gap_y_mm = 0;
  bool crop_marks = false;
  bool footer = false;  ///< File, page, module size and a line of 50 mm, where there is room.
  double cell_width_mm = 0;
  double cell_height_mm = 0;

  /// 210 × 297 mm. GRID_VALUE_OUT_OF_RANGE; GRID_TOO_LARGE when the labels reach over the edge.
  static Result<Page> A4(const Template& label_template, const GridOptions& options);
  /// Exactly one label, for label printers.
  static Page OfLabel(const Template& label_template);

  int cells() const { return columns * rows; }
  Box Cell(int cell) const;
  double right_mm() const { return Cell(columns - 1).right_mm(); }
  double bottom_mm() const { return Cell(cells() - 1).bottom_mm(); }
};

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_PAGE_H_
