#include "server/issuance/blank_range.h"

#include <fmt/format.h>
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

/// Ten blank plates, 1 to 10.
class BlankRangeTest : public ::testing::Test {
 protected:
  BlankRangeTest() {
    for (uint64_t number = 1; number <= 10; ++number) AddPlate(world_, Serial(number), 0);
  }
  v1::CreateBlankRangeRequest Asking(const std::string& id, uint64_t first, uint64_t last) const {
    v1::CreateBlankRangeRequest request;
    request.set_request_id(id);
    request.set_contractor(contractor_);
    request.set_first(Serial(first));
    request.set_last(Serial(last));
    request.set_reference("送货单 17");
    return request;
  }
  Result<v1::CreateBlankRangeResponse> Create(const v1::CreateBlankRangeRequest& request) {
    return methods_.Unary<v1::CreateBlankRangeResponse>("IssuanceService/CreateBlankRange",
                                                        request);
  }
  Result<v1::CreateBlankRangeResponse> Create(const std::string& id, uint64_t first,
                                              uint64_t last) {
    return Create(Asking(id, first, last));
  }
  Result<v1::GetBlankRangeResponse> Of(uint64_t range) {
    v1::GetBlankRangeRequest request;
    request.set_range(range);
    return methods_.Unary<v1::GetBlankRangeResponse>("IssuanceService/GetBlankRange", request);
  }
  /// issued, bound, spoiled, missing, out, printed.
  std::vector<uint64_t> Account(uint64_t range) {
    const auto found = Of(range);
    const auto& account = found->account();
    return {account.issued(),  account.bound(), account.spoiled(),
            account.missing(), account.out(),   account.printed()};
  }
  Result<std::vector<v1::CloseBlankRangeResponse>> Close(const std::string& id, uint64_t range) {
    v1::CloseBlankRangeRequest request;
    request.set_request_id(id);
    request.set_range(range);
    return methods_.Stream<v1::CloseBlankRangeResponse>("IssuanceService/CloseBlankRange", request);
  }
  void Revoke(uint64_t number, v1::RevocationReason reason) {
    EXPECT_TRUE(Edit<v1::Code>(world_, Serial(number), [&](auto& code) {
      code.set_state(v1::CODE_STATE_REVOKED);
      code.set_reason(reason);
    }));
  }
  void Bind(uint64_t number) {
    const uint64_t facility = world_.AddFacility(static_cast<uint32_t>(number), bureau_);
    EXPECT_TRUE(Edit<v1::Code>(world_, Serial(number), [&](auto& code) {
      code.set_state(v1::CODE_STATE_ACTIVE);
      code.set_facility(facility);
    }));
  }

  World world_;
  Methods methods_{world_};
  const uint64_t bureau_ = world_.AddOrganization("城管局");
  const uint64_t contractor_ = world_.AddOrganization("安装公司");
};

