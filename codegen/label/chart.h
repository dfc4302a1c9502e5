#ifndef YIMA_CODEGEN_LABEL_CHART_H_
#define YIMA_CODEGEN_LABEL_CHART_H_

#include <string>
#include <vector>

#include "codegen/code/result.h"

namespace yima::label {

/// Shares of a whole: a row for each group, or for each day, with a share for each series.
struct Chart {
  struct Row {
    std::string label;
    std::vector<double> shares;  ///< 0 to 1, one for each series.
    std::string note = {};       ///< What stands small under the label of a bar; may be empty.
  };
  std::string title;
  std::string subtitle;
  std::vector<std::string> series;  ///< Their names; 1 to 4.
  std::vector<Row> rows;            ///< At most kChartRowsMax.
};
constexpr size_t kChartRowsMax = 1000;

/// Bars, one above the other: as an SVG file whose words are outlines, so that it looks the same
/// everywhere. CHART_MALFORMED, FONT_MISSING.
Result<std::string> BarChartSvg(const Chart& chart);
/// Lines from the first row to the last, which stand evenly apart.
Result<std::string> LineChartSvg(const Chart& chart);

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_CHART_H_
