#include "server/rights/offers.h"

#include "server/domain/batch_items.h"
#include "tests/server/rights/rights_kit.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Offered = std::vector<v1::OfferFacilitiesResponse>;
constexpr TimeUs kDay = 86'400'000'000;

/// An ownerless facility, for whose class the rules name 供电公司 and 水务公司.
class OffersTest : public RightsTest {
 protected:
  OffersTest() {
    MakeOwnerless(facility_);
    v1::RightsRules rules;
    auto* rule = rules.add_class_rules();
    rule->set_class_prefix("01");
    rule->add_candidates(power_);
    rule->add_candidates(water_);
    EXPECT_TRUE(SetRules(rules));
    ActAs(registrar_);
  }
  v1::OfferFacilitiesRequest Request() {
    v1::OfferFacilitiesRequest request;
    request.mutable_run()->set_request_id(NextId());
    request.mutable_target()->set_facility(facility_);
    return request;
  }
  Result<Offered> Offer(
      const v1::OfferFacilitiesRequest& request,
      const std::function<bool()>& cancelled = [] { return false; }) {
    return methods_.Stream<v1::OfferFacilitiesResponse>("RightsService/OfferFacilities", request,
                                                        {}, cancelled);
  }
  uint64_t Open() {
    const auto offered = Offer(Request());
    EXPECT_TRUE(offered) << offered.error().message;
    return Owning(facility_).offer();
  }
  Result<v1::AcceptOfferResponse> Accept(uint64_t offer) {
    v1::AcceptOfferRequest request;
    request.set_request_id(NextId());
    request.set_offer(offer);
    *request.mutable_basis() = BasisOf("21号");
    return methods_.Unary<v1::AcceptOfferResponse>("RightsService/AcceptOffer", request);
  }
  Result<v1::DeclineOfferResponse> Decline(uint64_t offer, std::string reason = "非我单位资产") {
    v1::DeclineOfferRequest request;
    request.set_request_id(NextId());
    request.set_offer(offer);
    request.set_reason(std::move(reason));
    return methods_.Unary<v1::DeclineOfferResponse>("RightsService/DeclineOffer", request);
  }
  Result<v1::ListOffersResponse> List(bool open = true, uint64_t organization = 0) {
    v1::ListOffersRequest request;
    request.set_open(open);
    request.set_organization(organization);
    return methods_.Unary<v1::ListOffersResponse>("RightsService/ListOffers", request);
  }
};

TEST_F(OffersTest, OwnerlessFacilityIsPutToAllCandidatesOfItsClassAtOnce) {
  const auto offered = Offer(Request());
  ASSERT_TRUE(offered) << offered.error().message;
  EXPECT_EQ(offered->back().progress().rights(), 1u);
  const auto offer = Record<v1::Offer>(Owning(facility_).offer());
  EXPECT_EQ(offer.state(), v1::OFFER_STATE_OPEN);
  EXPECT_EQ(offer.facility(), facility_);
  EXPECT_EQ(offer.last_day(), "2026-12-09");
  EXPECT_EQ(offer.rules(), 1u);
  EXPECT_EQ(offer.batch(), offered->back().progress().batch());
  ASSERT_EQ(offer.candidates_size(), 2);
  EXPECT_EQ(offer.candidates(0).organization(), water_) << "by rising organization";
  EXPECT_EQ(Owning(facility_).state(), v1::RIGHT_STATE_OWNERLESS);
  ExpectSound();
}

TEST_F(OffersTest, TheFirstThatTakesItClaimsIt) {
  const uint64_t offer = Open();
  ActAs(water_manager_);
  const auto taken = Accept(offer);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->offer().state(), v1::OFFER_STATE_ACCEPTED);
  const v1::Right right = Owning(facility_);
  EXPECT_EQ(right.state(), v1::RIGHT_STATE_CLAIMED);
  EXPECT_EQ(right.unclaimed_state(), v1::RIGHT_STATE_OWNERLESS);
  EXPECT_EQ(right.holder(), 0u);
  EXPECT_EQ(right.offer(), 0u);
  ASSERT_EQ(right.claims_size(), 1);
  const auto claim = Record<v1::Claim>(right.claims(0).claim());
  EXPECT_EQ(claim.organization(), water_);
  EXPECT_EQ(claim.offer(), offer);
  EXPECT_EQ(claim.basis().number(), "21号");
  EXPECT_EQ(claim.principal_organization(), water_);
  EXPECT_EQ(taken->offer().claim(), claim.id());
  ExpectSound();
  RefusesUnchanged([&] { return Accept(offer); }, {kFailed, "OFFER_TAKEN", "offer"});
  ActAs(power_manager_);
  RefusesUnchanged([&] { return Accept(offer); }, {kFailed, "OFFER_TAKEN", "offer"});
  RefusesUnchanged([&] { return Decline(offer); }, {kFailed, "OFFER_TAKEN", "offer"});
}

