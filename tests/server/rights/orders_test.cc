#include "server/rights/orders.h"

#include "tests/server/rights/rights_kit.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A facility that 水务公司 is confirmed to own, two registrars, and a manager of either side.
class OrdersTest : public RightsTest {
 protected:
  OrdersTest() {
    Confirm(facility_);
    ActAs(registrar_);
  }
  v1::TransferRightRequest ToPower(bool by_order = false) {
    v1::TransferRightRequest request;
    request.set_request_id(NextId());
    request.set_facility(facility_);
    request.set_kind(v1::RIGHT_KIND_OWNING);
    request.set_to(power_);
    request.set_by_order(by_order);
    *request.mutable_basis() = BasisOf("12号");
    request.set_valid_from("2026-12-01");
    request.set_reason("移交");
    return request;
  }
  Result<v1::TransferRightResponse> Transfer(const v1::TransferRightRequest& request) {
    return methods_.Unary<v1::TransferRightResponse>("RightsService/TransferRight", request);
  }
  uint64_t Proposed(bool by_order = false) {
    const auto proposed = Transfer(ToPower(by_order));
    EXPECT_TRUE(proposed) << proposed.error().message;
    return proposed ? proposed->order().id() : 0;
  }
  Result<v1::CorrectRightResponse> Correct() {
    v1::CorrectRightRequest request;
    request.set_request_id(NextId());
    request.set_facility(facility_);
    request.set_kind(v1::RIGHT_KIND_OWNING);
    request.set_to(power_);
    *request.mutable_basis() = BasisOf("13号");
    request.set_reason("原确权有误");
    return methods_.Unary<v1::CorrectRightResponse>("RightsService/CorrectRight", request);
  }
  Result<v1::RevokeRightResponse> Revoke() {
    v1::RevokeRightRequest request;
    request.set_request_id(NextId());
    request.set_facility(facility_);
    request.set_kind(v1::RIGHT_KIND_OWNING);
    *request.mutable_basis() = BasisOf("14号");
    request.set_reason("证据系伪造");
    return methods_.Unary<v1::RevokeRightResponse>("RightsService/RevokeRight", request);
  }
  Result<v1::AssignCustodianResponse> Assign(uint64_t to) {
    v1::AssignCustodianRequest request;
    request.set_request_id(NextId());
    request.set_facility(facility_);
    request.set_to(to);
    *request.mutable_basis() = BasisOf("15号");
    request.set_reason("按用途");
    return methods_.Unary<v1::AssignCustodianResponse>("RightsService/AssignCustodian", request);
  }
  Result<v1::AgreeToOrderResponse> Agree(uint64_t order, bool refuse = false) {
    v1::AgreeToOrderRequest request;
    request.set_request_id(NextId());
    request.set_order(order);
    request.set_refuse(refuse);
    return methods_.Unary<v1::AgreeToOrderResponse>("RightsService/AgreeToOrder", request);
  }
  Result<v1::CountersignOrderResponse> Countersign(uint64_t order) {
    v1::CountersignOrderRequest request;
    request.set_request_id(NextId());
    request.set_order(order);
    return methods_.Unary<v1::CountersignOrderResponse>("RightsService/CountersignOrder", request);
  }
  Result<v1::WithdrawOrderResponse> Withdraw(uint64_t order) {
    v1::WithdrawOrderRequest request;
    request.set_request_id(NextId());
    request.set_order(order);
    return methods_.Unary<v1::WithdrawOrderResponse>("RightsService/WithdrawOrder", request);
  }
  std::vector<uint64_t> Listed(bool open) {
    v1::ListOrdersRequest request;
    request.set_open(open);
    std::vector<uint64_t> ids;
    const auto listed = methods_.Unary<v1::ListOrdersResponse>("RightsService/ListOrders", request);
    EXPECT_TRUE(listed);
    for (const auto& order : listed->orders()) ids.push_back(order.id());
    return ids;
  }
};

