#include "server/check/pair_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yima::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(PairCheckTest, OrderDoesNotMatter) {
  PairCheck pairs;
  for (uint64_t id = 0; id < 10'000; ++id) pairs.AddDerived("d140502", id);
  for (uint64_t id = 10'000; id-- > 0;) pairs.AddStored("d140502", id);
  EXPECT_TRUE(pairs.IsEqual());
}

TEST(PairCheckTest, FindsWhatIsMissingAndWhatIsTooMuch) {
  PairCheck pairs;
  const auto derived = [&](auto add) {
    for (uint64_t id = 0; id < 10'000; ++id) add("a", id);
  };
  const auto stored = [&](auto add) {
    for (uint64_t id = 0; id < 10'000; ++id) add(id == 77 ? "b" : "a", id);
  };
  derived([&](auto key, auto id) { pairs.AddDerived(key, id); });
  stored([&](auto key, auto id) { pairs.AddStored(key, id); });
  ASSERT_FALSE(pairs.IsEqual());
  EXPECT_TRUE(pairs.IsSuspicious(77));
  EXPECT_FALSE(pairs.IsSuspicious(78));
  derived([&](auto key, auto id) { pairs.CollectDerived(key, id); });
  stored([&](auto key, auto id) { pairs.CollectStored(key, id); });
  EXPECT_THAT(pairs.Missing(), ElementsAre(Pair("a", 77)));
  EXPECT_THAT(pairs.Surplus(), ElementsAre(Pair("b", 77)));
}

TEST(PairCheckTest, KeyAndIdBelongTogether) {
  PairCheck pairs;
  pairs.AddDerived("a", 1);
  pairs.AddDerived("b", 1 + 4096);
  pairs.AddStored("b", 1);
  pairs.AddStored("a", 1 + 4096);
  EXPECT_FALSE(pairs.IsEqual());
}

TEST(PairCheckTest, TotalLossStillGivesFindings) {
  PairCheck pairs;
  for (uint64_t id = 0; id < 100'000; ++id) pairs.AddDerived("a", id);
  EXPECT_FALSE(pairs.IsEqual());
  for (uint64_t id = 0; id < 100'000; ++id) pairs.CollectDerived("a", id);
  EXPECT_GT(pairs.Missing().size(), 1000);
  EXPECT_LT(pairs.Missing().size(), 10'000);
  EXPECT_THAT(pairs.Surplus(), IsEmpty());
}

}  // namespace
}  // namespace yima::server
