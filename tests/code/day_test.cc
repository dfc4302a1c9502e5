#include "codegen/code/day.h"

#include <gtest/gtest.h>

namespace yima {
namespace {

TEST(DayTest, CountsFrom2020) {
  EXPECT_EQ(ParseDay("2020-01-01"), Day{0});
  EXPECT_EQ(ParseDay("2026-11-24"), Day{2519});
  EXPECT_EQ(FormatDay(2519), "2026-11-24");
  EXPECT_EQ(FormatDay(65535), "2199-06-06");
}

TEST(DayTest, TakesTheUtcDateOfAnInstant) {
  EXPECT_EQ(DayOf(*ParseTime("2026-11-24T23:59:59Z")), Day{2519});
  EXPECT_EQ(DayOf(*ParseTime("2026-11-25T00:00:00Z")), Day{2520});
  EXPECT_EQ(DayOf(0).error().reason, "DAY_OUT_OF_RANGE");
  EXPECT_EQ(DayOf(*ParseTime("2199-06-07T00:00:00Z")).error().reason, "DAY_OUT_OF_RANGE");
}

TEST(DayTest, RefusesWhatIsNoDate) {
  for (const auto text : {"", "2026-2-1", "2026-02-30", "20260201", "2026/02/01", "2019-12-31",
                          "2199-06-07", "2026-02-01 "}) {
    EXPECT_EQ(ParseDay(text).error().reason, "DATE_MALFORMED") << text;
  }
}

TEST(TimeTest, WritesAndReadsWholeSeconds) {
  const TimeUs time = *ParseTime("2026-11-24T13:05:09Z");
  EXPECT_EQ(FormatTime(time), "2026-11-24T13:05:09Z");
  EXPECT_EQ(FormatTime(time + 999'999), "2026-11-24T13:05:09Z");
}

TEST(TimeTest, RefusesOtherForms) {
  for (const auto text :
       {"2026-11-24T13:05:09", "2026-11-24 13:05:09Z", "2026-11-24T24:00:00Z",
        "2026-11-24T13:05:60Z", "2026-11-24T13:05:09.0Z", "2026-11-24T13:05:09+00:00"}) {
    EXPECT_EQ(ParseTime(text).error().reason, "TIME_MALFORMED") << text;
  }
}

}  // namespace
}  // namespace yima