TEST_F(OrdersTest, TransferIsCarriedOutWhenBothSidesAgreed) {
  const uint64_t order = Proposed();
  EXPECT_EQ(Owning(facility_).order(), order);
  EXPECT_EQ(Owning(facility_).holder(), water_);
  ExpectSound();
  ActAs(water_manager_);
  ASSERT_TRUE(Agree(order));
  EXPECT_EQ(Owning(facility_).holder(), water_) << "one side alone gives nothing away";
  ActAs(power_manager_);
  const auto done = Agree(order);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->order().state(), v1::ORDER_STATE_DONE);
  EXPECT_EQ(done->order().reason().value(), "移交");
  EXPECT_THAT(done->order().reason().hash(), IsEmpty());
  const v1::Right right = Owning(facility_);
  EXPECT_EQ(right.holder(), power_);
  EXPECT_EQ(right.state(), v1::RIGHT_STATE_CONFIRMED);
  EXPECT_EQ(right.basis().number(), "12号");
  EXPECT_EQ(right.valid_from(), "2026-12-01");
  EXPECT_EQ(right.decided_order(), order);
  EXPECT_EQ(right.order(), 0u);
  ExpectSound();
}

TEST_F(OrdersTest, ASideMayRefuseAndAnotherOrderBeProposed) {
  const uint64_t order = Proposed();
  ActAs(power_manager_);
  EXPECT_EQ(Agree(order, true)->order().state(), v1::ORDER_STATE_REFUSED);
  EXPECT_EQ(Owning(facility_).order(), 0u);
  RefusesUnchanged([&] { return Agree(order); }, {kFailed, "ORDER_ENDED", "order"});
  ActAs(registrar_);
  EXPECT_NE(Proposed(), order);
  ExpectSound();
}

TEST_F(OrdersTest, AgreeingTwiceChangesNothing) {
  const uint64_t order = Proposed();
  ActAs(water_manager_);
  ASSERT_TRUE(Agree(order));
  const auto once = Record<v1::Order>(order);
  const auto twice = Agree(order);
  ASSERT_TRUE(twice);
  EXPECT_EQ(Record<v1::Order>(order).SerializeAsString(), once.SerializeAsString());
  EXPECT_EQ(Owning(facility_).holder(), water_);
}

TEST_F(OrdersTest, OnlyTheSidesAgreeAndNeverWhoProposed) {
  const uint64_t order = Proposed();
  const Refusal not_own{kDenied, "ORGANIZATION_NOT_OWN", "order"};
  RefusesUnchanged([&] { return Agree(order); }, not_own);
  ActAs(AddPerson(bureau_));
  RefusesUnchanged([&] { return Agree(order); }, not_own);
  ActAs(water_manager_);
  EditFacility(facility_, [](auto& facility) { facility.mutable_owning()->clear_order(); });
  ASSERT_TRUE(Edit<v1::Order>(world_, order,
                              [](auto& ended) { ended.set_state(v1::ORDER_STATE_WITHDRAWN); }));
  const uint64_t own = Proposed();
  RefusesUnchanged([&] { return Agree(own); }, {kDenied, "DUTIES_NOT_SEPARATE", "order"});
  ActAs(AddPerson(water_));
  EXPECT_TRUE(Agree(own)) << "a colleague speaks for the organization";
}

TEST_F(OrdersTest, NobodyAgreesForBothSides) {
  const uint64_t order = Proposed();
  ActAs(water_manager_);
  ASSERT_TRUE(Agree(order));
  ASSERT_TRUE(
      Edit<v1::Principal>(world_, water_manager_, [&](auto& p) { p.set_organization(power_); }));
  RefusesUnchanged([&] { return Agree(order); }, {kDenied, "DUTIES_NOT_SEPARATE", "order"});
}

