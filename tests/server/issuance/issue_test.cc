#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/code/verifier.h"
#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

constexpr auto kInvalid = StatusCode::kInvalidArgument;
constexpr auto kFailed = StatusCode::kFailedPrecondition;

class IssueTest : public ::testing::Test {
 protected:
  Result<std::vector<v1::IssueCodesResponse>> Issue(const v1::IssueCodesRequest& request) {
    return methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", request);
  }
  v1::IssueCodesRequest One(uint64_t facility, std::string request_id = "issue-1") const {
    v1::IssueCodesRequest request;
    request.set_request_id(std::move(request_id));
    request.set_facility(facility);
    return request;
  }
  v1::IssueCodesRequest All(std::string request_id = "issue-1") const {
    v1::IssueCodesRequest request;
    request.set_request_id(std::move(request_id));
    request.mutable_filter()->add_divisions("140502");
    return request;
  }
  static std::vector<v1::IssuedCode> CodesOf(const std::vector<v1::IssueCodesResponse>& answers) {
    std::vector<v1::IssuedCode> codes;
    for (const auto& answer : answers) {
      codes.insert(codes.end(), answer.codes().begin(), answer.codes().end());
    }
    return codes;
  }
  void RefusesUnchanged(const v1::IssueCodesRequest& request, const Refusal& refusal) {
    const std::string state = world_.State();
    EXPECT_EQ(RefusalOf(Issue(request)), refusal);
    EXPECT_EQ(world_.State(), state);
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  Methods methods_{world_};
};

TEST_F(IssueTest, CodeOfOneFacilityIsAuthenticAndActive) {
  const uint64_t facility = world_.AddFacility(1, bureau_);
  const auto answers = Issue(One(facility));
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_NE(answers->front().batch(), 0);
  EXPECT_EQ(answers->front().total(), 1);
  const auto codes = CodesOf(*answers);
  ASSERT_EQ(codes.size(), 1);
  EXPECT_EQ(codes[0].state(), v1::CODE_STATE_ACTIVE);
  EXPECT_EQ(codes[0].facility(), facility);
  EXPECT_EQ(codes[0].facility_code(), "14050201001000001");
  EXPECT_EQ(codes[0].etag(), "1-1");
  const Judgement judgement = Verifier(world_.trust()).Judge(codes[0].text());
  EXPECT_EQ(judgement.verdict, Verdict::kAuthentic);
  EXPECT_EQ(judgement.payload->serial.value(), codes[0].serial());
  v1::ResolveRequest resolve;
  resolve.set_text(codes[0].text());
  EXPECT_EQ(methods_.resolver().Resolve(resolve, *world_.Read())->state(), v1::CODE_STATE_ACTIVE);
}

TEST_F(IssueTest, FilterIssuesInOrderOfTheFacilitiesWithRisingSerials) {
  std::vector<uint64_t> facilities;
  for (uint32_t number = 1; number <= 1203; ++number) {
    facilities.push_back(world_.AddFacility(number, bureau_));
  }
  const auto answers = Issue(All());
  ASSERT_TRUE(answers) << answers.error().message;
  const auto codes = CodesOf(*answers);
  ASSERT_EQ(codes.size(), facilities.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    EXPECT_EQ(codes[i].facility(), facilities[i]);
    EXPECT_TRUE(Serial::FromInteger(codes[i].serial())->IsUsable());
    EXPECT_TRUE(i == 0 || codes[i].serial() > codes[i - 1].serial());
  }
  EXPECT_EQ(answers->back().skipped(), 0);
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

TEST_F(IssueTest, BlankPlatesAreSignedForNoFacility) {
  v1::IssueCodesRequest request;
  request.set_request_id("issue-1");
  request.set_blank(700);
  const auto answers = Issue(request);
  ASSERT_TRUE(answers) << answers.error().message;
  const auto codes = CodesOf(*answers);
  ASSERT_EQ(codes.size(), 700);
  std::set<std::string> texts;
  for (const auto& code : codes) {
    EXPECT_EQ(code.state(), v1::CODE_STATE_BLANK);
    EXPECT_EQ(code.facility_code(), "");
    EXPECT_EQ(code.scheme(), 0);
    texts.insert(code.text());
  }
  EXPECT_EQ(texts.size(), 700);
}

TEST_F(IssueTest, FilterLeavesOutFacilitiesThatHaveACode) {
  const uint64_t coded = world_.AddFacility(1, bureau_);
  ASSERT_TRUE(Issue(One(coded)));
  const uint64_t other = world_.AddFacility(2, bureau_);
  const auto codes = CodesOf(*Issue(All("issue-2")));
  ASSERT_EQ(codes.size(), 1);
  EXPECT_EQ(codes[0].facility(), other);
}

TEST_F(IssueTest, FilterThatFindsNothingIssuesNothing) {
  const std::string state = world_.State();
  const auto answers = Issue(All());
  ASSERT_TRUE(answers);
  ASSERT_EQ(answers->size(), 1);
  EXPECT_EQ(answers->front().total(), 0);
  EXPECT_EQ(world_.State(), state);
}

TEST_F(IssueTest, RevokedCodeMakesRoomForAnother) {
  const uint64_t facility = world_.AddFacility(1, bureau_);
  v1::RevokeCodeRequest revoke;
  revoke.set_request_id("revoke-1");
  revoke.set_serial(CodesOf(*Issue(One(facility)))[0].serial());
  revoke.set_reason(v1::REVOCATION_REASON_LOST);
  ASSERT_TRUE(methods_.Unary<v1::RevokeCodeResponse>("IssuanceService/RevokeCode", revoke));
  const auto again = Issue(One(facility, "issue-2"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_NE(CodesOf(*again)[0].serial(), revoke.serial());
}

TEST_F(IssueTest, BadTargetsAreRefused) {
  v1::IssueCodesRequest request;
  RefusesUnchanged(request, {kInvalid, "REQUEST_ID_MISSING", "request_id"});
  request.set_request_id("issue-1");
  RefusesUnchanged(request, {kInvalid, "TARGET_MISSING", "target"});
  for (const uint64_t blank : {uint64_t{0}, uint64_t{10'000'001}, UINT64_MAX}) {
    request.set_blank(blank);
    RefusesUnchanged(request, {kInvalid, "BLANK_COUNT_OUT_OF_RANGE", "blank"});
  }
  RefusesUnchanged(One(0), {StatusCode::kNotFound, "FACILITY_NOT_FOUND", "facility"});
  RefusesUnchanged(One(7), {StatusCode::kNotFound, "FACILITY_NOT_FOUND", "facility"});
}

TEST_F(IssueTest, FacilityWithAnActiveCodeIsRefusedWhenNamedAlone) {
  const uint64_t facility = world_.AddFacility(1, bureau_);
  ASSERT_TRUE(Issue(One(facility)));
  RefusesUnchanged(One(facility, "issue-2"), {kFailed, "FACILITY_HAS_CODE", "facility"});
}

TEST_F(IssueTest, FacilityWithoutACodeToSignIsRefusedWhenNamedAlone) {
  const uint64_t facility = world_.AddFacility(1, bureau_);
  Edit<v1::Facility>(world_, facility, [](v1::Facility& record) { record.clear_codes(); });
  RefusesUnchanged(One(facility), {kFailed, "FACILITY_WITHOUT_CODE", "facility"});
}

TEST_F(IssueTest, AnotherRequestUnderTheSameIdIsRefused) {
  ASSERT_TRUE(Issue(One(world_.AddFacility(1, bureau_))));
  RefusesUnchanged(One(world_.AddFacility(2, bureau_)),
                   {kFailed, "REQUEST_ID_REUSED", "request_id"});
  RefusesUnchanged(All(), {kFailed, "REQUEST_ID_REUSED", "request_id"});
}

/// The world's clock is shared by all worlds of the process.
class ClockTest : public IssueTest {
 protected:
  ~ClockTest() override { world_now = before_; }
  static constexpr TimeUs kDay = TimeUs{86'400} * 1'000'000;
  const TimeUs before_ = world_now;
};

TEST_F(ClockTest, RunningBackwardsPastTheLastIssueDayStopsSigning) {
  ASSERT_TRUE(Issue(One(world_.AddFacility(1, bureau_))));
  const uint64_t facility = world_.AddFacility(2, bureau_);
  world_now -= kDay;
  RefusesUnchanged(One(facility, "issue-2"), {kFailed, "CLOCK_BACKWARDS", ""});
  v1::IssueCodesRequest blank;
  blank.set_request_id("issue-3");
  blank.set_blank(1);
  RefusesUnchanged(blank, {kFailed, "CLOCK_BACKWARDS", ""});
  EXPECT_THAT(Issue(blank).error().message, ::testing::HasSubstr("2026-11-23"));
  world_now += kDay;
  EXPECT_TRUE(Issue(One(facility, "issue-2")));
}

TEST_F(ClockTest, DayWithoutAKeySignsNothing) {
  world_now = *ParseTime("2100-01-01T00:00:00Z");
  RefusesUnchanged(One(world_.AddFacility(1, bureau_)), {kFailed, "NO_VALID_KEY", ""});
}

TEST_F(ClockTest, CodesBearTheDayOfTheirSigning) {
  const auto day_of = [](const std::string& text) {
    const auto bytes = DecodeBody(SplitCodeText(text)->digits);
    return DecodePayload(std::span(*bytes).first<kPayloadSize>()).issue_day;
  };
  const auto first = CodesOf(*Issue(One(world_.AddFacility(1, bureau_))));
  world_now += kDay;
  const auto second = CodesOf(*Issue(One(world_.AddFacility(2, bureau_), "issue-2")));
  EXPECT_EQ(day_of(first[0].text()), *ParseDay("2026-11-24"));
  EXPECT_EQ(day_of(second[0].text()), *ParseDay("2026-11-25"));
}

}  // namespace
}  // namespace yima::server::testing
