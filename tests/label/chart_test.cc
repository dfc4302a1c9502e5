#include "codegen/label/chart.h"

#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yima::label {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Chart MakeChart(size_t rows) {
  Chart chart;
  chart.title = "赋码确权进度（权属）";
  chart.subtitle = "1,000,000 个部件";
  chart.series = {"赋码率", "公示率", "确权率"};
  for (size_t i = 0; i < rows; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(rows);
    chart.rows.push_back({"1405" + std::to_string(10 + i), {1, share, share / 2}, "120 个部件"});
  }
  return chart;
}

TEST(ChartTest, IsAnSvgFileWhoseWordsAreOutlines) {
  for (const size_t rows : {0, 1, 7}) {
    for (const auto& svg : {BarChartSvg(MakeChart(rows)), LineChartSvg(MakeChart(rows))}) {
      ASSERT_TRUE(svg) << svg.error().message;
      EXPECT_THAT(*svg, StartsWith("<?xml"));
      EXPECT_THAT(*svg, HasSubstr("</svg>"));
      EXPECT_THAT(*svg, ::testing::Not(HasSubstr("<text")));
    }
  }
}

TEST(ChartTest, GrowsWithItsBars) {
  EXPECT_GT(BarChartSvg(MakeChart(40))->size(), BarChartSvg(MakeChart(4))->size());
}

/// Widths of the boxes of the first series' colour, in points: that of its legend comes first.
std::vector<double> WidthsOfFirstSeries(const std::string& svg) {
  static const std::regex kBox(R"(fill:rgb\(4%,31%,66%\)[^>]*d="M ([0-9.]+) [0-9.]+ L ([0-9.]+) )");
  std::vector<double> widths;
  for (std::sregex_iterator box(svg.begin(), svg.end(), kBox), end; box != end; ++box) {
    widths.push_back(std::stod((*box)[2]) - std::stod((*box)[1]));
  }
  return widths;
}

TEST(ChartTest, BarsAreAsLongAsTheirShares) {
  Chart chart = MakeChart(3);
  chart.rows[0].shares[0] = 1;
  chart.rows[1].shares[0] = 0.5;
  chart.rows[2].shares[0] = 0.125;
  const auto widths = WidthsOfFirstSeries(*BarChartSvg(chart));
  ASSERT_EQ(widths.size(), 4u);
  EXPECT_GT(widths[1], 100);
  EXPECT_NEAR(widths[2], widths[1] / 2, 0.01);
  EXPECT_NEAR(widths[3], widths[1] / 8, 0.01);
}

TEST(ChartTest, RefusesWhatCannotBeDrawn) {
  const auto refused = [](const Chart& chart) {
    return !BarChartSvg(chart) && LineChartSvg(chart).error().reason == "CHART_MALFORMED";
  };
  Chart chart = MakeChart(3);
  chart.rows[1].shares.pop_back();
  EXPECT_TRUE(refused(chart));
  for (const double share : {-0.1, 1.1, 0.0 / 0.0}) {
    chart = MakeChart(3);
    chart.rows[1].shares[2] = share;
    EXPECT_TRUE(refused(chart)) << share;
  }
  chart = MakeChart(3);
  chart.series.clear();
  EXPECT_TRUE(refused(chart));
  EXPECT_TRUE(refused(MakeChart(kChartRowsMax + 1)));
}

}  // namespace
}  // namespace yima::label