TEST_F(OffersTest, WhenAllDeclineItEndsAndMayBeOfferedAgain) {
  const uint64_t offer = Open();
  ActAs(water_manager_);
  const auto declined = Decline(offer);
  ASSERT_TRUE(declined) << declined.error().message;
  EXPECT_EQ(declined->offer().state(), v1::OFFER_STATE_OPEN);
  EXPECT_EQ(declined->offer().candidates(0).reason().value(), "非我单位资产");
  RefusesUnchanged([&] { return Accept(offer); }, {kFailed, "OFFER_ANSWERED", "offer"});
  ActAs(power_manager_);
  EXPECT_EQ(Decline(offer)->offer().state(), v1::OFFER_STATE_DECLINED);
  EXPECT_EQ(Owning(facility_).offer(), 0u);
  EXPECT_EQ(Owning(facility_).state(), v1::RIGHT_STATE_OWNERLESS);
  RefusesUnchanged([&] { return Accept(offer); }, {kFailed, "OFFER_ENDED", "offer"});
  ExpectSound();
  ActAs(registrar_);
  EXPECT_NE(Open(), offer);
}

TEST_F(OffersTest, AfterItsDeadlineItCountsAsEnded) {
  const uint64_t offer = Open();
  RefusesUnchanged([&] { return Offer(Request()); }, {kFailed, "OFFER_OPEN", "target.facility"});
  world_now += 16 * kDay;
  EXPECT_THAT(List()->offers(), IsEmpty());
  EXPECT_EQ(List(false)->offers(0).state(), v1::OFFER_STATE_ENDED);
  ActAs(water_manager_);
  RefusesUnchanged([&] { return Accept(offer); }, {kFailed, "OFFER_ENDED", "offer"});
  ActAs(registrar_);
  const uint64_t next = Open();
  EXPECT_NE(next, offer);
  EXPECT_EQ(Record<v1::Offer>(offer).state(), v1::OFFER_STATE_ENDED);
  ExpectSound();
}

TEST_F(OffersTest, ClockThatIsPutBackOpensNoOfferAgain) {
  const uint64_t offer = Open();
  const TimeUs before = world_now;
  world_now += 16 * kDay;
  EditFacility(facility_, [](auto& facility) { facility.set_address("黄华街"); });
  world_now = before;
  ActAs(water_manager_);
  RefusesUnchanged([&] { return Accept(offer); }, {kFailed, "OFFER_ENDED", "offer"});
}

TEST_F(OffersTest, AssigningWaitsForTheOfferAndEndsOneGoneBy) {
  const uint64_t offer = Open();
  v1::AssignCustodianRequest assign;
  assign.set_facility(facility_);
  assign.set_to(power_);
  *assign.mutable_basis() = BasisOf("22号");
  assign.set_reason("按用途");
  const auto ask = [&] {
    assign.set_request_id(NextId());
    return methods_.Unary<v1::AssignCustodianResponse>("RightsService/AssignCustodian", assign);
  };
  RefusesUnchanged(ask, {kFailed, "OFFER_OPEN", "facility"});
  world_now += 16 * kDay;
  const auto assigned = ask();
  ASSERT_TRUE(assigned) << assigned.error().message;
  EXPECT_EQ(Record<v1::Offer>(offer).state(), v1::OFFER_STATE_ENDED);
  EXPECT_EQ(Owning(facility_).offer(), 0u);
  ExpectSound();
}

TEST_F(OffersTest, OnlyCandidatesAnswerAndWithAReason) {
  const uint64_t offer = Open();
  const Refusal no_candidate{kDenied, "NOT_A_CANDIDATE", "offer"};
  RefusesUnchanged([&] { return Accept(offer); }, no_candidate);
  ActAs(AddPerson(bureau_));
  RefusesUnchanged([&] { return Decline(offer); }, no_candidate);
  ActAs(water_manager_);
  RefusesUnchanged([&] { return Decline(offer, ""); }, {kInvalid, "FIELD_MISSING", "reason"});
  RefusesUnchanged([&] { return Accept(4242); }, {kNotFound, "OFFER_NOT_FOUND", "offer"});
}

