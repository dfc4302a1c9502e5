#include <utility>

#include "server/domain/batch_items.h"
#include "server/rights/reorganize.h"
#include "tests/server/rights/reorganization.h"

namespace yima::server::testing {
namespace {

/// More facilities of the water company than are under way at a time, so that a reorganization can
/// be broken off and gone on with.
class ReorganizeManyTest : public ReorganizeTest {
 protected:
  static constexpr uint32_t kMany = 5 * kBatchChunk;

  std::vector<uint64_t> AddMany() {
    std::vector<uint64_t> facilities;
    for (uint32_t n = 2; n <= kMany; ++n) {
      facilities.push_back(world_.AddFacility(n, bureau_, water_));
    }
    return facilities;
  }
  /// Asks for what is cancelled once the first are dealt with.
  void BreakOff(const v1::ReorganizeRequest& request) {
    bool stop = false;
    const auto broken = Ask(
        request,
        [&](const v1::ReorganizeResponse&) -> Result<void> {
          stop = true;
          return {};
        },
        [&] { return stop; });
    ASSERT_EQ(RefusalOf(broken), (Refusal{StatusCode::kUnavailable, "CALL_ENDED", ""}));
  }
  /// Asks for it again; what it says at its end.
  v1::RightsProgress GoOn(const v1::ReorganizeRequest& request) {
    const auto answers = Ask(request);
    EXPECT_TRUE(answers) << answers.error().message;
    return answers ? answers->back().progress() : v1::RightsProgress();
  }

