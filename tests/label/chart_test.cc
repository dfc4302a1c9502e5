#include "codegen/label/chart.h"

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