TEST_F(OrdersTest, TransferByOrderIsCountersignedByAnotherRegistrar) {
  const uint64_t order = Proposed(true);
  RefusesUnchanged([&] { return Countersign(order); }, {kDenied, "DUTIES_NOT_SEPARATE", "order"});
  ActAs(water_manager_);
  RefusesUnchanged([&] { return Agree(order); }, {kFailed, "ORDER_NOT_AGREED_TO", "order"});
  ActAs(second_registrar_);
  const auto done = Countersign(order);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->order().countersigned().principal(), std::to_string(second_registrar_));
  EXPECT_EQ(Owning(facility_).holder(), power_);
  EXPECT_FALSE(Owning(facility_).by_order());
  RefusesUnchanged([&] { return Countersign(order); }, {kFailed, "ORDER_ENDED", "order"});
  ExpectSound();
}

TEST_F(OrdersTest, DutiesAreSeparateByOrganizationToo) {
  const uint64_t one = AddPerson(bureau_);
  ActAs(one);
  const uint64_t order = Proposed(true);
  ActAs(AddPerson(bureau_));
  RefusesUnchanged([&] { return Countersign(order); }, {kDenied, "DUTIES_NOT_SEPARATE", "order"});
  ActAs(power_manager_);
  RefusesUnchanged([&] { return Countersign(order); }, {kDenied, "DUTIES_NOT_SEPARATE", "order"});
  ActAs(second_registrar_);
  EXPECT_TRUE(Countersign(order));
}

TEST_F(OrdersTest, TransferThatBothAgreeToIsNotCountersigned) {
  const uint64_t order = Proposed();
  ActAs(second_registrar_);
  RefusesUnchanged([&] { return Countersign(order); },
                   {kFailed, "ORDER_NOT_COUNTERSIGNED", "order"});
}

TEST_F(OrdersTest, RevokedRightIsRecordedAgain) {
  const auto proposed = Revoke();
  ASSERT_TRUE(proposed) << proposed.error().message;
  EXPECT_EQ(Owning(facility_).state(), v1::RIGHT_STATE_CONFIRMED);
  ActAs(second_registrar_);
  ASSERT_TRUE(Countersign(proposed->order().id()));
  const v1::Right right = Owning(facility_);
  EXPECT_EQ(right.state(), v1::RIGHT_STATE_RECORDED);
  EXPECT_EQ(right.holder(), water_);
  EXPECT_EQ(right.decided_order(), proposed->order().id());
  EXPECT_FALSE(right.has_basis());
  ExpectSound();
}

TEST_F(OrdersTest, CustodianMaintainsWhatNobodyOwns) {
  RefusesUnchanged([&] { return Assign(power_); }, {kFailed, "RIGHT_NOT_OWNERLESS", "facility"});
  MakeOwnerless(facility_);
  const auto proposed = Assign(power_);
  ASSERT_TRUE(proposed) << proposed.error().message;
  ExpectSound();
  RefusesUnchanged([&] { return Assign(power_); }, {kFailed, "ORDER_ALREADY", "facility"});
  ActAs(second_registrar_);
  ASSERT_TRUE(Countersign(proposed->order().id()));
  const v1::Facility facility = world_.Facility(facility_);
  EXPECT_EQ(facility.owning().state(), v1::RIGHT_STATE_OWNERLESS);
  EXPECT_EQ(facility.owning().holder(), 0u);
  EXPECT_EQ(facility.maintaining().holder(), power_);
  EXPECT_EQ(facility.maintaining().state(), v1::RIGHT_STATE_CONFIRMED);
  EXPECT_TRUE(facility.maintaining().by_order());
  EXPECT_EQ(facility.maintaining().basis().number(), "15号");
  ExpectSound();
  ActAs(registrar_);
  RefusesUnchanged([&] { return Assign(power_); }, {kFailed, "TRANSFER_TO_HOLDER", "to"});
  EXPECT_TRUE(Assign(water_)) << "another one may follow";
}

