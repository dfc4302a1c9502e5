#ifndef YIMA_TESTS_SERVER_RIGHTS_PROCEDURE_H_
#define YIMA_TESTS_SERVER_RIGHTS_PROCEDURE_H_

#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "server/access/roles.h"
#include "server/rights/coverage.h"
#include "tests/server/rights/rights_kit.h"

namespace yima::server::testing {

/// Facilities whose owner's right is in that state, as the counters have it.
inline uint64_t OwnersInState(World& world, v1::RightState state) {
  uint64_t facilities = 0;
  EXPECT_TRUE(EachCover(*world.Read(), [&](const Cover& cover, bool is_coded, uint64_t count) {
    if (!is_coded && cover.rights[1].state == state) facilities += count;
  }));
  return facilities;
}

constexpr TimeUs kDayUs = 86'400'000'000;

/// A city in which organizations claim the owning right of facilities: two owners with a manager
/// each, and a registrar of the registry's own.
class ProcedureTest : public RightsTest {
 protected:
  using RightsTest::RightsTest;

  /// Who calls from now on, with which roles.
  void As(uint64_t principal, Roles roles = kManagers | kRegistrars) {
    world_.principal = fmt::format("{}", principal);
    world_.principal_id = principal;
    world_.roles = roles;
  }
  void AsRegistrar() { As(registrar_, kRegistrars); }

  v1::ClaimRightsRequest ClaimOf(uint64_t organization, uint64_t facility = 0) {
    v1::ClaimRightsRequest request;
    request.mutable_run()->set_request_id(NextId());
    Aim(facility, *request.mutable_target());
    request.set_organization(organization);
    request.mutable_basis()->set_kind("移交协议");
    request.mutable_basis()->set_number(fmt::format("{}号", organization));
    request.set_valid_from("2026-01-01");
    return request;
  }
  /// Of one facility; of all when it is 0.
  static void Aim(uint64_t facility, v1::RightsTarget& target) {
    target.add_kinds(v1::RIGHT_KIND_OWNING);
    if (facility != 0) {
      target.set_facility(facility);
    } else {
      target.mutable_filter()->add_divisions("140502");
    }
  }
  template <typename Response>
  using OnAnswer = std::function<Result<void>(const Response&)>;

  Result<std::vector<v1::ClaimRightsResponse>> Claim(
      const v1::ClaimRightsRequest& request,
      const OnAnswer<v1::ClaimRightsResponse>& on_answer = {},
      const std::function<bool()>& cancelled = [] { return false; }) {
    return methods_.Stream<v1::ClaimRightsResponse>("RightsService/ClaimRights", request, on_answer,
                                                    cancelled);
  }
  /// By a manager of the organization. The id of the claim; 0 when it was refused.
  uint64_t Claimed(uint64_t manager, uint64_t organization, uint64_t facility) {
    As(manager, kManagers);
    const auto answers = Claim(ClaimOf(organization, facility));
    EXPECT_TRUE(answers) << answers.error().message;
    const v1::Facility after = world_.Facility(facility);
    return answers ? after.owning().claims(after.owning().claims_size() - 1).claim() : 0;
  }

  v1::PublishClaimsRequest PublishOf(uint64_t facility = 0) {
    v1::PublishClaimsRequest request;
    request.mutable_run()->set_request_id(NextId());
    Aim(facility, *request.mutable_target());
    request.set_title("2026年第一批确权公示");
    return request;
  }
  Result<std::vector<v1::PublishClaimsResponse>> Publish(
      const v1::PublishClaimsRequest& request,
      const OnAnswer<v1::PublishClaimsResponse>& on_answer = {},
      const std::function<bool()>& cancelled = [] { return false; }) {
    return methods_.Stream<v1::PublishClaimsResponse>("RightsService/PublishClaims", request,
                                                      on_answer, cancelled);
  }
  /// By the registrar. The notice; 0 when it was refused.
  uint64_t Published(uint64_t facility = 0) {
    AsRegistrar();
    const auto answers = Publish(PublishOf(facility));
    EXPECT_TRUE(answers) << answers.error().message;
    return answers ? answers->back().notice().id() : 0;
  }

