#ifndef YIMA_TESTS_SERVER_RIGHTS_RIGHTS_KIT_H_
#define YIMA_TESTS_SERVER_RIGHTS_RIGHTS_KIT_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"
#include "tests/server/unchanged.h"

namespace yima::server::testing {

inline constexpr auto kInvalid = StatusCode::kInvalidArgument;
inline constexpr auto kFailed = StatusCode::kFailedPrecondition;
inline constexpr auto kDenied = StatusCode::kPermissionDenied;
inline constexpr auto kNotFound = StatusCode::kNotFound;

inline v1::Basis BasisOf(const std::string& number) {
  v1::Basis basis;
  basis.set_kind("批复");
  basis.set_number(number);
  return basis;
}

/// Organizations, who acts for them, and facilities whose rights stand in whatever way.
class RightsTest : public ::testing::Test {
 protected:
  /// Its log has the time of the rules, so that periods begin and end as the tests say.
  static std::unique_ptr<store::Store> MemoryStore() {
    return store::OpenMemoryStore([] { return world_now; });
  }
  explicit RightsTest(std::unique_ptr<store::Store> store = MemoryStore())
      : world_(std::move(store)) {}
  ~RightsTest() override { world_now = begin_; }

  uint64_t AddPerson(uint64_t organization) {
    v1::Principal person;
    person.set_id(*world_.domain().numbers.NewId(store::Kind::kPrincipal));
    person.set_kind(v1::PRINCIPAL_KIND_PERSON);
    *person.mutable_name() = Withhold("王工");
    person.set_organization(organization);
    ChangeWriter writer(world_.call("test"), "");
    writer.Create(person.id(), person);
    EXPECT_TRUE(Apply(world_, writer));
    return person.id();
  }
  /// From here on the calls are that person's, everywhere.
  void ActAs(uint64_t person) {
    world_.principal = std::to_string(person);
    world_.principal_id = person;
    world_.reach = Reach::Everywhere();
  }
  /// Within one organization, one division, or both.
  void Bound(uint64_t organization, const std::string& division = "") {
    v1::Grant grant;
    if (organization != 0) grant.add_organizations(organization);
    if (!division.empty()) grant.add_divisions(division);
    auto reach = std::make_shared<Reach>();
    reach->Add(grant);
    world_.reach = reach;
  }

  template <typename Change>
  void EditFacility(uint64_t uid, const Change& change) {
    EXPECT_TRUE(Edit<v1::Facility>(world_, uid, change));
  }
  void Confirm(uint64_t uid) {
    EditFacility(uid, [](v1::Facility& facility) {
      facility.mutable_owning()->set_state(v1::RIGHT_STATE_CONFIRMED);
      *facility.mutable_owning()->mutable_basis() = BasisOf("1号");
    });
  }
  void MakeOwnerless(uint64_t uid) {
    EditFacility(uid, [](v1::Facility& facility) {
      facility.mutable_owning()->clear_holder();
      facility.mutable_owning()->set_state(v1::RIGHT_STATE_OWNERLESS);
    });
  }
  /// A claim that stands, put without the rules for that.
  uint64_t StandClaim(uint64_t uid, uint64_t organization) {
    v1::Claim claim;
    claim.set_id(*world_.domain().numbers.NewId(store::Kind::kClaim));
    claim.set_facility(uid);
    claim.set_kind(v1::RIGHT_KIND_OWNING);
    claim.set_organization(organization);
    claim.set_state(v1::CLAIM_STATE_OPEN);
    *claim.mutable_basis() = BasisOf("7号");
    ChangeWriter writer(world_.call("test"), "");
    writer.Create(claim.id(), claim);
    EXPECT_TRUE(Apply(world_, writer));
    EditFacility(uid, [&](v1::Facility& facility) {
      v1::Right& right = *facility.mutable_owning();
      if (right.claims().empty()) right.set_unclaimed_state(right.state());
      right.set_state(v1::RIGHT_STATE_CLAIMED);
      auto* standing = right.add_claims();
      standing->set_claim(claim.id());
      standing->set_organization(organization);
    });
    return claim.id();
  }
  template <typename R>
  R Record(uint64_t id) const {
    const auto read = Get<R>(*world_.Read(), id);
    return read && *read ? (*read)->record : R();
  }
  v1::Right Owning(uint64_t uid) const { return world_.Facility(uid).owning(); }
  std::string NextId() { return fmt::format("request-{}", ++requests_); }

  Result<v1::SetRightsRulesResponse> SetRules(const v1::RightsRules& rules) {
    v1::SetRightsRulesRequest request;
    request.set_request_id(NextId());
    *request.mutable_rules() = rules;
    return methods_.Unary<v1::SetRightsRulesResponse>("RightsService/SetRightsRules", request);
  }
  /// What is asked is refused, and changes nothing.
  template <typename Ask>
  void RefusesUnchanged(const Ask& ask, const Refusal& refusal) {
    testing::RefusesUnchanged(world_, ask, refusal);
  }
  void ExpectSound() { EXPECT_THAT(Findings(world_), ::testing::IsEmpty()); }

  const TimeUs begin_ = world_now;
  World world_;
  Methods methods_{world_};
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t water_ = world_.AddOrganization("水务公司");
  uint64_t power_ = world_.AddOrganization("供电公司");
  uint64_t registrar_ = AddPerson(0);
  uint64_t second_registrar_ = AddPerson(0);
  uint64_t water_manager_ = AddPerson(water_);
  uint64_t power_manager_ = AddPerson(power_);
  uint64_t facility_ = world_.AddFacility(1, bureau_, water_);

 private:
  int requests_ = 0;
};

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_RIGHTS_RIGHTS_KIT_H_