TEST_F(OffersTest, CandidatesSeeWhatTheyAreAskedThoughItLiesOutsideTheirReach) {
  const uint64_t offer = Open();
  ActAs(water_manager_);
  ASSERT_TRUE(Decline(offer));
  ActAs(power_manager_);
  Bound(power_);
  const auto seen = List(true, power_);
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->offers_size(), 1);
  EXPECT_FALSE(seen->offers(0).candidates(0).has_reason()) << "what others said is not theirs";
  Bound(power_, "140599");
  EXPECT_THAT(List()->offers(), IsEmpty());
  RefusesUnchanged([&] { return Accept(offer); }, {kDenied, "SCOPE_EXCEEDED", "offer"});
  ActAs(AddPerson(bureau_));
  Bound(world_.AddOrganization("园林局"));
  EXPECT_THAT(List()->offers(), IsEmpty());
  ActAs(registrar_);
  EXPECT_TRUE(List()->offers(0).candidates(0).has_reason());
  EXPECT_THAT(List(true, water_)->offers(), IsEmpty()) << "it has answered";
}

TEST_F(OffersTest, WhatIsNotOwnerlessIsNotOffered) {
  const uint64_t owned = world_.AddFacility(2, bureau_, water_);
  auto request = Request();
  request.mutable_target()->set_facility(owned);
  RefusesUnchanged([&] { return Offer(request); },
                   {kFailed, "RIGHT_NOT_OWNERLESS", "target.facility"});
  StandClaim(facility_, power_);
  RefusesUnchanged([&] { return Offer(Request()); }, {kFailed, "RIGHT_CLAIMED", "target.facility"});
  EditFacility(facility_, [](auto& facility) { facility.set_life(v1::LIFE_SCRAPPED); });
  RefusesUnchanged([&] { return Offer(Request()); },
                   {kFailed, "FACILITY_ENDED", "target.facility"});
}

TEST_F(OffersTest, OnlyOwnershipIsOffered) {
  auto request = Request();
  request.mutable_target()->add_kinds(v1::RIGHT_KIND_OWNING);
  request.mutable_target()->add_kinds(v1::RIGHT_KIND_MAINTAINING);
  RefusesUnchanged([&] { return Offer(request); },
                   {kInvalid, "RIGHT_KIND_UNKNOWN", "target.kinds[1]"});
}

TEST_F(OffersTest, WithoutCandidatesOrCalendarNothingIsOffered) {
  ASSERT_TRUE(EndOrganization(world_, power_, v1::ORGANIZATION_STATE_MERGED));
  Open();
  EXPECT_EQ(Record<v1::Offer>(Owning(facility_).offer()).candidates_size(), 1)
      << "one that ended is not asked";
  const uint64_t another = world_.AddFacility(2, bureau_);
  MakeOwnerless(another);
  auto request = Request();
  request.mutable_target()->set_facility(another);
  v1::RightsRules rules;
  ASSERT_TRUE(SetRules(rules));
  RefusesUnchanged([&] { return Offer(request); },
                   {kFailed, "CANDIDATES_MISSING", "target.facility"});
  rules.add_calendars()->set_year(2025);
  ASSERT_TRUE(SetRules(rules));
  request.mutable_target()->mutable_filter()->add_divisions("140502");
  RefusesUnchanged([&] { return Offer(request); },
                   {kFailed, "CALENDAR_YEAR_MISSING", "rules.calendars"});
}

TEST_F(OffersTest, OfManyThoseThatMayNotAreListedAndTheRestGoOnAfterAnInterruption) {
  constexpr uint32_t kMany = kBatchChunk + 200;
  for (uint32_t n = 2; n <= kMany; ++n) {
    const uint64_t uid = world_.AddFacility(n, bureau_, n == 10 ? water_ : 0);
    if (n != 10) MakeOwnerless(uid);
  }
  auto request = Request();
  request.mutable_target()->mutable_filter()->add_divisions("140502");
  auto dry = request;
  dry.mutable_run()->set_dry_run(true);
  const std::string state = world_.State();
  const auto looked = Offer(dry);
  ASSERT_TRUE(looked) << looked.error().message;
  EXPECT_EQ(world_.State(), state);
  EXPECT_EQ(looked->back().progress().changed(), kMany - 1);
  ASSERT_EQ(looked->back().progress().facilities_size(), 1);
  EXPECT_EQ(looked->back().progress().facilities(0).reason(), "RIGHT_NOT_OWNERLESS");
  request.mutable_run()->set_frozen_hash(looked->back().progress().frozen_hash());
  int asked = 0;
  const auto broken = Offer(request, [&] { return ++asked > static_cast<int>(kMany) + 2; });
  ASSERT_EQ(RefusalOf(broken), (Refusal{StatusCode::kUnavailable, "CALL_ENDED", ""}));
  const auto whole = Offer(request);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->back().progress().changed(), kMany - 1);
  EXPECT_EQ(whole->back().progress().refused(), 1u);
  ExpectSound();
}

}  // namespace
}  // namespace yima::server::testing
