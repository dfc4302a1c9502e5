#include "server/access/rate_limit.h"

#include <gtest/gtest.h>

namespace yima::server::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateLimitTest, LetsABurstThroughThenAsManyAsAreAllowedASecond) {
  RateLimit limit(10, 3);
  const auto start = RateLimit::Clock::now();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.Take("a", start), milliseconds(0));
  const auto wait = limit.Take("a", start);
  EXPECT_GT(wait, milliseconds(0));
  EXPECT_LE(wait, milliseconds(101));
  EXPECT_EQ(limit.Take("a", start + wait), milliseconds(0));
  EXPECT_GT(limit.Take("a", start + wait), milliseconds(0));
}

TEST(RateLimitTest, CountsEachKeyByItself) {
  RateLimit limit(1, 1);
  const auto start = RateLimit::Clock::now();
  EXPECT_EQ(limit.Take("a", start), milliseconds(0));
  EXPECT_EQ(limit.Take("b", start), milliseconds(0));
  EXPECT_GT(limit.Take("a", start), milliseconds(0));
}

TEST(RateLimitTest, ABucketHoldsNoMoreThanTheBurst) {
  RateLimit limit(10, 2);
  const auto start = RateLimit::Clock::now();
  EXPECT_EQ(limit.Take("a", start), milliseconds(0));
  const auto later = start + seconds(3600);
  EXPECT_EQ(limit.Take("a", later), milliseconds(0));
  EXPECT_EQ(limit.Take("a", later), milliseconds(0));
  EXPECT_GT(limit.Take("a", later), milliseconds(0));
}

TEST(RateLimitTest, NoRateMeansNoLimit) {
  RateLimit limit(0, 0);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limit.Take("a"), milliseconds(0));
}

TEST(RateLimitTest, OneSubscriberOfIpv6HasOneKey) {
  EXPECT_EQ(RateKey("2001:db8:1:2::1"), RateKey("2001:db8:1:2:ffff::9"));
  EXPECT_NE(RateKey("2001:db8:1:2::1"), RateKey("2001:db8:1:3::1"));
  EXPECT_NE(RateKey("192.0.2.1"), RateKey("192.0.2.2"));
  EXPECT_NE(RateKey("::ffff:192.0.2.1"), RateKey("::ffff:192.0.2.2"));
}

}  // namespace
}  // namespace yima::server::testing
