#include "codegen/label/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yima::label {
namespace {

Template Load(const char* name) { return Template::Load(name).value(); }

TEST(PageTest, HoldsAsManyAsFitInTheMiddleOfTheSheet) {
  const Page page = Page::A4(Load("plate-60"), {}).value();
  EXPECT_EQ(page.columns, 3);
  EXPECT_EQ(page.rows, 4);
  EXPECT_DOUBLE_EQ(page.left_mm, 10);
  EXPECT_DOUBLE_EQ(page.top_mm, (297 - 255) / 2.0);
  EXPECT_EQ(Page::A4(Load("plate-120"), {})->cells(), 2);
  EXPECT_EQ(Page::A4(Load("sticker-40"), {})->cells(), 24);
}

TEST(PageTest, PlacesCellsByMarginsAndGaps) {
  GridOptions options;
  options.columns = 2;
  options.rows = 3;
  options.left_mm = 12.5;
  options.top_mm = 20;
  options.gap_x_mm = 4;
  options.gap_y_mm = 0;
  const Page page = Page::A4(Load("sticker-40"), options).value();
  EXPECT_EQ(page.cells(), 6);
  const Box first = page.Cell(0);
  const Box last = page.Cell(5);
  EXPECT_DOUBLE_EQ(first.x_mm, 12.5);
  EXPECT_DOUBLE_EQ(first.y_mm, 20);
  EXPECT_DOUBLE_EQ(last.x_mm, 12.5 + 44);
  EXPECT_DOUBLE_EQ(last.y_mm, 20 + 80);
  EXPECT_DOUBLE_EQ(last.width_mm, 40);
}

TEST(PageTest, IsExactlyOneLabelForLabelPrinters) {
  const Page page = Page::OfLabel(Load("plate-120"));
  EXPECT_DOUBLE_EQ(page.width_mm, 120);
  EXPECT_DOUBLE_EQ(page.height_mm, 120);
  EXPECT_EQ(page.cells(), 1);
  EXPECT_DOUBLE_EQ(page.Cell(0).x_mm, 0);
}

TEST(PageTest, RefusesGridsThatDoNotFitAndNamesTheOption) {
  const Template label = Load("plate-60");
  const auto refused = [&](GridOptions options) {
    const auto page = Page::A4(label, options);
    return page ? "none" : page.error().reason + " " + page.error().field;
  };
  GridOptions columns{.columns = 4, .rows = {}, .left_mm = {}, .top_mm = {}};
  EXPECT_EQ(refused(columns), "GRID_TOO_LARGE columns");
  columns.columns = 0;
  EXPECT_EQ(refused(columns), "GRID_VALUE_OUT_OF_RANGE columns");
  GridOptions rows{.columns = {}, .rows = 101, .left_mm = {}, .top_mm = {}};
  EXPECT_EQ(refused(rows), "GRID_VALUE_OUT_OF_RANGE rows");
  GridOptions left{.columns = {}, .rows = {}, .left_mm = 160, .top_mm = {}};
  EXPECT_EQ(refused(left), "GRID_TOO_LARGE columns");
  GridOptions top{.columns = {}, .rows = {}, .left_mm = {}, .top_mm = -1};
  EXPECT_EQ(refused(top), "GRID_VALUE_OUT_OF_RANGE top_mm");
  GridOptions gap{.columns = {}, .rows = {}, .left_mm = {}, .top_mm = {}, .gap_x_mm = 101};
  EXPECT_EQ(refused(gap), "GRID_VALUE_OUT_OF_RANGE gap_x_mm");
}

}  // namespace
}  // namespace yima::label