  /// But the first one, facility_.
  const std::vector<uint64_t> facilities_ = AddMany();
};

TEST_F(ReorganizeManyTest, SplitLeavesWhatItsFilterNoLongerFinds) {
  const auto split = Split(power_);
  const uint64_t last = facilities_.back();
  bool moved = false;
  const auto done = Ask(split, [&](const v1::ReorganizeResponse&) -> Result<void> {
    if (std::exchange(moved, true)) return {};
    EditFacility(last, [](auto& facility) { facility.set_division("140521"); });
    return {};
  });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->back().progress().unchanged(), 1u);
  EXPECT_EQ(Owning(last).holder(), water_);
  EXPECT_EQ(Owning(facility_).holder(), power_);
  ExpectSound();
}

TEST_F(ReorganizeManyTest, InterruptedItGoesOnAndTakesWhatOthersMovedMeanwhile) {
  const auto request = Request(v1::REORGANIZATION_KIND_MERGE, power_);
  BreakOff(request);
  EXPECT_EQ(Water().state(), v1::ORGANIZATION_STATE_MERGED) << "its record changes first";
  EXPECT_EQ(Owning(facilities_.back()).holder(), water_);
  EditFacility(facilities_.back(), [](auto& facility) { facility.set_address("moved"); });
  const uint64_t late = world_.AddFacility(9000, bureau_, water_);
  const v1::RightsProgress progress = GoOn(request);
  EXPECT_EQ(progress.changed(), kMany);
  EXPECT_EQ(progress.moved(), 0u);
  EXPECT_EQ(Owning(facilities_.back()).holder(), power_);
  EXPECT_EQ(world_.Facility(facilities_.back()).address(), "moved");
  EXPECT_EQ(Owning(late).holder(), power_) << "given by who had read it while it still acted";
  ExpectSound();
  const std::string state = world_.State();
  ASSERT_TRUE(Ask(request));
  EXPECT_EQ(world_.State(), state);
}

TEST_F(ReorganizeManyTest, WhoFollowsTheSuccessorGetsTheRest) {
  const auto request = Request(v1::REORGANIZATION_KIND_MERGE, power_);
  BreakOff(request);
  ASSERT_EQ(Owning(facilities_.back()).holder(), water_);
  ASSERT_TRUE(Ask(Of(power_, v1::REORGANIZATION_KIND_MERGE, bureau_)));
  GoOn(request);
  EXPECT_EQ(Owning(facilities_.front()).holder(), bureau_);
  EXPECT_EQ(Owning(facilities_.back()).holder(), bureau_);
  ExpectSound();
}

TEST_F(ReorganizeManyTest, WhoWasSplitOffBeforeDoesNotFollow) {
  // Power was split into the bureau, which came back to it; then another one follows power.
  auto split = Split(bureau_);
  split.set_organization(power_);
  ASSERT_TRUE(Ask(split));
  const auto request = Request(v1::REORGANIZATION_KIND_MERGE, power_);
  BreakOff(request);
  const uint64_t heir = world_.AddOrganization("城区管网公司");
  ASSERT_TRUE(Ask(Of(bureau_, v1::REORGANIZATION_KIND_MERGE, power_)));
  ASSERT_TRUE(Ask(Of(power_, v1::REORGANIZATION_KIND_MERGE, heir)));
  GoOn(request);
  EXPECT_EQ(Record<v1::Organization>(power_).follower(), heir);
  EXPECT_EQ(Owning(facilities_.back()).holder(), heir);
  ExpectSound();
}

TEST_F(ReorganizeManyTest, NobodyGetsTheRestWhenTheSuccessorIsDissolved) {
  auto split = Split(bureau_);
  split.set_organization(power_);
  ASSERT_TRUE(Ask(split));
  const auto request = Request(v1::REORGANIZATION_KIND_MERGE, power_);
  BreakOff(request);
  ASSERT_TRUE(Ask(Of(power_, v1::REORGANIZATION_KIND_DISSOLVE)));
  GoOn(request);
  EXPECT_EQ(Record<v1::Organization>(power_).follower(), 0u);
  EXPECT_EQ(Owning(facilities_.back()).holder(), 0u);
  EXPECT_EQ(Owning(facilities_.back()).state(), v1::RIGHT_STATE_OWNERLESS);
  ExpectSound();
}

TEST_F(ReorganizeManyTest, WhatASplitHadNotReachedStaysWhenNobodyFollowsItsSuccessor) {
  const uint64_t last = facilities_.back();
  const uint64_t claim = StandClaim(last, water_);
  const auto split = Split(power_);
  BreakOff(split);
  EditFacility(facilities_[facilities_.size() - 2],
               [](auto& facility) { facility.set_division("140602"); });
  ASSERT_TRUE(Ask(Of(power_, v1::REORGANIZATION_KIND_DISSOLVE)));
  const v1::RightsProgress progress = GoOn(split);
  EXPECT_GT(progress.refused(), 0u);
  EXPECT_GT(progress.unchanged(), 0u) << "what left the division meanwhile";
  EXPECT_EQ(Owning(last).holder(), water_);
  EXPECT_EQ(Record<v1::Claim>(claim).state(), v1::CLAIM_STATE_OPEN);
  EXPECT_EQ(Owning(facilities_.front()).holder(), 0u) << "what went over nobody has";
  ExpectSound();
}

TEST_F(ReorganizeManyTest, AnInterruptedSplitComesToItsEndAfterTheOrganizationEnded) {
  const auto split = Split(power_);
  BreakOff(split);
  ASSERT_TRUE(Ask(Of(water_, v1::REORGANIZATION_KIND_MERGE, bureau_)));
  const v1::RightsProgress progress = GoOn(split);
  EXPECT_EQ(Owning(facilities_.front()).holder(), power_);
  EXPECT_EQ(Owning(facilities_.back()).holder(), bureau_);
  const auto batch = Record<v1::Batch>(progress.batch());
  EXPECT_EQ(batch.state(), v1::BATCH_STATE_DONE);
  ExpectSound();
}

TEST_F(ReorganizeManyTest, APartThatCameBackTakesNothingAway) {
  const uint64_t last = facilities_.back();
  const uint64_t claim = StandClaim(last, water_);
  const auto split = Split(power_);
  BreakOff(split);
  ASSERT_TRUE(Ask(Of(power_, v1::REORGANIZATION_KIND_MERGE, water_)));
  GoOn(split);
  EXPECT_EQ(Record<v1::Claim>(claim).state(), v1::CLAIM_STATE_OPEN);
  EXPECT_EQ(Owning(last).holder(), water_);
  EXPECT_EQ(Owning(facilities_.front()).holder(), water_);
  ExpectSound();
}

}  // namespace
}  // namespace yima::server::testing
