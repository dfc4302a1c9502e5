#include "codegen/code/traceparent.h"

#include <string>

#include <gtest/gtest.h>

namespace yima {
namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kSpan = "00f067aa0ba902b7";
const std::string kText = "00-" + kTrace + "-" + kSpan + "-01";

TEST(TraceparentTest, IsTakenApart) {
  const auto parsed = Traceparent::Parse(kText);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->trace, kTrace);
  EXPECT_EQ(parsed->span, kSpan);
  EXPECT_EQ(parsed->flags, "01");
}

TEST(TraceparentTest, LaterVersionsMayGoOn) {
  const std::string later = "01" + kText.substr(2);
  ASSERT_TRUE(Traceparent::Parse(later));
  ASSERT_TRUE(Traceparent::Parse(later + "-more"));
  EXPECT_EQ(Traceparent::Parse(later + "-more")->flags, "01");
  EXPECT_FALSE(Traceparent::Parse(later + "more"));
}

TEST(TraceparentTest, IsNothingElse) {
  for (const auto& text :
       {std::string(), kText.substr(1), kText + "-more", "ff" + kText.substr(2),
        "00-" + std::string(32, '0') + "-" + kSpan + "-01",
        "00-" + kTrace + "-" + std::string(16, '0') + "-01", "00-" + kTrace + "_" + kSpan + "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + kSpan + "-01",
        "00-" + kTrace + "-" + kSpan + "-0g"}) {
    EXPECT_FALSE(Traceparent::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace yima
