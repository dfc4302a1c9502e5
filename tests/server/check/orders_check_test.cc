#include "server/check/orders_check.h"

#include <gmock/gmock.h>

#include "tests/server/check/check_kit.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// An order and an offer as the rules leave them, then each disagreement of theirs with the right.
class OrdersCheckTest : public CheckTest {
 protected:
  OrdersCheckTest() {
    v1::Order order;
    order.set_id(kId);
    order.set_kind(v1::ORDER_KIND_TRANSFER);
    order.set_facility(facility_);
    order.set_right(v1::RIGHT_KIND_SUPERVISING);
    order.set_state(v1::ORDER_STATE_PROPOSED);
    order.set_from(bureau_);
    v1::Offer offer;
    offer.set_id(kId);
    offer.set_facility(facility_);
    offer.set_state(v1::OFFER_STATE_OPEN);
    ChangeWriter writer(world_.call("test"), "");
    writer.Create(kId, order);
    writer.Create(kId, offer);
    EXPECT_TRUE(Apply(world_, writer));
    ChangeFacility([](v1::Facility& facility) {
      facility.mutable_supervising()->set_order(kId);
      facility.mutable_owning()->set_state(v1::RIGHT_STATE_OWNERLESS);
      facility.mutable_owning()->set_offer(kId);
    });
    EXPECT_THAT(Findings(), IsEmpty());
  }
  template <typename Change>
  void ChangeFacility(const Change& change) {
    EXPECT_TRUE(Edit<v1::Facility>(world_, facility_, change));
  }
  static constexpr uint64_t kId = uint64_t{1} << 32 | 9;
};

TEST_F(OrdersCheckTest, AProposedOrderThatItsRightDoesNotNameIsFound) {
  ChangeFacility([](auto& facility) { facility.mutable_supervising()->clear_order(); });
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("which does not name it")));
}

TEST_F(OrdersCheckTest, ARightThatNamesAnOrderWhichHasEndedIsFound) {
  ASSERT_TRUE(Edit<v1::Order>(world_, kId,
                              [](auto& order) { order.set_state(v1::ORDER_STATE_WITHDRAWN); }));
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("which is not proposed on that right")));
}

TEST_F(OrdersCheckTest, ARightThatNamesTheOrderOfAnotherRightOrFacilityIsFound) {
  ASSERT_TRUE(Edit<v1::Order>(world_, kId,
                              [](auto& order) { order.set_right(v1::RIGHT_KIND_MAINTAINING); }));
  const auto wrong = ElementsAre(HasSubstr("which is not proposed on that right"),
                                 HasSubstr("which does not name it"));
  EXPECT_THAT(Findings(), wrong);
  const uint64_t other = world_.AddFacility(7, bureau_);
  ASSERT_TRUE(Edit<v1::Order>(world_, kId, [&](auto& order) {
    order.set_right(v1::RIGHT_KIND_SUPERVISING);
    order.set_facility(other);
  }));
  EXPECT_THAT(Findings(), wrong);
}

TEST_F(OrdersCheckTest, AFacilityThatNamesTheOfferOfAnotherOneIsFound) {
  const uint64_t other = world_.AddFacility(7, bureau_);
  ASSERT_TRUE(Edit<v1::Offer>(world_, kId, [&](auto& offer) { offer.set_facility(other); }));
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("which is not an open one of it"),
                                      HasSubstr("does not name it")));
}

TEST_F(OrdersCheckTest, AnOpenOfferThatItsFacilityDoesNotNameIsFound) {
  ChangeFacility([](auto& facility) { facility.mutable_owning()->clear_offer(); });
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("does not name it")));
}

TEST_F(OrdersCheckTest, AFacilityThatNamesAnOfferWhichHasEndedIsFound) {
  ASSERT_TRUE(
      Edit<v1::Offer>(world_, kId, [](auto& offer) { offer.set_state(v1::OFFER_STATE_ACCEPTED); }));
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("which is not an open one of it"),
                                      HasSubstr("was taken, and names no claim")));
}

TEST_F(OrdersCheckTest, ARightThatRestsOnAnOrderWhichWasNotCarriedOutIsFound) {
  ChangeFacility([](auto& facility) {
    facility.mutable_supervising()->set_decided_order(kId);
    facility.mutable_owning()->set_by_order(true);
  });
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("which was not carried out on it"),
                                      HasSubstr("only a custodian is one by order")));
}

TEST_F(OrdersCheckTest, ACorrectionWithoutItsNoticeIsFound) {
  ASSERT_TRUE(Edit<v1::Order>(world_, kId, [](auto& order) {
    order.set_kind(v1::ORDER_KIND_CORRECTION);
    order.set_state(v1::ORDER_STATE_DONE);
  }));
  ChangeFacility([](auto& facility) { facility.mutable_supervising()->clear_order(); });
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("names no claim and notice")));
}

}  // namespace
}  // namespace yima::server::testing
