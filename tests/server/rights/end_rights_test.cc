#include "server/rights/end_rights.h"

#include "tests/server/rights/procedure.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;

/// A facility on which a claim, an objection to it, an offer and an order stand.
class EndRightsTest : public ProcedureTest {
 protected:
  EndRightsTest() {
    As(water_manager_, kManagers);
    EXPECT_TRUE(Object(ObjectionTo(notice_, water_, facility_)));
    offer_.set_id(*world_.domain().numbers.NewId(store::Kind::kOffer));
    offer_.set_facility(other_);
    offer_.set_state(v1::OFFER_STATE_OPEN);
    order_.set_id(*world_.domain().numbers.NewId(store::Kind::kOrder));
    order_.set_kind(v1::ORDER_KIND_ASSIGNMENT);
    order_.set_facility(other_);
    order_.set_right(v1::RIGHT_KIND_MAINTAINING);
    order_.set_state(v1::ORDER_STATE_PROPOSED);
    ChangeWriter writer(world_.call("test"), "");
    writer.Create(offer_.id(), offer_);
    writer.Create(order_.id(), order_);
    EXPECT_TRUE(Apply(world_, writer));
    Edit<v1::Facility>(world_, other_, [&](v1::Facility& facility) {
      facility.mutable_owning()->set_state(v1::RIGHT_STATE_OWNERLESS);
      facility.mutable_owning()->set_offer(offer_.id());
      facility.mutable_maintaining()->set_order(order_.id());
    });
    EXPECT_THAT(Findings(world_), IsEmpty());
  }
  Result<v1::RetireFacilityResponse> Retire(uint64_t facility) {
    v1::RetireFacilityRequest request;
    request.set_request_id(NextId());
    request.set_facility(facility);
    request.set_date("2026-11-20");
    request.mutable_basis()->set_kind("批复");
    request.mutable_basis()->set_number("9号");
    return methods_.Unary<v1::RetireFacilityResponse>("RegistryService/RetireFacility", request);
  }
  Result<v1::UpdateFacilityResponse> Update(uint64_t facility, const char* path,
                                            const std::function<void(v1::Facility&)>& change) {
    v1::UpdateFacilityRequest request;
    request.set_request_id(NextId());
    request.mutable_facility()->set_uid(facility);
    change(*request.mutable_facility());
    request.add_update_mask(path);
    return methods_.Unary<v1::UpdateFacilityResponse>("RegistryService/UpdateFacility", request);
  }

  uint64_t other_ = world_.AddFacility(2, bureau_);
  uint64_t claim_ = Claimed(power_manager_, power_, facility_);
  uint64_t notice_ = Published(facility_);
  v1::Offer offer_;
  v1::Order order_;
};

TEST_F(EndRightsTest, WhatStandsOnAFacilityEndsWithIt) {
  const auto retired = Retire(facility_);
  ASSERT_TRUE(retired) << retired.error().message;
  const v1::Right owning = world_.Facility(facility_).owning();
  EXPECT_EQ(owning.claims_size(), 0);
  EXPECT_EQ(owning.objections(), 0);
  EXPECT_EQ(owning.state(), v1::RIGHT_STATE_RECORDED);
  EXPECT_EQ(owning.holder(), water_);
  EXPECT_EQ(Record<v1::Claim>(claim_).state(), v1::CLAIM_STATE_SUPERSEDED);
  EXPECT_EQ(Record<v1::Claim>(claim_).decision().basis().number(), "9号");
  EXPECT_EQ(Objections()[0].state(), v1::OBJECTION_STATE_SUPERSEDED);
  ASSERT_TRUE(Retire(other_));
  const v1::Facility other = world_.Facility(other_);
  EXPECT_EQ(other.owning().offer(), 0);
  EXPECT_EQ(other.owning().state(), v1::RIGHT_STATE_OWNERLESS);
  EXPECT_FALSE(other.has_maintaining());
  EXPECT_EQ((*Get<v1::Offer>(*world_.Read(), offer_.id()))->record.state(), v1::OFFER_STATE_ENDED);
  EXPECT_EQ((*Get<v1::Order>(*world_.Read(), order_.id()))->record.state(),
            v1::ORDER_STATE_SUPERSEDED);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(EndRightsTest, NoUpdateChangesARightPastThem) {
  const auto to_bureau = [&](v1::Facility& facility) {
    facility.mutable_owning()->set_holder(bureau_);
  };
  RefusesUnchanged([&] { return Update(facility_, "owning", to_bureau); },
                   {kFailed, "RIGHT_CLAIMED", "facility.owning"});
  RefusesUnchanged([&] { return Update(other_, "owning", to_bureau); },
                   {kFailed, "RIGHT_CLAIMED", "facility.owning"});
  RefusesUnchanged(
      [&] {
        return Update(other_, "maintaining", [&](v1::Facility& facility) {
          facility.mutable_maintaining()->set_holder(bureau_);
        });
      },
      {kFailed, "RIGHT_CLAIMED", "facility.maintaining"});
  EXPECT_TRUE(Update(facility_, "address", [](auto& f) { f.set_address("某路1号"); }));
  EXPECT_EQ(world_.Facility(facility_).owning().claims_size(), 1);
}

TEST_F(EndRightsTest, NobodyGivesWhatAProcedureSets) {
  const uint64_t third = world_.AddFacility(3, bureau_);
  RefusesUnchanged(
      [&] {
        return Update(third, "owning", [&](v1::Facility& facility) {
          facility.mutable_owning()->set_holder(water_);
          facility.mutable_owning()->set_decided_claim(claim_);
        });
      },
      {kInvalid, "RIGHT_INVALID", "facility.owning"});
}

/// Claims change the facility, so that no batch before them takes its creation back.
TEST_F(EndRightsTest, WhatIsClaimedIsNotTakenBack) {
  v1::EditFacilitiesRequest edit;
  edit.set_request_id("edit-1");
  edit.mutable_filter()->add_uids(other_);
  edit.add_update_mask("address");
  edit.mutable_facility()->set_address("某路2号");
  const uint64_t third = world_.AddFacility(3, bureau_);
  edit.mutable_filter()->add_uids(third);
  const auto edited =
      methods_.Stream<v1::EditFacilitiesResponse>("RegistryService/EditFacilities", edit);
  ASSERT_TRUE(edited);
  Claimed(water_manager_, water_, third);
  v1::UndoBatchRequest undo;
  undo.set_request_id("undo-1");
  undo.set_batch(edited->back().batch());
  const auto undone = methods_.Stream<v1::UndoBatchResponse>("RegistryService/UndoBatch", undo);
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->back().restored(), 1);
  EXPECT_EQ(world_.Facility(third).address(), "某路2号");
  EXPECT_EQ(world_.Facility(third).owning().claims_size(), 1);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
