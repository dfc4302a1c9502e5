#include "server/issuance/signer.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/methods.h"

namespace yima::server::testing {
namespace {

TimeUs uptime = 0;
TimeUs FakeUptime() { return uptime; }
constexpr TimeUs kHour = TimeUs{3'600} * 1'000'000;

TEST(ClockWatchTest, StopsSigningWhileTheClockIsMoreThanADayAhead) {
  uptime = 5 * kHour;
  const TimeUs start = 1000 * 24 * kHour;
  const ClockWatch watch(start, FakeUptime);
  EXPECT_TRUE(watch.Check(start));
  EXPECT_TRUE(watch.Check(start + 24 * kHour));
  EXPECT_EQ(watch.Check(start + 24 * kHour + 1).error().reason, "CLOCK_AHEAD");
  EXPECT_TRUE(watch.Check(start + kHour)) << "set right again";
  // Days that went by, even asleep, are no jump; back is not its concern.
  uptime += 30 * 24 * kHour;
  EXPECT_TRUE(watch.Check(start + 30 * 24 * kHour));
  EXPECT_TRUE(watch.Check(start - 24 * kHour));
  EXPECT_EQ(watch.Check(start + 32 * 24 * kHour).error().code, StatusCode::kFailedPrecondition);
}

TEST(ClockWatchTest, KeepsTheDayOfAWrongClockOutOfTheRecords) {
  World world;
  Domain domain = world.domain();
  uptime = 0;
  domain.clock = std::make_shared<const ClockWatch>(domain.now(), FakeUptime);
  EXPECT_TRUE(SigningDay(domain));
  const TimeUs now = world_now;
  world_now += 48 * kHour;
  EXPECT_EQ(SigningDay(domain).error().reason, "CLOCK_AHEAD");
  world_now = now;
  EXPECT_TRUE(SigningDay(domain));
}

TEST(TakeSerialsTest, SkipsNumbersWhoseCheckSymbolCannotBePrinted) {
  World world;
  const auto serials = TakeSerials(world.domain(), 1000);
  ASSERT_TRUE(serials);
  ASSERT_EQ(serials->size(), 1000);
  EXPECT_TRUE(std::ranges::is_sorted(*serials));
  for (const Serial serial : *serials) {
    EXPECT_EQ(serial.epoch(), 1);
    EXPECT_EQ(serial.ShortNumber().find_first_of("*~$=U"), std::string::npos);
  }
  // 32 of 37 are usable, so some were skipped.
  EXPECT_GT(serials->back().number() - serials->front().number(), 1000);
}

TEST(TakeSerialsTest, NeverGivesOneTwice) {
  World world;
  std::set<Serial> seen;
  for (const size_t n : {1, 2, 37, 1000, 70'000, 1}) {
    const auto serials = TakeSerials(world.domain(), n);
    ASSERT_TRUE(serials);
    for (const Serial serial : *serials) {
      EXPECT_TRUE(seen.insert(serial).second) << serial.value();
    }
  }
}

TEST(TakeSerialsTest, EndsWithTheEpochsNumbers) {
  World world;
  ASSERT_TRUE(world.store().Reserve("serial/1", UINT32_MAX));
  const auto serials = TakeSerials(world.domain(), 1);
  EXPECT_EQ(RefusalOf(serials), (Refusal{StatusCode::kResourceExhausted, "NUMBERS_USED_UP", ""}));
}

/// Taken for no day at all, it would let codes be signed on a day that is past.
TEST(SignerTest, RefusesWhenTheLastDayDoesNotParse) {
  World world;
  ChangeWriter writer(world.call("test"), "");
  writer.PutUnlogged(store::Kind::kIssueDay, 1, 0, "2459x");
  store::ApplyAndWait(world.store(), writer.Take());
  EXPECT_EQ(RefusalOf(CheckIssueDay(*world.Read(), *ParseDay("2026-11-24"))),
            (Refusal{StatusCode::kDataLoss, "RECORD_DAMAGED", ""}));
}

TEST(SignerTest, TakesTheNewestKeyThatIsValidThatDay) {
  World world;
  EXPECT_TRUE(Signer::For(world.domain(), *ParseDay("2026-11-24")));
  const auto refusal = [&] {
    return RefusalOf(Signer::For(world.domain(), *ParseDay("2026-11-24")));
  };
  const Refusal none{StatusCode::kFailedPrecondition, "NO_VALID_KEY", ""};
  world.ChangeRegistry([](auto& registry) { registry.mutable_code_keys(0)->set_revoked(true); });
  EXPECT_EQ(refusal(), none);
  world.ChangeRegistry([](auto& registry) {
    registry.mutable_code_keys(0)->set_revoked(false);
    registry.mutable_origins(0)->set_state(v1::ORIGIN_STATE_OLD);
  });
  EXPECT_EQ(refusal(), none);
}

}  // namespace
}  // namespace yima::server::testing
