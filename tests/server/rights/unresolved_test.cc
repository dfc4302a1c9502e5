#include "server/rights/unresolved.h"

#include "tests/server/rights/rights_kit.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeUs kDay = 86'400'000'000;

class UnresolvedTest : public RightsTest {
 protected:
  Result<v1::ListUnresolvedResponse> List(v1::RightKind kind = v1::RIGHT_KIND_UNSPECIFIED,
                                          int size = 0, const std::string& token = "") {
    v1::ListUnresolvedRequest request;
    request.set_kind(kind);
    request.set_page_size(size);
    request.set_page_token(token);
    return methods_.Unary<v1::ListUnresolvedResponse>("RightsService/ListUnresolved", request);
  }
  /// What the one facility's ownership waits for; empty when it is not listed.
  std::string WaitsFor() {
    const auto listed = List();
    EXPECT_TRUE(listed) << listed.error().message;
    return listed->rights().empty() ? "" : listed->rights(0).waits_for();
  }
  void Change(const std::function<void(v1::Right&)>& change) {
    EditFacility(facility_, [&](v1::Facility& facility) { change(*facility.mutable_owning()); });
  }
  uint64_t Publish(TimeUs close) {
    v1::Notice notice;
    notice.set_id(*world_.domain().numbers.NewId(store::Kind::kBatch));
    notice.set_state(v1::NOTICE_STATE_OPEN);
    notice.set_open_time_us(world_now);
    notice.set_close_time_us(close);
    ChangeWriter writer(world_.call("test"), "");
    writer.Create(notice.id(), notice);
    EXPECT_TRUE(Apply(world_, writer));
    Change([&](v1::Right& right) {
      for (auto& claim : *right.mutable_claims()) claim.set_notice(notice.id());
    });
    return notice.id();
  }
};

TEST_F(UnresolvedTest, RecordedRightWaitsForItsClaimSinceItStandsSo) {
  const TimeUs since = world_now;
  world_now += kDay;
  EditFacility(facility_, [](auto& facility) { facility.set_address("黄华街"); });
  world_now += kDay;
  const auto listed = List();
  ASSERT_TRUE(listed) << listed.error().message;
  ASSERT_EQ(listed->rights_size(), 1);
  const auto& right = listed->rights(0);
  EXPECT_EQ(right.facility(), facility_);
  EXPECT_EQ(right.code().digits(), "14050201001000001");
  EXPECT_EQ(right.waits_for(), "CLAIM");
  EXPECT_EQ(right.since_us(), since) << "another field that changed is no change of the right";
  EXPECT_EQ(right.right().holder(), water_);
  Change([&](v1::Right& owning) { owning.set_holder(power_); });
  EXPECT_EQ(List()->rights(0).since_us(), since + 2 * kDay);
}

TEST_F(UnresolvedTest, EachStageNamesWhatIsWaitedFor) {
  StandClaim(facility_, power_);
  EXPECT_EQ(WaitsFor(), "NOTICE");
  Publish(world_now + 10 * kDay);
  EXPECT_EQ(WaitsFor(), "PERIOD");
  Change([](v1::Right& right) { right.set_objections(1); });
  EXPECT_EQ(WaitsFor(), "OBJECTION");
  Change([](v1::Right& right) { right.set_objections(0); });
  world_now += 11 * kDay;
  EXPECT_EQ(WaitsFor(), "CONFIRMATION");
  StandClaim(facility_, bureau_);
  EXPECT_EQ(WaitsFor(), "NOTICE") << "the other one is not published";
  Publish(world_now);
  EXPECT_EQ(WaitsFor(), "SETTLEMENT");
  Change([](v1::Right& right) {
    right.clear_claims();
    right.clear_unclaimed_state();
    right.set_state(v1::RIGHT_STATE_CONFIRMED);
  });
  EXPECT_EQ(WaitsFor(), "");
}

TEST_F(UnresolvedTest, ClassWithoutPublicityWaitsForItsConfirmation) {
  v1::RightsRules rules;
  rules.add_class_rules()->set_no_publicity(true);
  ASSERT_TRUE(SetRules(rules));
  StandClaim(facility_, power_);
  EXPECT_EQ(WaitsFor(), "CONFIRMATION");
}

TEST_F(UnresolvedTest, OwnerlessFacilityIsOfferedThenGivenToACustodian) {
  MakeOwnerless(facility_);
  EXPECT_EQ(WaitsFor(), "OFFER");
  v1::RightsRules rules;
  rules.add_class_rules()->add_candidates(power_);
  ASSERT_TRUE(SetRules(rules));
  v1::OfferFacilitiesRequest offer;
  offer.mutable_run()->set_request_id(NextId());
  offer.mutable_target()->set_facility(facility_);
  ASSERT_TRUE(methods_.Stream<v1::OfferFacilitiesResponse>("RightsService/OfferFacilities", offer));
  EXPECT_EQ(WaitsFor(), "OFFER");
  world_now += 20 * kDay;
  EXPECT_EQ(WaitsFor(), "CUSTODIAN");
  ActAs(registrar_);
  v1::AssignCustodianRequest assign;
  assign.set_request_id(NextId());
  assign.set_facility(facility_);
  assign.set_to(power_);
  *assign.mutable_basis() = BasisOf("15号");
  assign.set_reason("按用途");
  ASSERT_TRUE(methods_.Unary<v1::AssignCustodianResponse>("RightsService/AssignCustodian", assign));
  EXPECT_EQ(WaitsFor(), "ORDER");
}

TEST_F(UnresolvedTest, EachKindIsAListOfItsOwnWithinTheReachAndOfWhatStands) {
  EXPECT_EQ(List(v1::RIGHT_KIND_MAINTAINING)->rights_size(), 1) << "nobody maintains it";
  EXPECT_EQ(RefusalOf(List(static_cast<v1::RightKind>(7))),
            (Refusal{kInvalid, "RIGHT_KIND_UNKNOWN", "kind"}));
  Bound(0, "140599");
  EXPECT_THAT(List()->rights(), IsEmpty());
  Bound(0, "140502");
  EditFacility(facility_, [](auto& facility) { facility.set_life(v1::LIFE_SCRAPPED); });
  EXPECT_THAT(List()->rights(), IsEmpty());
}

TEST_F(UnresolvedTest, PagesTellEachOnce) {
  std::vector<uint64_t> all = {facility_};
  for (uint32_t n = 2; n <= 5; ++n) all.push_back(world_.AddFacility(n, bureau_, water_));
  std::vector<uint64_t> told;
  std::string token;
  do {
    const auto page = List(v1::RIGHT_KIND_OWNING, 2, token);
    ASSERT_TRUE(page) << page.error().message;
    for (const auto& right : page->rights()) told.push_back(right.facility());
    token = page->next_page_token();
  } while (!token.empty());
  EXPECT_EQ(told, all);
}

}  // namespace
}  // namespace yima::server::testing