TEST_F(BlankRangeTest, IsWrittenDownWithItsPlates) {
  Bind(3);
  const auto made = Create("range-1", 1, 5);
  ASSERT_TRUE(made) << made.error().message;
  const auto& range = made->blank_range();
  EXPECT_EQ(range.id(), Serial(1));
  EXPECT_EQ(range.plates(), 4u);
  EXPECT_THAT(range.left_out(), ElementsAre(Serial(3)));
  EXPECT_EQ(range.state(), v1::BLANK_RANGE_STATE_OPEN);
  EXPECT_EQ(range.reference(), "送货单 17");
  EXPECT_THAT(Account(range.id()), ElementsAre(4, 0, 0, 0, 4, 0));
  EXPECT_EQ(Create("range-1", 1, 5)->blank_range().id(), range.id());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(BlankRangeTest, AccountsForEveryPlate) {
  Revoke(1, v1::REVOCATION_REASON_SPOILED);  // Before: not handed out.
  const uint64_t range = Create("range-1", 1, 8)->blank_range().id();
  Bind(2);
  Bind(3);
  Revoke(3, v1::REVOCATION_REASON_DAMAGED);  // Bound once: bound.
  Revoke(4, v1::REVOCATION_REASON_SPOILED);
  Revoke(5, v1::REVOCATION_REASON_LOST);
  Revoke(6, v1::REVOCATION_REASON_STOLEN);
  EXPECT_TRUE(Edit<v1::Code>(world_, Serial(7), [](auto& code) { code.set_prints(1); }));
  EXPECT_THAT(Account(range), ElementsAre(7, 2, 1, 2, 2, 1));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(BlankRangeTest, RefusesAnOverlapAndNamesTheOtherRange) {
  ASSERT_TRUE(Create("range-1", 3, 6));
  const auto refusal = [](const char* field) {
    return Refusal{StatusCode::kFailedPrecondition, "RANGE_OVERLAPS", field};
  };
  RefusesUnchanged(
      world_, [&] { return Create("a", 1, 3); }, refusal("last"));
  RefusesUnchanged(
      world_, [&] { return Create("b", 6, 9); }, refusal("first"));
  RefusesUnchanged(
      world_, [&] { return Create("c", 1, 9); }, refusal("last"));
  RefusesUnchanged(
      world_, [&] { return Create("d", 4, 5); }, refusal("first"));
  EXPECT_THAT(Create("e", 4, 5).error().message, HasSubstr("range 4294967297 from"));
  EXPECT_TRUE(Create("f", 1, 2));
  EXPECT_TRUE(Create("g", 7, 9));
}

/// Both were planned when neither was there.
TEST_F(BlankRangeTest, OverlapsAreSeenWhenTwoArePlannedAtOnce) {
  const auto snapshot = world_.Read();
  const Call call = world_.call("yima.v1.IssuanceService/CreateBlankRange");
  const auto first =
      PlanCreateBlankRange(world_.domain(), call, Asking("range-1", 1, 5), *snapshot);
  const auto second =
      PlanCreateBlankRange(world_.domain(), call, Asking("range-2", 4, 8), *snapshot);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(
      std::holds_alternative<store::Committed>(store::ApplyAndWait(world_.store(), first->change)));
  EXPECT_TRUE(std::holds_alternative<store::MovedRecord>(
      store::ApplyAndWait(world_.store(), second->change)));
  const auto again =
      PlanCreateBlankRange(world_.domain(), call, Asking("range-2", 4, 8), *world_.Read());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, "RANGE_OVERLAPS");
}

TEST_F(BlankRangeTest, AClosedRangeIsInNobodysWay) {
  const uint64_t range = Create("range-1", 1, 5)->blank_range().id();
  ASSERT_TRUE(Close("close-1", range));
  EXPECT_EQ(Create("range-2", 1, 6)->blank_range().plates(), 1u);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(BlankRangeTest, RefusesWhatIsNoRangeOfBlanks) {
  const StatusCode invalid = StatusCode::kInvalidArgument;
  const StatusCode missing = StatusCode::kNotFound;
  RefusesUnchanged(world_, [&] { return Create("a", 5, 1); }, {invalid, "RANGE_BACKWARDS", "last"});
  RefusesUnchanged(world_, [&] { return Create("b", 1, 11); }, {missing, "CODE_NOT_FOUND", "last"});
  RefusesUnchanged(world_, [&] { return Create("c", 0, 3); }, {missing, "CODE_NOT_FOUND", "first"});
  auto request = Asking("d", 1, 3);
  request.set_contractor(999);
  RefusesUnchanged(world_, [&] { return Create(request); },
                   {missing, "ORGANIZATION_UNKNOWN", "contractor"});
  request = Asking("e", 1, 3);
  request.set_reference(std::string(101, 'x'));
  RefusesUnchanged(world_, [&] { return Create(request); },
                   {invalid, "FIELD_TOO_LONG", "reference"});
  Bind(9);
  Revoke(10, v1::REVOCATION_REASON_SPOILED);
  RefusesUnchanged(world_, [&] { return Create("f", 9, 10); },
                   {StatusCode::kFailedPrecondition, "RANGE_WITHOUT_BLANKS", "first"});
}

TEST_F(BlankRangeTest, ClosingDeclaresTheRestMissing) {
  const uint64_t range = Create("range-1", 1, 6)->blank_range().id();
  Bind(1);
  Revoke(2, v1::REVOCATION_REASON_SPOILED);
  const auto closed = Close("close-1", range);
  ASSERT_TRUE(closed) << closed.error().message;
  EXPECT_EQ(closed->back().revoked(), 4u);
  EXPECT_EQ(closed->back().blank_range().state(), v1::BLANK_RANGE_STATE_CLOSED);
  EXPECT_EQ(closed->back().blank_range().close_time_us(), world_now);
  EXPECT_THAT(Account(range), ElementsAre(6, 1, 1, 4, 0, 0));
  const auto lost = (*Get<v1::Code>(*world_.Read(), Serial(3)))->record;
  EXPECT_EQ(lost.reason(), v1::REVOCATION_REASON_LOST);
  EXPECT_EQ((*Get<v1::Code>(*world_.Read(), Serial(7)))->record.state(), v1::CODE_STATE_BLANK);
  const std::string state = world_.State();
  EXPECT_EQ(Close("close-1", range)->back().account().missing(), 4u);
  EXPECT_EQ(Close("close-2", range)->back().account().missing(), 4u);
  EXPECT_EQ(world_.State(), state);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(BlankRangeTest, ClosingGoesOnWhereItBrokeOff) {
  for (uint64_t number = 11; number <= 1200; ++number) AddPlate(world_, Serial(number), 0);
  const uint64_t range = Create("range-1", 1, 1200)->blank_range().id();
  v1::CloseBlankRangeRequest request;
  request.set_request_id("close-1");
  request.set_range(range);
  const auto broken = methods_.Stream<v1::CloseBlankRangeResponse>(
      "IssuanceService/CloseBlankRange", request,
      [](const v1::CloseBlankRangeResponse&) -> Result<void> {
        return Fail(StatusCode::kCancelled, "GONE", "nobody listens");
      });
  EXPECT_FALSE(broken);
  EXPECT_THAT(Account(range), ElementsAre(1200, 0, 0, 500, 700, 0));
  EXPECT_EQ(Of(range)->blank_range().state(), v1::BLANK_RANGE_STATE_OPEN);
  const auto closed = Close("close-1", range);
  ASSERT_TRUE(closed) << closed.error().message;
  EXPECT_EQ(closed->back().revoked(), 700u);
  EXPECT_THAT(Account(range), ElementsAre(1200, 0, 0, 1200, 0, 0));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

/// Codes that were being issued when it was handed out, or that a restore lost.
TEST_F(BlankRangeTest, PlatesThatJoinItAreNotRevokedUnseen) {
  Bind(7);
  AddPlate(world_, Serial(20), 0);
  const uint64_t range = Create("range-1", 1, 20)->blank_range().id();
  for (uint64_t number = 15; number < 18; ++number) AddPlate(world_, Serial(number), 0);
  RefusesUnchanged(world_, [&] { return Close("close-1", range); },
                   {StatusCode::kFailedPrecondition, "RANGE_GREW", "expected_issued"});
  EXPECT_THAT(Close("close-1", range).error().message, HasSubstr("holds 13 plates, not 10"));
  v1::CloseBlankRangeRequest request;
  request.set_request_id("close-2");
  request.set_range(range);
  request.set_expected_issued(13);
  const auto closed =
      methods_.Stream<v1::CloseBlankRangeResponse>("IssuanceService/CloseBlankRange", request);
  ASSERT_TRUE(closed) << closed.error().message;
  EXPECT_EQ(closed->back().revoked(), 13u);
}

TEST_F(BlankRangeTest, WhatJoinsWhileItIsClosedStaysAsItIs) {
  for (uint64_t number = 11; number <= 1200; ++number) AddPlate(world_, Serial(number), 0);
  AddPlate(world_, Serial(1300), 0);
  const uint64_t range = Create("range-1", 1, 1300)->blank_range().id();
  v1::CloseBlankRangeRequest request;
  request.set_request_id("close-1");
  request.set_range(range);
  bool joined = false;
  const auto closed = methods_.Stream<v1::CloseBlankRangeResponse>(
      "IssuanceService/CloseBlankRange", request,
      [&](const v1::CloseBlankRangeResponse&) -> Result<void> {
        if (!std::exchange(joined, true)) AddPlate(world_, Serial(1250), 0);
        return {};
      });
  ASSERT_TRUE(closed) << closed.error().message;
  EXPECT_EQ((*Get<v1::Code>(*world_.Read(), Serial(1250)))->record.state(), v1::CODE_STATE_BLANK);
  EXPECT_EQ((*Get<v1::Code>(*world_.Read(), Serial(1300)))->record.state(), v1::CODE_STATE_REVOKED);
}

TEST_F(BlankRangeTest, APlateThatWasNotHandedOutIsNotDeclaredMissing) {
  EXPECT_TRUE(Edit<v1::Code>(world_, Serial(3),
                             [](auto& code) { code.set_state(v1::CODE_STATE_SUSPENDED); }));
  const uint64_t range = Create("range-1", 1, 5)->blank_range().id();
  EXPECT_TRUE(
      Edit<v1::Code>(world_, Serial(3), [](auto& code) { code.set_state(v1::CODE_STATE_BLANK); }));
  ASSERT_TRUE(Close("close-1", range));
  EXPECT_EQ((*Get<v1::Code>(*world_.Read(), Serial(3)))->record.state(), v1::CODE_STATE_BLANK);
}

TEST_F(BlankRangeTest, AnotherRequestDoesNotTakeItsId) {
  const uint64_t first = Create("range-1", 1, 2)->blank_range().id();
  const uint64_t second = Create("range-2", 3, 4)->blank_range().id();
  ASSERT_TRUE(Close("close-1", first));
  EXPECT_EQ(RefusalOf(Close("close-1", second)).reason, "REQUEST_ID_REUSED");
  EXPECT_EQ(RefusalOf(Close("close-3", 999)),
            (Refusal{StatusCode::kNotFound, "RANGE_NOT_FOUND", "range"}));
}

TEST_F(BlankRangeTest, IsListedNewestFirst) {
  ASSERT_TRUE(Create("range-1", 1, 2));
  ASSERT_TRUE(Create("range-2", 3, 4));
  ASSERT_TRUE(Create("range-3", 5, 6));
  ASSERT_TRUE(Close("close", Serial(2)));
  v1::ListBlankRangesRequest request;
  request.set_page_size(2);
  const auto list = [&] {
    return *methods_.Unary<v1::ListBlankRangesResponse>("IssuanceService/ListBlankRanges", request);
  };
  const auto page = list();
  ASSERT_EQ(page.blank_ranges_size(), 2);
  EXPECT_EQ(page.blank_ranges(0).id(), Serial(3));
  EXPECT_EQ(page.blank_ranges(1).id(), Serial(2));
  request.set_page_token(page.next_page_token());
  EXPECT_EQ(list().blank_ranges(0).id(), Serial(1));
  request.clear_page_token();
  request.set_open(true);
  EXPECT_EQ(list().blank_ranges(1).id(), Serial(1));
}

TEST_F(BlankRangeTest, BelongsToWhoMadeItAndNeedsPlatesOfOnesOwn) {
  const uint64_t others = Create("range-1", 1, 2)->blank_range().id();
  v1::Grant grant;
  grant.add_divisions("140521");
  auto reach = std::make_shared<Reach>();
  reach->Add(grant);
  world_.reach = reach;
  world_.principal = "7";
  const StatusCode denied = StatusCode::kPermissionDenied;
  RefusesUnchanged(world_, [&] { return Create("a", 3, 4); }, {denied, "SCOPE_EXCEEDED", "first"});
  EXPECT_EQ(RefusalOf(Of(others)), (Refusal{denied, "SCOPE_EXCEEDED", "range"}));
  EXPECT_EQ(RefusalOf(Close("b", others)), (Refusal{denied, "SCOPE_EXCEEDED", "range"}));
  EXPECT_EQ(methods_
                .Unary<v1::ListBlankRangesResponse>("IssuanceService/ListBlankRanges",
                                                    v1::ListBlankRangesRequest())
                ->blank_ranges_size(),
            0);
}

}  // namespace
}  // namespace yima::server::testing
