#include "server/issuance/reclaim.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/resolver/lost_codes.h"
#include "server/resolver/trust_notes.h"
#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t Lost(uint64_t number) { return uint64_t{1} << 32 | number; }

/// A registry in its second epoch, whose first was lost.
class ReclaimTest : public ::testing::Test {
 protected:
  ReclaimTest() {
    EXPECT_TRUE(
        Edit<v1::Registry>(world_, kRegistryId, [](auto& registry) { registry.set_epoch(2); }));
  }

  Plate Sign(uint64_t serial, uint64_t facility = 0) const {
    return SignPlate(world_, serial, facility, *world_.domain().keys.code(1));
  }
  void Ask(const std::string& text, uint64_t facility = 0) {
    auto* plate = request_.add_plates();
    plate->set_text(text);
    plate->set_facility(facility);
  }
  Result<v1::ReclaimCodesResponse> Send(const std::string& id = "reclaim-1") {
    request_.set_request_id(id);
    return methods_.Unary<v1::ReclaimCodesResponse>("IssuanceService/ReclaimCodes", request_);
  }
  /// The reasons, "" for plates that were entered.
  std::vector<std::string> Reasons(const std::string& id = "reclaim-1") {
    std::vector<std::string> reasons;
    const auto response = Send(id);
    if (!response) return {response.error().reason};
    for (const auto& outcome : response->outcomes()) {
      EXPECT_EQ(outcome.entered(), outcome.reason().empty());
      reasons.push_back(outcome.reason());
    }
    return reasons;
  }
  v1::Code CodeOf(uint64_t serial) const {
    return (*Get<v1::Code>(*world_.Read(), serial))->record;
  }
  void Publish(uint64_t serial, v1::CodeState state) {
    ChangeWriter writer(world_.call("test"), "");
    writer.PutUnlogged(store::Kind::kLostCode, serial, 0, LostCodeBytes(state));
    ASSERT_TRUE(Apply(world_, writer));
  }

  World world_;
  Methods methods_{world_};
  const uint64_t bureau_ = world_.AddOrganization("城管局");
  const uint64_t cover_ = world_.AddFacility(1, bureau_);
  const uint64_t lamp_ = world_.AddFacility(2, bureau_);
  v1::ReclaimCodesRequest request_;
};

TEST_F(ReclaimTest, EntersLostCodesBlankOrBoundAndSoundly) {
  Ask(Sign(Lost(1)).text);
  Ask(Sign(Lost(2), cover_).text, cover_);
  Ask(Sign(Lost(3), lamp_).text);
  EXPECT_THAT(Reasons(), ElementsAre("", "", ""));
  EXPECT_EQ(CodeOf(Lost(1)).state(), v1::CODE_STATE_BLANK);
  EXPECT_EQ(CodeOf(Lost(2)).state(), v1::CODE_STATE_ACTIVE);
  EXPECT_EQ(CodeOf(Lost(2)).facility(), cover_);
  EXPECT_EQ(CodeOf(Lost(2)).issue_time_us(), *ParseTime("2026-11-24T00:00:00Z"));
  EXPECT_EQ(CodeOf(Lost(3)).state(), v1::CODE_STATE_BLANK);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ReclaimTest, AnswersARetryAsItDidAndTheSamePlatesAsStanding) {
  Ask(Sign(Lost(1)).text);
  Ask("HTTPS://QR.EXAMPLE.CN/1");
  EXPECT_THAT(Reasons(), ElementsAre("", "PLATE_NOT_AUTHENTIC"));
  const std::string state = world_.State();
  EXPECT_THAT(Reasons(), ElementsAre("", "PLATE_NOT_AUTHENTIC"));
  EXPECT_EQ(world_.State(), state);
  EXPECT_THAT(Reasons("reclaim-2"), ElementsAre("CODE_STANDS", "PLATE_NOT_AUTHENTIC"));
}

TEST_F(ReclaimTest, RefusesWhatIsNotLostAndTellsOfEachByItself) {
  const std::string authentic = Sign(Lost(1)).text;
  std::string forged = authentic;
  forged.back() = forged.back() == '0' ? '1' : '0';
  Ask(forged);
  Ask(authentic);
  Ask(authentic);
  // Of this epoch nothing was lost: whoever signed it has stolen the key.
  Ask(Sign(uint64_t{2} << 32 | 1).text);
  Ask(Sign(Lost(2)).text, 999);
  Ask(Sign(Lost(3), cover_).text, lamp_);
  Ask(Sign(Lost(4), cover_).text, cover_);
  Ask(Sign(Lost(5)).text, cover_);
  EXPECT_THAT(Reasons(),
              ElementsAre("PLATE_NOT_AUTHENTIC", "", "PLATE_REPEATED", "EPOCH_NOT_OVER",
                          "FACILITY_NOT_FOUND", "FACILITY_DIFFERS", "", "FACILITY_HAS_CODE"));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ReclaimTest, TakesOneTo500Plates) {
  EXPECT_EQ(RefusalOf(Send()), (Refusal{StatusCode::kInvalidArgument, "BATCH_SIZE", "plates"}));
  for (uint64_t n = 1; n <= 501; ++n) Ask(fmt::format("{}", n));
  EXPECT_EQ(RefusalOf(Send()), (Refusal{StatusCode::kInvalidArgument, "BATCH_SIZE", "plates"}));
}

