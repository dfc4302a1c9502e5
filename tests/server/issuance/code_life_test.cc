#include "server/issuance/code_life.h"

#include <functional>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/registry/facility_life.h"
#include "server/resolver/trust_notes.h"
#include "tests/server/findings.h"
#include "tests/server/plates.h"
#include "tests/server/unchanged.h"

namespace yima::server::testing {
namespace {

constexpr auto kInvalid = StatusCode::kInvalidArgument;
constexpr auto kFailed = StatusCode::kFailedPrecondition;
constexpr auto kNotFound = StatusCode::kNotFound;
constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;
/// Above those that signing takes here.
constexpr uint64_t kOther = uint64_t{1} << 32 | 1000;

class CodeLifeTest : public ::testing::Test {
 protected:
  CodeLifeTest() { world_now = *ParseTime("2026-11-24T08:00:00Z"); }
  ~CodeLifeTest() override { world_now = *ParseTime("2026-11-24T08:00:00Z"); }

  Result<v1::SuspendCodeResponse> Suspend(uint64_t serial, std::string id = "") {
    return Send<v1::SuspendCodeResponse, v1::SuspendCodeRequest>("SuspendCode", serial, id);
  }
  Result<v1::ResumeCodeResponse> Resume(uint64_t serial, std::string id = "") {
    return Send<v1::ResumeCodeResponse, v1::ResumeCodeRequest>("ResumeCode", serial, id);
  }
  v1::ReplaceCodeRequest ReplaceOf(uint64_t serial, uint64_t blank = 0) {
    v1::ReplaceCodeRequest request;
    request.set_request_id(fmt::format("request-{}", ++requests_));
    request.set_serial(serial);
    request.set_reason(v1::REVOCATION_REASON_DAMAGED);
    request.set_blank(blank);
    return request;
  }
  Result<v1::ReplaceCodeResponse> Replace(const v1::ReplaceCodeRequest& request) {
    return methods_.Unary<v1::ReplaceCodeResponse>("IssuanceService/ReplaceCode", request);
  }
  v1::CodeState StateOf(uint64_t serial) const {
    return (*Get<v1::Code>(*world_.Read(), serial))->record.state();
  }
  uint64_t ActiveCode(uint64_t facility) const {
    return *world_.Read()->Holder(store::Index::kActiveCode, ActiveCodeKey(facility));
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t facility_ = world_.AddFacility(1, bureau_);
  Methods methods_{world_};
  int requests_ = 0;

 private:
  template <typename Response, typename Request>
  Result<Response> Send(std::string_view method, uint64_t serial, const std::string& id) {
    Request request;
    request.set_request_id(id.empty() ? fmt::format("request-{}", ++requests_) : id);
    request.set_serial(serial);
    return methods_.Unary<Response>("IssuanceService/" + std::string(method), request);
  }
};

TEST_F(CodeLifeTest, SuspendsAndResumes) {
  AddPlate(world_, kSerial, facility_);
  const auto suspended = Suspend(kSerial);
  ASSERT_TRUE(suspended) << suspended.error().message;
  EXPECT_EQ(suspended->code().state(), v1::CODE_STATE_SUSPENDED);
  EXPECT_EQ(suspended->code().facility(), facility_);
  EXPECT_EQ(ActiveCode(facility_), 0);
  EXPECT_EQ(ListOf(*world_.Read())->suspended, std::vector{*Serial::FromInteger(kSerial)});
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
  const auto resumed = Resume(kSerial);
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_EQ(resumed->code().state(), v1::CODE_STATE_ACTIVE);
  EXPECT_EQ(resumed->code().etag(), "1-3");
  EXPECT_EQ(ActiveCode(facility_), kSerial);
  EXPECT_TRUE(ListOf(*world_.Read())->suspended.empty());
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

TEST_F(CodeLifeTest, TheSameAgainIsTheSameAnswer) {
  AddPlate(world_, kSerial, facility_);
  const auto first = Suspend(kSerial, "once");
  ASSERT_TRUE(first);
  std::string state = world_.State();
  EXPECT_EQ(Suspend(kSerial, "once")->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(Suspend(kSerial)->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(world_.State(), state);
  const auto resumed = Resume(kSerial);
  ASSERT_TRUE(resumed);
  state = world_.State();
  EXPECT_EQ(Resume(kSerial)->SerializeAsString(), resumed->SerializeAsString());
  // The old request does not act a second time.
  EXPECT_EQ(Suspend(kSerial, "once")->code().state(), v1::CODE_STATE_ACTIVE);
  EXPECT_EQ(world_.State(), state);
}

TEST_F(CodeLifeTest, OnlyWhatIsInForceIsSuspendedAndOnlyWhatIsSuspendedResumed) {
  AddPlate(world_, kSerial, 0);
  AddPlate(world_, kSerial + 1, facility_, v1::CODE_STATE_REVOKED);
  AddPlate(world_, kSerial + 2, facility_, v1::CODE_STATE_REPLACED, kSerial + 3);
  AddPlate(world_, kSerial + 3, facility_);
  for (const uint64_t serial : {kSerial, kSerial + 1, kSerial + 2}) {
    RefusesUnchanged(world_, [&] { return Suspend(serial); },
                     {kFailed, "CODE_NOT_ACTIVE", "serial"});
    RefusesUnchanged(world_, [&] { return Resume(serial); },
                     {kFailed, "CODE_NOT_SUSPENDED", "serial"});
  }
  RefusesUnchanged(world_, [&] { return Suspend(0); }, {kNotFound, "CODE_NOT_FOUND", "serial"});
  RefusesUnchanged(world_, [&] { return Resume(UINT64_MAX); },
                   {kNotFound, "CODE_NOT_FOUND", "serial"});
  RefusesUnchanged(world_, [&] { return Suspend(kSerial, "a b"); },
                   {kInvalid, "REQUEST_ID_MALFORMED", "request_id"});
}

TEST_F(CodeLifeTest, AnotherCodeMayStandInForASuspendedOne) {
  AddPlate(world_, kSerial, facility_);
  ASSERT_TRUE(Suspend(kSerial));
  AddPlate(world_, kOther, 0);
  v1::BindCodeRequest bind;
  bind.set_request_id("bind");
  bind.set_serial(kOther);
  bind.set_facility(facility_);
  ASSERT_TRUE(methods_.Unary<v1::BindCodeResponse>("IssuanceService/BindCode", bind));
  RefusesUnchanged(world_, [&] { return Resume(kSerial); },
                   {kFailed, "FACILITY_HAS_CODE", "serial"});
  RefusesUnchanged(world_, [&] { return Replace(ReplaceOf(kSerial)); },
                   {kFailed, "FACILITY_HAS_CODE", "serial"});
  ASSERT_TRUE(Suspend(kOther));
  EXPECT_TRUE(Resume(kSerial));
  EXPECT_EQ(ActiveCode(facility_), kSerial);
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

TEST_F(CodeLifeTest, ReplacesByANewCode) {
  AddPlate(world_, kOther, facility_);
  const auto answer = Replace(ReplaceOf(kOther));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->code().state(), v1::CODE_STATE_ACTIVE);
  EXPECT_EQ(answer->code().facility(), facility_);
  EXPECT_EQ(answer->code().facility_code(), "14050201001000001");
  EXPECT_EQ(answer->code().bind_time_us(), world_now);
  EXPECT_EQ(answer->replaced().serial(), kOther);
  EXPECT_EQ(answer->replaced().state(), v1::CODE_STATE_REPLACED);
  EXPECT_EQ(answer->replaced().reason(), v1::REVOCATION_REASON_DAMAGED);
  EXPECT_EQ(answer->replaced().successor(), answer->code().serial());
  EXPECT_EQ(ActiveCode(facility_), answer->code().serial());
  EXPECT_EQ(ListOf(*world_.Read())->replaced, std::vector{*Serial::FromInteger(kOther)});
  EXPECT_EQ(Verifier(world_.trust()).Judge(answer->code().text()).verdict, Verdict::kAuthentic);
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

TEST_F(CodeLifeTest, ReplacesByABlankPlate) {
  AddPlate(world_, kSerial, facility_);
  const Plate blank = AddPlate(world_, kOther, 0);
  const auto request = ReplaceOf(kSerial, kOther);
  const auto answer = Replace(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->code().text(), blank.text);
  EXPECT_EQ(answer->code().facility(), facility_);
  EXPECT_EQ(answer->code().state(), v1::CODE_STATE_ACTIVE);
  EXPECT_EQ(answer->replaced().successor(), kOther);
  EXPECT_EQ(ActiveCode(facility_), kOther);
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
  const std::string state = world_.State();
  EXPECT_EQ(Replace(request)->SerializeAsString(), answer->SerializeAsString());
  EXPECT_EQ(Replace(ReplaceOf(kSerial, kOther))->SerializeAsString(), answer->SerializeAsString());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(CodeLifeTest, ReplacesASuspendedCodeToo) {
  AddPlate(world_, kOther, facility_);
  ASSERT_TRUE(Suspend(kOther));
  const auto answer = Replace(ReplaceOf(kOther));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(StateOf(kOther), v1::CODE_STATE_REPLACED);
  EXPECT_EQ(ActiveCode(facility_), answer->code().serial());
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

TEST_F(CodeLifeTest, ARetriedReplacementSignsOnce) {
  AddPlate(world_, kOther, facility_);
  const auto request = ReplaceOf(kOther);
  const auto first = Replace(request);
  ASSERT_TRUE(first);
  const std::string state = world_.State();
  EXPECT_EQ(Replace(request)->SerializeAsString(), first->SerializeAsString());
  RefusesUnchanged(world_, [&] { return Replace(ReplaceOf(kOther)); },
                   {kFailed, "CODE_REVOKED", "serial"});
  auto other = request;
  other.set_reason(v1::REVOCATION_REASON_LOST);
  RefusesUnchanged(world_, [&] { return Replace(other); },
                   {kFailed, "REQUEST_ID_REUSED", "request_id"});
  EXPECT_EQ(world_.State(), state);
}

TEST_F(CodeLifeTest, BadReplacementsAreRefused) {
  const uint64_t second = world_.AddFacility(2, bureau_);
  AddPlate(world_, kSerial, facility_);
  AddPlate(world_, kSerial + 1, 0);
  AddPlate(world_, kSerial + 2, second);
  AddPlate(world_, kSerial + 3, facility_, v1::CODE_STATE_REVOKED);
  AddPlate(world_, kSerial + 4, 0, v1::CODE_STATE_REVOKED);
  const auto refuses = [&](const v1::ReplaceCodeRequest& request, const Refusal& refusal) {
    RefusesUnchanged(
        world_, [&] { return Replace(request); }, refusal);
  };
  auto request = ReplaceOf(kSerial);
  request.clear_request_id();
  refuses(request, {kInvalid, "REQUEST_ID_MISSING", "request_id"});
  request = ReplaceOf(kSerial);
  request.clear_reason();
  refuses(request, {kInvalid, "REVOCATION_REASON_MISSING", "reason"});
  request.set_reason(static_cast<v1::RevocationReason>(99));
  refuses(request, {kInvalid, "REVOCATION_REASON_MISSING", "reason"});
  request.set_reason(v1::REVOCATION_REASON_SCRAPPED);
  refuses(request, {kInvalid, "REASON_NOT_FOR_REPLACING", "reason"});
  request.set_reason(v1::REVOCATION_REASON_MISISSUED);
  refuses(request, {kInvalid, "REASON_NOT_FOR_REPLACING", "reason"});
  refuses(ReplaceOf(0), {kNotFound, "CODE_NOT_FOUND", "serial"});
  refuses(ReplaceOf(kSerial + 1), {kFailed, "CODE_BLANK", "serial"});
  refuses(ReplaceOf(kSerial + 3), {kFailed, "CODE_REVOKED", "serial"});
  refuses(ReplaceOf(kSerial, kSerial), {kFailed, "CODE_BOUND", "blank"});
  refuses(ReplaceOf(kSerial, kSerial + 2), {kFailed, "CODE_BOUND", "blank"});
  refuses(ReplaceOf(kSerial, kSerial + 4), {kFailed, "CODE_REVOKED", "blank"});
  refuses(ReplaceOf(kSerial, 4242), {kNotFound, "CODE_NOT_FOUND", "blank"});
}

TEST_F(CodeLifeTest, WhatCannotBeSignedReplacesNothing) {
  AddPlate(world_, kOther, facility_);
  ASSERT_TRUE(Replace(ReplaceOf(kOther)));
  const uint64_t active = ActiveCode(facility_);
  world_now = *ParseTime("2026-11-23T08:00:00Z");
  RefusesUnchanged(world_, [&] { return Replace(ReplaceOf(active)); },
                   {kFailed, "CLOCK_BACKWARDS", ""});
  world_now = *ParseTime("2100-01-01T08:00:00Z");
  RefusesUnchanged(world_, [&] { return Replace(ReplaceOf(active)); },
                   {kFailed, "NO_VALID_KEY", ""});
}

TEST_F(CodeLifeTest, AFacilityWithoutACodeKeepsItsPlate) {
  AddPlate(world_, kOther, facility_);
  ASSERT_TRUE(
      Edit<v1::Facility>(world_, facility_, [](auto& facility) { facility.clear_codes(); }));
  RefusesUnchanged(world_, [&] { return Replace(ReplaceOf(kOther)); },
                   {kFailed, "FACILITY_WITHOUT_CODE", "serial"});
}

TEST_F(CodeLifeTest, ManyWhoReplaceAtOnceLeaveOneCodeInForce) {
  AddPlate(world_, kOther, facility_);
  constexpr size_t kCrews = 8;
  std::vector<v1::ReplaceCodeRequest> requests;
  for (size_t i = 0; i < kCrews; ++i) {
    requests.push_back(ReplaceOf(kOther, i % 2 == 0 ? 0 : kOther + 1 + i));
    if (i % 2 == 1) AddPlate(world_, kOther + 1 + i, 0);
  }
  std::vector<Result<v1::ReplaceCodeResponse>> answers(kCrews, v1::ReplaceCodeResponse());
  std::vector<std::thread> crews;
  for (size_t i = 0; i < kCrews; ++i) {
    crews.emplace_back([&, i] { answers[i] = Replace(requests[i]); });
  }
  for (auto& crew : crews) crew.join();
  uint64_t taken = 0;
  for (const auto& answer : answers) {
    if (answer) {
      EXPECT_EQ(taken, 0) << "replaced twice";
      taken = answer->code().serial();
    } else {
      EXPECT_EQ(RefusalOf(answer), (Refusal{kFailed, "CODE_REVOKED", "serial"}));
    }
  }
  EXPECT_EQ(ActiveCode(facility_), taken);
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

TEST_F(CodeLifeTest, ResumingAndReplacingAtOnceLeaveOneCodeInForce) {
  for (uint32_t round = 0; round < 20; ++round) {
    const uint64_t facility = world_.AddFacility(100 + round, bureau_);
    const uint64_t old_serial = kOther + 2 * round;
    AddPlate(world_, old_serial, facility, v1::CODE_STATE_SUSPENDED);
    AddPlate(world_, old_serial + 1, 0);
    v1::BindCodeRequest bind;
    bind.set_request_id(fmt::format("bind-{}", round));
    bind.set_serial(old_serial + 1);
    bind.set_facility(facility);
    std::thread crew([&] {
      static_cast<void>(methods_.Unary<v1::BindCodeResponse>("IssuanceService/BindCode", bind));
    });
    static_cast<void>(Resume(old_serial, fmt::format("resume-{}", round)));
    crew.join();
    EXPECT_NE(StateOf(old_serial) == v1::CODE_STATE_ACTIVE,
              StateOf(old_serial + 1) == v1::CODE_STATE_ACTIVE);
  }
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

class EndedFacilityTest : public CodeLifeTest {
 protected:
  Result<Planned> PlanRetire() {
    v1::RetireFacilityRequest request;
    request.set_request_id("retire");
    request.set_facility(facility_);
    request.set_date("2026-11-24");
    request.mutable_basis()->set_kind("报废单");
    request.mutable_basis()->set_number("1");
    return PlanRetireFacility(world_.domain(), world_.call("test"), request, *world_.Read());
  }
  bool Commit(Result<Planned> planned) {
    return planned && std::holds_alternative<store::Committed>(
                          store::ApplyAndWait(world_.store(), std::move(planned->change)));
  }
};

TEST_F(EndedFacilityTest, ACodeSuspendedBesideTheScrappingIsNeitherResumedNorReplaced) {
  auto retire = PlanRetire();
  AddPlate(world_, kSerial, facility_);
  ASSERT_TRUE(Suspend(kSerial));
  ASSERT_TRUE(Commit(std::move(retire)));
  RefusesUnchanged(world_, [&] { return Resume(kSerial); }, {kFailed, "FACILITY_ENDED", "serial"});
  const uint64_t blank = AddPlate(world_, kOther, 0).serial;
  for (const uint64_t with : {uint64_t{0}, blank}) {
    RefusesUnchanged(world_, [&] { return Replace(ReplaceOf(kSerial, with)); },
                     {kFailed, "FACILITY_ENDED", "serial"});
  }
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

TEST_F(EndedFacilityTest, ACodeResumedBesideTheScrappingStaysSuspended) {
  auto retire = PlanRetire();
  AddPlate(world_, kSerial, facility_, v1::CODE_STATE_SUSPENDED);
  v1::ResumeCodeRequest request;
  request.set_request_id("resume");
  request.set_serial(kSerial);
  auto resume = PlanResumeCode(world_.domain(), world_.call("test"), request, *world_.Read());
  ASSERT_TRUE(resume);
  ASSERT_TRUE(Commit(std::move(retire)));
  EXPECT_FALSE(Commit(std::move(resume)));
  EXPECT_EQ(StateOf(kSerial), v1::CODE_STATE_SUSPENDED);
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
