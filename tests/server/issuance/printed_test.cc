#include "server/issuance/printed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"
#include "tests/server/unchanged.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t Serial(uint64_t number) { return uint64_t{1} << 32 | number; }

class MarkPrintedTest : public ::testing::Test {
 protected:
  MarkPrintedTest() {
    for (uint64_t number = 1; number <= 3; ++number) AddPlate(world_, Serial(number), 0);
  }
  Result<v1::MarkPrintedResponse> Mark(const std::string& id, const std::vector<uint64_t>& serials,
                                       v1::ReprintReason reason = v1::REPRINT_REASON_UNSPECIFIED) {
    v1::MarkPrintedRequest request;
    request.set_request_id(id);
    request.mutable_serials()->Add(serials.begin(), serials.end());
    request.set_reprint_reason(reason);
    return methods_.Unary<v1::MarkPrintedResponse>("IssuanceService/MarkPrinted", request);
  }
  v1::IssuedCode Code(uint64_t serial) {
    v1::GetCodeRequest request;
    request.set_serial(serial);
    return methods_.Unary<v1::GetCodeResponse>("IssuanceService/GetCode", request)->code();
  }
  std::vector<uint64_t> Listed(v1::PrintedFilter printed) {
    v1::ListCodesRequest request;
    request.mutable_filter()->set_printed(printed);
    const auto page = methods_.Unary<v1::ListCodesResponse>("IssuanceService/ListCodes", request);
    std::vector<uint64_t> serials;
    for (const auto& code : page->codes()) serials.push_back(code.serial());
    return serials;
  }

  World world_;
  Methods methods_{world_};
};

TEST_F(MarkPrintedTest, CountsAndTellsWhen) {
  const auto marked = Mark("print-1", {Serial(1), Serial(2)});
  ASSERT_TRUE(marked) << marked.error().message;
  EXPECT_EQ(marked->marked(), 2u);
  EXPECT_EQ(Code(Serial(1)).prints(), 1u);
  EXPECT_EQ(Code(Serial(1)).print_time_us(), world_now);
  EXPECT_EQ(Code(Serial(3)).prints(), 0u);
  EXPECT_THAT(Listed(v1::PRINTED_FILTER_PRINTED), ElementsAre(Serial(1), Serial(2)));
  EXPECT_THAT(Listed(v1::PRINTED_FILTER_UNPRINTED), ElementsAre(Serial(3)));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(MarkPrintedTest, AnswersARetryAndCountsItOnce) {
  ASSERT_TRUE(Mark("print-1", {Serial(1)}));
  const auto again = Mark("print-1", {Serial(1)});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->marked(), 1u);
  EXPECT_EQ(Code(Serial(1)).prints(), 1u);
}

TEST_F(MarkPrintedTest, RefusesAReprintWithoutAReasonAndNamesThePlates) {
  ASSERT_TRUE(Mark("print-1", {Serial(1), Serial(2)}));
  RefusesUnchanged(world_,
                   [&] {
                     return Mark("print-2", {Serial(1), Serial(2), Serial(3)});
                   },
                   {StatusCode::kFailedPrecondition, "ALREADY_PRINTED", "reprint_reason"});
  const auto refused = Mark("print-3", {Serial(1), Serial(2), Serial(3)});
  EXPECT_THAT(refused.error().message, HasSubstr("4294967297, 4294967298;"));
}

TEST_F(MarkPrintedTest, KeepsTheReasonOfThoseThatWerePrintedBefore) {
  ASSERT_TRUE(Mark("print-1", {Serial(1)}));
  ASSERT_TRUE(Mark("print-2", {Serial(1), Serial(2)}, v1::REPRINT_REASON_WORN));
  EXPECT_EQ(Code(Serial(1)).prints(), 2u);
  EXPECT_EQ(Code(Serial(1)).reprint_reason(), v1::REPRINT_REASON_WORN);
  EXPECT_EQ(Code(Serial(2)).prints(), 1u);
  EXPECT_EQ(Code(Serial(2)).reprint_reason(), v1::REPRINT_REASON_UNSPECIFIED);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(MarkPrintedTest, RefusesWhatCannotBePrinted) {
  AddPlate(world_, Serial(4), 0, v1::CODE_STATE_REVOKED);
  const StatusCode invalid = StatusCode::kInvalidArgument;
  RefusesUnchanged(world_, [&] { return Mark("a", {Serial(4)}); },
                   {StatusCode::kFailedPrecondition, "CODE_REVOKED", "serials[0]"});
  RefusesUnchanged(world_,
                   [&] {
                     return Mark("b", {Serial(1), Serial(9)});
                   },
                   {StatusCode::kNotFound, "CODE_NOT_FOUND", "serials[1]"});
  RefusesUnchanged(world_,
                   [&] {
                     return Mark("c", {Serial(1), Serial(1)});
                   },
                   {invalid, "PLATE_REPEATED", "serials[1]"});
  RefusesUnchanged(world_, [&] { return Mark("d", {}); }, {invalid, "BATCH_SIZE", "serials"});
  RefusesUnchanged(world_, [&] { return Mark("e", std::vector<uint64_t>(1001, Serial(1))); },
                   {invalid, "BATCH_SIZE", "serials"});
  RefusesUnchanged(world_,
                   [&] { return Mark("f", {Serial(1)}, static_cast<v1::ReprintReason>(99)); },
                   {invalid, "ENUM_UNKNOWN", "reprint_reason"});
}

TEST_F(MarkPrintedTest, RefusesOthersPlatesOutsideTheReach) {
  v1::Grant grant;
  grant.add_divisions("140521");
  auto reach = std::make_shared<Reach>();
  reach->Add(grant);
  world_.reach = reach;
  RefusesUnchanged(world_, [&] { return Mark("print-1", {Serial(1)}); },
                   {StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "serials[0]"});
}

TEST_F(MarkPrintedTest, OnlyBlankPlatesAreSpoiled) {
  const uint64_t facility = world_.AddFacility(1, world_.AddOrganization("城管局"));
  AddPlate(world_, Serial(5), facility);
  v1::RevokeCodeRequest request;
  request.set_request_id("spoil");
  request.set_serial(Serial(5));
  request.set_reason(v1::REVOCATION_REASON_SPOILED);
  const auto ask = [&] {
    return methods_.Unary<v1::RevokeCodeResponse>("IssuanceService/RevokeCode", request);
  };
  RefusesUnchanged(world_, ask, {StatusCode::kFailedPrecondition, "CODE_BOUND", "reason"});
  request.set_serial(Serial(1));
  const auto spoiled = ask();
  ASSERT_TRUE(spoiled) << spoiled.error().message;
  EXPECT_EQ(spoiled->code().reason(), v1::REVOCATION_REASON_SPOILED);
}

}  // namespace
}  // namespace yima::server::testing