TEST_F(ReclaimTest, BringsCodesBackInTheStateThatWasPublished) {
  Publish(Lost(1), v1::CODE_STATE_REVOKED);
  Publish(Lost(2), v1::CODE_STATE_REPLACED);
  Publish(Lost(3), v1::CODE_STATE_SUSPENDED);
  Publish(Lost(4), v1::CODE_STATE_SUSPENDED);
  const auto before = ListOf(*world_.Read());
  ASSERT_TRUE(before);
  EXPECT_EQ(before->suspended.size(), 2);
  // A revoked code takes no place, so the facility may have another.
  Ask(Sign(Lost(1), cover_).text, cover_);
  Ask(Sign(Lost(2)).text);
  Ask(Sign(Lost(3), lamp_).text, lamp_);
  Ask(Sign(Lost(4)).text);
  Ask(Sign(Lost(5), cover_).text, cover_);
  EXPECT_THAT(Reasons(), ElementsAre("", "", "", "", ""));
  EXPECT_EQ(CodeOf(Lost(1)).state(), v1::CODE_STATE_REVOKED);
  EXPECT_EQ(CodeOf(Lost(2)).state(), v1::CODE_STATE_REVOKED);
  EXPECT_EQ(CodeOf(Lost(3)).state(), v1::CODE_STATE_SUSPENDED);
  EXPECT_EQ(CodeOf(Lost(4)).state(), v1::CODE_STATE_REVOKED) << "nobody could resume it";
  EXPECT_EQ(CodeOf(Lost(5)).state(), v1::CODE_STATE_ACTIVE);
  const auto after = ListOf(*world_.Read());
  ASSERT_TRUE(after);
  EXPECT_EQ(after->suspended.size(), 1);
  EXPECT_EQ(after->revoked.size(), 3);
  EXPECT_TRUE(after->replaced.empty());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ReclaimTest, ALostCodeResolvesAsItWasPublished) {
  Publish(Lost(1), v1::CODE_STATE_REVOKED);
  v1::ResolveRequest request;
  request.set_text(Sign(Lost(1)).text);
  const auto answer = methods_.Unary<v1::ResolveResponse>("ResolverService/Resolve", request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->verdict(), v1::VERDICT_AUTHENTIC);
  EXPECT_EQ(answer->state(), v1::CODE_STATE_REVOKED);
  EXPECT_EQ(methods_.resolver().alarms(), 0);
}

TEST_F(ReclaimTest, APlateThatNamesAFacilityIsBoundToNoOther) {
  Ask(Sign(Lost(1), cover_).text);
  ASSERT_THAT(Reasons(), ElementsAre(""));
  v1::BindCodeRequest bind;
  bind.set_request_id("bind-1");
  bind.set_serial(Lost(1));
  bind.set_facility(lamp_);
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::BindCodeResponse>("IssuanceService/BindCode", bind)),
            (Refusal{StatusCode::kFailedPrecondition, "FACILITY_DIFFERS", "facility"}));
  bind.set_facility(cover_);
  EXPECT_TRUE(methods_.Unary<v1::BindCodeResponse>("IssuanceService/BindCode", bind));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(ReclaimTest, WhatIsNoMoreGetsNoCodeBack) {
  const std::string cover = Sign(Lost(1), cover_).text;
  ASSERT_TRUE(Edit<v1::Facility>(world_, cover_, [](auto& f) { f.set_life(v1::LIFE_SCRAPPED); }));
  ASSERT_TRUE(Edit<v1::Facility>(world_, lamp_, [](auto& f) { f.set_life(v1::LIFE_WITHDRAWN); }));
  Ask(cover, cover_);
  Ask(Sign(Lost(2)).text, lamp_);
  EXPECT_THAT(Reasons(), ElementsAre("FACILITY_ENDED", "FACILITY_ENDED"));
  EXPECT_FALSE(*Get<v1::Code>(*world_.Read(), Lost(1)));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
