#include "server/access/audit_trail.h"

#include <utility>

#include <gtest/gtest.h>

#include "tests/server/access/callers.h"

namespace yima::server::testing {
namespace {

v1::Refusal Refused(const std::string& peer, const std::string& reason) {
  v1::Refusal refusal;
  refusal.set_peer(peer);
  refusal.set_method("m");
  refusal.set_reason(reason);
  return refusal;
}

class AuditTrailTest : public ::testing::Test {
 protected:
  std::vector<v1::Refusal> List() {
    const auto page = ListRefusals(world_.domain(), world_.call("list"), {}, *world_.Read());
    return page ? std::vector<v1::Refusal>(page->refusals().begin(), page->refusals().end())
                : std::vector<v1::Refusal>();
  }

  World world_;
  AuditTrail audit_{world_.domain()};
};

TEST_F(AuditTrailTest, EqualOnesShareARecordThatCountsThem) {
  for (int i = 0; i < 3; ++i) audit_.Note(Refused("192.0.2.1", "ROLE_MISSING"));
  audit_.Note(Refused("192.0.2.2", "ROLE_MISSING"));
  ASSERT_TRUE(audit_.Keep());
  audit_.Note(Refused("192.0.2.1", "ROLE_MISSING"));
  ASSERT_TRUE(audit_.Keep());
  ASSERT_TRUE(audit_.Keep());
  const auto listed = List();
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].peer(), "192.0.2.2");
  EXPECT_EQ(listed[0].count(), 1u);
  EXPECT_EQ(listed[1].count(), 4u);
  EXPECT_EQ(audit_.count(), 5u);
}

TEST_F(AuditTrailTest, WhatAStreamPassesOverIsOneRecordThatCountsIt) {
  std::vector<Method> table = {
      {"import", kManagers, {}, [](const Call& call, const Source&, const Sink&) -> Result<void> {
         call.refused({StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "outside", "division"}, 17);
         return {};
       }}};
  NoteRefusals(table, audit_);
  ASSERT_TRUE(table[0].stream(world_.call("import"), {}, {}));
  ASSERT_TRUE(audit_.Keep());
  const auto listed = List();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].reason(), "SCOPE_EXCEEDED");
  EXPECT_EQ(listed[0].method(), "import");
  EXPECT_EQ(listed[0].count(), 17u);
  EXPECT_EQ(audit_.count(), 17u);
}

/// How many refusals are listed one by one, and how many stand for no more than their number.
std::pair<int, uint64_t> KindsAndOthers(World& world) {
  v1::ListRefusalsRequest request;
  request.set_page_size(1000);
  const auto all = ListRefusals(world.domain(), world.call("list"), request, *world.Read());
  std::pair<int, uint64_t> counted;
  for (const auto& refusal : all->refusals()) {
    if (refusal.reason() == "AND_OTHERS") {
      counted.second += refusal.count();
    } else {
      ++counted.first;
    }
  }
  return counted;
}

constexpr int kKinds = AuditTrail::kKindsAMinute;

TEST_F(AuditTrailTest, AFloodOfKindsIsOneRecordMore) {
  for (int i = 0; i < 1000; ++i) {
    auto refusal = Refused(std::to_string(i), "ROLE_MISSING");
    refusal.set_principal(7);
    audit_.Note(refusal);
  }
  ASSERT_TRUE(audit_.Keep());
  EXPECT_EQ(List().size(), 100u);  // A page.
  EXPECT_EQ(KindsAndOthers(world_), std::pair(kKinds, uint64_t{1000 - kKinds}));
}

TEST_F(AuditTrailTest, StrangersLeaveRoomForWhatCallersAreRefused) {
  for (int i = 0; i < 1000; ++i) audit_.Note(Refused(std::to_string(i), "TOKEN_MISSING"));
  auto refusal = Refused("192.0.2.1", "ROLE_MISSING");
  refusal.set_principal(7);
  audit_.Note(refusal);
  ASSERT_TRUE(audit_.Keep());
  EXPECT_EQ(KindsAndOthers(world_), std::pair(kKinds / 2 + 1, uint64_t{1000 - kKinds / 2}));
}

TEST_F(AuditTrailTest, PagesGoFromTheNewestToTheOldest) {
  for (int i = 0; i < 5; ++i) {
    audit_.Note(Refused(std::to_string(i), "ROLE_MISSING"));
    ASSERT_TRUE(audit_.Keep());
  }
  v1::ListRefusalsRequest request;
  request.set_page_size(2);
  std::string peers;
  for (;;) {
    const auto page = ListRefusals(world_.domain(), world_.call("list"), request, *world_.Read());
    ASSERT_TRUE(page);
    for (const auto& refusal : page->refusals()) peers += refusal.peer();
    if (page->next_page_token().empty()) break;
    request.set_page_token(page->next_page_token());
  }
  EXPECT_EQ(peers, "43210");
}

TEST_F(AuditTrailTest, ALaterMinuteBeginsAnew) {
  const TimeUs before = world_now;
  audit_.Note(Refused("a", "ROLE_MISSING"));
  ASSERT_TRUE(audit_.Keep());
  world_now += 61'000'000;
  ASSERT_TRUE(audit_.Keep());
  audit_.Note(Refused("a", "ROLE_MISSING"));
  ASSERT_TRUE(audit_.Keep());
  world_now = before;
  EXPECT_EQ(List().size(), 2u);
}

}  // namespace
}  // namespace yima::server::testing