TEST_F(OrdersTest, CustodianTakesNoMaintainersPlaceWhoIsOneByRight) {
  MakeOwnerless(facility_);
  EditFacility(facility_, [&](v1::Facility& facility) {
    facility.mutable_maintaining()->set_holder(water_);
    facility.mutable_maintaining()->set_state(v1::RIGHT_STATE_CONFIRMED);
  });
  RefusesUnchanged([&] { return Assign(power_); }, {kFailed, "RIGHT_CONFIRMED", "facility"});
}

TEST_F(OrdersTest, CorrectionIsPublishedAndTheConfirmationStandsMeanwhile) {
  const auto proposed = Correct();
  ASSERT_TRUE(proposed) << proposed.error().message;
  ActAs(second_registrar_);
  const auto published = Countersign(proposed->order().id());
  ASSERT_TRUE(published) << published.error().message;
  const v1::Notice& notice = published->notice();
  EXPECT_EQ(notice.kind(), v1::NOTICE_KIND_CORRECTION);
  EXPECT_EQ(notice.state(), v1::NOTICE_STATE_OPEN);
  EXPECT_EQ(notice.open_time_us(), world_now);
  EXPECT_EQ(notice.last_day(), "2026-12-09");
  EXPECT_EQ(notice.claims(), 1u);
  EXPECT_THAT(notice.title(), ::testing::HasSubstr("权属更正公示"));
  const v1::Right right = Owning(facility_);
  EXPECT_EQ(right.state(), v1::RIGHT_STATE_CONFIRMED);
  EXPECT_EQ(right.holder(), water_);
  ASSERT_EQ(right.claims_size(), 1);
  EXPECT_EQ(right.claims(0).organization(), power_);
  EXPECT_EQ(right.claims(0).notice(), notice.id());
  const auto claim = Record<v1::Claim>(published->order().claim());
  EXPECT_EQ(claim.order(), proposed->order().id());
  EXPECT_EQ(claim.state(), v1::CLAIM_STATE_OPEN);
  EXPECT_EQ(claim.organization(), power_);
  EXPECT_EQ(*world_.Read()->Counter(NoticeCounter(notice.id(), v1::CLAIM_STATE_OPEN)), 1);
  ExpectSound();
  ActAs(registrar_);
  RefusesUnchanged([&] { return Transfer(ToPower()); }, {kFailed, "RIGHT_CLAIMED", "kind"});
}

TEST_F(OrdersTest, ACorrectionReplacesTheHolderAndColleaguesOfWhoProposedItDoNotConfirmIt) {
  ActAs(AddPerson(bureau_));
  const uint64_t order = Correct()->order().id();
  ActAs(second_registrar_);
  const auto published = Countersign(order);
  ASSERT_TRUE(published) << published.error().message;
  world_now = published->notice().close_time_us();
  v1::ConfirmClaimsRequest confirm;
  confirm.mutable_target()->set_facility(facility_);
  confirm.mutable_target()->add_kinds(v1::RIGHT_KIND_OWNING);
  const auto ask = [&] {
    confirm.mutable_run()->set_request_id(NextId());
    return methods_.Stream<v1::ConfirmClaimsResponse>("RightsService/ConfirmClaims", confirm);
  };
  ActAs(AddPerson(bureau_));
  RefusesUnchanged(ask, {kDenied, "DUTIES_NOT_SEPARATE", "target.facility"});
  ActAs(registrar_);
  const auto confirmed = ask();
  ASSERT_TRUE(confirmed) << confirmed.error().message;
  const v1::Right right = Owning(facility_);
  EXPECT_EQ(right.holder(), power_);
  EXPECT_EQ(right.state(), v1::RIGHT_STATE_CONFIRMED);
  EXPECT_EQ(right.decided_order(), order);
  ExpectSound();
}

TEST_F(OrdersTest, CorrectionNeedsTheCalendarOfItsPeriod) {
  v1::RightsRules rules;
  rules.add_calendars()->set_year(2025);
  ASSERT_TRUE(SetRules(rules));
  const uint64_t order = Correct()->order().id();
  ActAs(second_registrar_);
  RefusesUnchanged([&] { return Countersign(order); },
                   {kFailed, "CALENDAR_YEAR_MISSING", "rules.calendars"});
}