  v1::ObjectToClaimsRequest ObjectionTo(uint64_t notice, uint64_t organization,
                                        uint64_t facility = 0) {
    v1::ObjectToClaimsRequest request;
    request.mutable_run()->set_request_id(NextId());
    Aim(facility, *request.mutable_target());
    request.set_notice(notice);
    request.set_organization(organization);
    request.set_reasons("我单位于二〇一九年投资建设");
    return request;
  }
  v1::ObjectToClaimsRequest OnPaper(uint64_t notice, uint64_t facility, const std::string& day) {
    auto request = ObjectionTo(notice, 0, facility);
    request.set_person("李某某");
    request.set_contact("13800000000");
    request.set_received_on(day);
    return request;
  }
  Result<std::vector<v1::ObjectToClaimsResponse>> Object(const v1::ObjectToClaimsRequest& request) {
    return methods_.Stream<v1::ObjectToClaimsResponse>("RightsService/ObjectToClaims", request);
  }
  std::vector<v1::Objection> Objections() {
    return methods_
        .Unary<v1::ListObjectionsResponse>("RightsService/ListObjections",
                                           v1::ListObjectionsRequest())
        .transform([](const auto& list) {
          return std::vector<v1::Objection>(list.objections().begin(), list.objections().end());
        })
        .value_or(std::vector<v1::Objection>());
  }

  v1::ConfirmClaimsRequest ConfirmOf(uint64_t facility = 0) {
    v1::ConfirmClaimsRequest request;
    request.mutable_run()->set_request_id(NextId());
    Aim(facility, *request.mutable_target());
    return request;
  }
  Result<std::vector<v1::ConfirmClaimsResponse>> Confirm(
      const v1::ConfirmClaimsRequest& request,
      const OnAnswer<v1::ConfirmClaimsResponse>& on_answer = {},
      const std::function<bool()>& cancelled = [] { return false; }) {
    return methods_.Stream<v1::ConfirmClaimsResponse>("RightsService/ConfirmClaims", request,
                                                      on_answer, cancelled);
  }

  v1::SettleClaimsRequest SettleOf(uint64_t facility, uint64_t claim) {
    v1::SettleClaimsRequest request;
    request.set_request_id(NextId());
    request.set_facility(facility);
    request.set_kind(v1::RIGHT_KIND_OWNING);
    request.set_claim(claim);
    request.set_reason("移交协议在先");
    return request;
  }
  Result<v1::SettleClaimsResponse> Settle(const v1::SettleClaimsRequest& request) {
    return methods_.Unary<v1::SettleClaimsResponse>("RightsService/SettleClaims", request);
  }

  /// Offer 7 of the facility's owning right, open until that moment.
  void AddOffer(TimeUs close) {
    v1::Offer offer;
    offer.set_id(7);
    offer.set_facility(facility_);
    offer.set_state(v1::OFFER_STATE_OPEN);
    offer.set_close_time_us(close);
    ChangeWriter writer(world_.call("test"), "");
    writer.Create(offer.id(), offer);
    EXPECT_TRUE(Apply(world_, writer));
  }

  /// The first moment after the period of a notice.
  void AfterPeriodOf(uint64_t notice) { world_now = Record<v1::Notice>(notice).close_time_us(); }
  void PutRules(const std::function<void(v1::RightsRules&)>& change) {
    v1::RightsRules rules;
    const auto read = *Get<v1::RightsRules>(*world_.Read(), kRightsRulesId);
    if (read) rules = read->record;
    rules.set_id(kRightsRulesId);
    change(rules);
    ChangeWriter writer(world_.call("test"), "");
    if (read) {
      writer.Replace(kRightsRulesId, read->revision, read->record, rules);
    } else {
      writer.Create(kRightsRulesId, rules);
    }
    EXPECT_TRUE(Apply(world_, writer));
  }
};

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_RIGHTS_PROCEDURE_H_