TEST_F(OrdersTest, RulesSayWhoCountersigns) {
  v1::RightsRules rules;
  rules.add_confirm_rules()->add_organizations(bureau_);
  ASSERT_TRUE(SetRules(rules));
  const uint64_t order = Proposed(true);
  ActAs(second_registrar_);
  RefusesUnchanged([&] { return Countersign(order); }, {kFailed, "RULE_FORBIDS", "order"});
  ActAs(AddPerson(bureau_));
  ASSERT_TRUE(Countersign(order));
  EXPECT_EQ(Owning(facility_).rules(), 1u) << "the version under which it was decided";
}

TEST_F(OrdersTest, WhoProposedWithdrawsAndNobodyElse) {
  const uint64_t order = Proposed(true);
  ActAs(second_registrar_);
  RefusesUnchanged([&] { return Withdraw(order); }, {kDenied, "DUTIES_NOT_SEPARATE", "order"});
  ActAs(registrar_);
  EXPECT_EQ(Withdraw(order)->order().state(), v1::ORDER_STATE_WITHDRAWN);
  EXPECT_EQ(Owning(facility_).order(), 0u);
  RefusesUnchanged([&] { return Withdraw(order); }, {kFailed, "ORDER_ENDED", "order"});
  RefusesUnchanged([&] { return Withdraw(4242); }, {kNotFound, "ORDER_NOT_FOUND", "order"});
  ExpectSound();
}

TEST_F(OrdersTest, WhatEndedMeanwhileIsNotCarriedOut) {
  const uint64_t order = Proposed(true);
  ActAs(second_registrar_);
  ASSERT_TRUE(EndOrganization(world_, power_));
  RefusesUnchanged([&] { return Countersign(order); }, {kFailed, "ORGANIZATION_ENDED", "order"});
  EditFacility(facility_, [](auto& facility) { facility.set_life(v1::LIFE_SCRAPPED); });
  RefusesUnchanged([&] { return Countersign(order); }, {kFailed, "FACILITY_ENDED", "order"});
}

TEST_F(OrdersTest, RetryIsAnsweredTheSameAndWritesNothing) {
  const auto request = ToPower();
  const auto first = Transfer(request);
  ASSERT_TRUE(first);
  const std::string state = world_.State();
  EXPECT_EQ(Transfer(request)->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(OrdersTest, SidesSeeTheirOrdersAndActWithinTheirBounds) {
  const uint64_t order = Proposed();
  const uint64_t other = world_.AddFacility(2, bureau_, bureau_);
  Confirm(other);
  auto foreign = ToPower();
  foreign.set_facility(other);
  foreign.set_to(water_);
  const uint64_t of_others = Transfer(foreign)->order().id();
  EXPECT_THAT(Listed(true), ElementsAre(order, of_others));
  ActAs(power_manager_);
  Bound(power_);
  EXPECT_THAT(Listed(true), ElementsAre(order)) << "it holds nothing there yet";
  Bound(power_, "140599");
  EXPECT_THAT(Listed(true), IsEmpty());
  RefusesUnchanged([&] { return Agree(order); }, {kDenied, "SCOPE_EXCEEDED", "order"});
  Bound(power_, "140502");
  ASSERT_TRUE(Agree(order));
  ActAs(registrar_);
  Bound(0, "140599");
  RefusesUnchanged([&] { return Withdraw(order); }, {kDenied, "SCOPE_EXCEEDED", "order"});
  EXPECT_EQ(RefusalOf(Transfer(ToPower())), (Refusal{kDenied, "SCOPE_EXCEEDED", "facility"}));
}

struct BadTransfer {
  const char* name;
  std::function<void(v1::TransferRightRequest&)> spoil;
  Refusal refusal;
};
void PrintTo(const BadTransfer& bad, std::ostream* out) { *out << bad.name; }
class BadTransferTest : public OrdersTest, public ::testing::WithParamInterface<BadTransfer> {};

TEST_P(BadTransferTest, IsRefusedAndWritesNothing) {
  auto request = ToPower(true);
  GetParam().spoil(request);
  RefusesUnchanged([&] { return Transfer(request); }, GetParam().refusal);
}

using R = v1::TransferRightRequest;
const BadTransfer kBad[] = {
    {"NoRequestId",
     [](R& r) { r.clear_request_id(); },
     {kInvalid, "REQUEST_ID_MISSING", "request_id"}},
    {"UnknownFacility",
     [](R& r) { r.set_facility(4242); },
     {kNotFound, "FACILITY_NOT_FOUND", "facility"}},
    {"NoKind", [](R& r) { r.clear_kind(); }, {kInvalid, "RIGHT_KIND_UNKNOWN", "kind"}},
    {"StaleEtag", [](R& r) { r.set_etag("1-1"); }, {StatusCode::kAborted, "ETAG_STALE", "etag"}},
    {"NobodyHoldsIt",
     [](R& r) { r.set_kind(v1::RIGHT_KIND_MAINTAINING); },
     {kFailed, "RIGHT_NOT_HELD", "kind"}},
    {"OnlyRecorded",
     [](R& r) { r.set_kind(v1::RIGHT_KIND_SUPERVISING); },
     {kFailed, "RIGHT_NOT_CONFIRMED", "kind"}},
    {"UnknownTaker", [](R& r) { r.set_to(4242); }, {kNotFound, "ORGANIZATION_UNKNOWN", "to"}},
    {"NoTaker", [](R& r) { r.clear_to(); }, {kNotFound, "ORGANIZATION_UNKNOWN", "to"}},
    {"NoBasis", [](R& r) { r.clear_basis(); }, {kInvalid, "BASIS_MISSING", "basis.kind"}},
    {"NoReasonByOrder", [](R& r) { r.clear_reason(); }, {kInvalid, "FIELD_MISSING", "reason"}},
    {"LongReason",
     [](R& r) { r.set_reason(std::string(1001, 'x')); },
     {kInvalid, "FIELD_TOO_LONG", "reason"}},
    {"BadDay",
     [](R& r) { r.set_valid_from("2026-02-30"); },
     {kInvalid, "DATE_MALFORMED", "valid_from"}},
    {"EndsBeforeItBegins",
     [](R& r) { r.set_valid_until("2026-11-30"); },
     {kInvalid, "RIGHT_INVALID", "valid_until"}},
};
INSTANTIATE_TEST_SUITE_P(Requests, BadTransferTest, ::testing::ValuesIn(kBad),
                         [](const auto& bad) { return std::string(bad.param.name); });

TEST_F(OrdersTest, TransferToOneselfIsRefused) {
  auto request = ToPower();
  request.set_to(water_);
  RefusesUnchanged([&] { return Transfer(request); }, {kFailed, "TRANSFER_TO_HOLDER", "to"});
}

TEST_F(OrdersTest, OfARetiredFacilityNothingIsTransferred) {
  EditFacility(facility_, [](auto& facility) { facility.set_life(v1::LIFE_SCRAPPED); });
  RefusesUnchanged([&] { return Transfer(ToPower()); }, {kFailed, "FACILITY_ENDED", "facility"});
}

TEST_F(OrdersTest, OneOrderAtATimeAndNoneOnAClaimedRight) {
  Proposed();
  RefusesUnchanged([&] { return Transfer(ToPower()); }, {kFailed, "ORDER_ALREADY", "kind"});
  const uint64_t claimed = world_.AddFacility(3, bureau_, water_);
  StandClaim(claimed, power_);
  auto request = ToPower();
  request.set_facility(claimed);
  RefusesUnchanged([&] { return Transfer(request); }, {kFailed, "RIGHT_CLAIMED", "kind"});
}

}  // namespace
}  // namespace yima::server::testing
