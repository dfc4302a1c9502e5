#include "server/rights/claim.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/registry/facility_rules.h"
#include "server/registry/life.h"
#include "server/rights/duties.h"
#include "server/rights/end_rights.h"
#include "server/rights/right_of.h"
#include "server/rights/rights_batch.h"
#include "server/rights/rules.h"
#include "server/rights/shown_rights.h"
#include "server/rights/standing.h"

namespace yima::server {
namespace {

constexpr size_t kReasonMax = 1000;

tl::unexpected<Error> Refuse(const char* reason, std::string message) {
  return Fail(StatusCode::kFailedPrecondition, reason, std::move(message), "target.facility");
}

/// What can be said of a request without its facilities: as of a right that is recorded.
Result<void> CheckClaim(const v1::ClaimRightsRequest& request) {
  YIMA_RETURN_IF_ERROR(CheckBasis(request.basis(), "basis"));
  v1::Right right;
  right.set_holder(request.organization());
  right.set_state(v1::RIGHT_STATE_RECORDED);
  right.set_valid_from(request.valid_from());
  right.set_valid_until(request.valid_until());
  auto checked = CheckRight(right, "owning");
  if (checked) return {};
  Error error = std::move(checked).error();
  constexpr std::string_view kRight = "owning.";
  error.field = error.field.starts_with(kRight) ? error.field.substr(kRight.size()) : "valid_until";
  return tl::unexpected(std::move(error));
}

/// Whether a right of a facility may be claimed by that organization.
Result<void> CheckClaimable(const v1::Facility& facility, int kind, uint64_t organization) {
  const v1::Right& right = RightOf(facility, kind);
  const std::string what =
      fmt::format("right {} of facility {}",
                  v1::RightKind_Name(static_cast<v1::RightKind>(kind)).substr(11), facility.uid());
  if (right.state() == v1::RIGHT_STATE_CONFIRMED) {
    return Refuse("RIGHT_CONFIRMED",
                  fmt::format("the {} is confirmed: it can be transferred or corrected", what));
  }
  YIMA_RETURN_IF_ERROR(CheckMayStand(right, organization, "target.facility"));
  if (right.order() != 0) {
    return Refuse("ORDER_ALREADY",
                  fmt::format("order {} on the {} is proposed", right.order(), what));
  }
  return {};
}

class ClaimBatch final : public RightsBatch {
 public:
  ClaimBatch(const Domain& domain, const Call& call, const v1::ClaimRightsRequest& request,
             const ClaimSink& sink)
      : RightsBatch(domain, call, request.run(), request.target()),
        request_(request),
        sink_(sink) {}

 private:
  size_t PutsMax() const override { return 2 + std::size(kRightKinds); }
  /// A claim stands beside whatever others did.
  bool TakesMoved() const override { return true; }

  Result<void> MayBegin(const store::Snapshot& snapshot) override {
    YIMA_RETURN_IF_ERROR(FindActing(snapshot, request_.organization(), "organization"));
    YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call_, snapshot));
    YIMA_RETURN_IF_ERROR(CheckOwn(actor, request_.organization(), "organization"));
    return CheckClaim(request_);
  }

  Result<void> BeginChange(const store::Snapshot& snapshot) override {
    YIMA_ASSIGN_OR_RETURN(actor_, ActorOf(call_, snapshot));
    YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
    rules_ = rules.version;
    YIMA_ASSIGN_OR_RETURN(moment_, Moment(domain_, snapshot));
    YIMA_ASSIGN_OR_RETURN(const auto claimant,
                          FindActing(snapshot, request_.organization(), "organization"));
    claimant_revision_ = claimant.revision;
    return {};
  }
  /// It must not have ended meanwhile.
  Result<void> EndChange(ChangeWriter& writer) override {
    writer.Check(store::Kind::kOrganization, request_.organization(), claimant_revision_);
    return {};
  }

  Result<uint64_t> Step(const store::Snapshot& snapshot, v1::Facility& facility,
                        ChangeWriter& writer) override {
    YIMA_RETURN_IF_ERROR(CheckReach(call_, facility, "target.facility"));
    YIMA_RETURN_IF_ERROR(CheckNotEnded(facility, "target.facility"));
    for (const int kind : target().kinds()) {
      YIMA_RETURN_IF_ERROR(CheckClaimable(facility, kind, request_.organization()));
    }
    // After all that may refuse it: an offer that is over makes way.
    const auto& kinds = target().kinds();
    if (std::ranges::find(kinds, v1::RIGHT_KIND_OWNING) != kinds.end()) {
      YIMA_RETURN_IF_ERROR(
          EndOfferGoneBy(snapshot, moment_, *facility.mutable_owning(), writer, "target.facility"));
    }
    for (const int kind : target().kinds()) {
      YIMA_ASSIGN_OR_RETURN(const uint64_t id, NewId(store::Kind::kClaim));
      const v1::Claim claim = ClaimOf(id, kind, facility.uid());
      StandClaim(claim, MutableRightOf(facility, kind));
      writer.Create(id, claim);
    }
    return static_cast<uint64_t>(target().kinds_size());
  }

  v1::Claim ClaimOf(uint64_t id, int kind, uint64_t facility) const {
    v1::Claim claim;
    claim.set_id(id);
    claim.set_facility(facility);
    claim.set_kind(static_cast<v1::RightKind>(kind));
    claim.set_organization(request_.organization());
    *claim.mutable_basis() = request_.basis();
    claim.set_valid_from(request_.valid_from());
    claim.set_valid_until(request_.valid_until());
    claim.set_state(v1::CLAIM_STATE_OPEN);
    claim.set_principal(call_.principal);
    claim.set_principal_organization(actor_.organization);
    claim.set_batch(batch_);
    claim.set_rules(rules_);
    claim.set_create_time_us(domain_.now());
    return claim;
  }

  Result<void> Say(v1::RightsProgress progress) override {
    v1::ClaimRightsResponse response;
    *response.mutable_progress() = std::move(progress);
    return sink_(response);
  }

  const v1::ClaimRightsRequest& request_;
  const ClaimSink& sink_;
  Actor actor_;
  uint64_t rules_ = 0;
  uint64_t claimant_revision_ = 0;
  TimeUs moment_ = 0;
};

}  // namespace

Result<void> ClaimRights(const Domain& domain, const Call& call,
                         const v1::ClaimRightsRequest& request, const ClaimSink& sink) {
  // A facility is an organization's when that supervises, owns or maintains it by the ledger. Who
  // stands up for what the ledger gives to nobody, or to another, is bound to divisions alone: a
  // claim takes nothing from anybody, and its holder's reach is none the wider for it.
  Call claiming = call;
  claiming.reach = call.reach->WithoutOrganizations();
  return ClaimBatch(domain, claiming, request, sink)
      .Serve(v1::BATCH_KIND_CLAIM, MarkedRequest(request), KeptRequest(request));
}

Result<Read<v1::Claim>> FindClaim(const store::Snapshot& snapshot, uint64_t claim,
                                  std::string_view field) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Claim>(snapshot, claim));
  if (read) return *std::move(read);
  return Fail(StatusCode::kNotFound, "CLAIM_NOT_FOUND", fmt::format("no claim has id {}", claim),
              std::string(field));
}

Result<Planned> PlanWithdrawClaim(const Domain& domain, const Call& call,
                                  const v1::WithdrawClaimRequest& request,
                                  const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckLines(request.reason(), kReasonMax, "reason"));
  YIMA_ASSIGN_OR_RETURN(const auto read, FindClaim(snapshot, request.claim(), "claim"));
  const v1::Claim& claim = read.record;
  YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call, snapshot));
  YIMA_RETURN_IF_ERROR(CheckOwn(actor, claim.organization(), "claim"));
  if (claim.state() != v1::CLAIM_STATE_OPEN) {
    return Fail(StatusCode::kFailedPrecondition, "CLAIM_ENDED",
                fmt::format("claim {} is {}", claim.id(), v1::ClaimState_Name(claim.state())),
                "claim");
  }
  if (claim.order() != 0) {
    return Fail(
        StatusCode::kFailedPrecondition, "CLAIM_BY_ORDER",
        fmt::format("claim {} came of order {}: a settlement ends it", claim.id(), claim.order()),
        "claim");
  }
  YIMA_ASSIGN_OR_RETURN(const auto facility, FindFacility(snapshot, claim.facility(), "claim"));
  YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
  const v1::Decision decision =
      Decide(actor, domain.now(), rules.version, request.reason(), v1::Basis());
  ChangeWriter writer(call, request.request_id());
  v1::Facility after = facility.record;
  EndClaim(read, v1::CLAIM_STATE_WITHDRAWN, decision, after, writer);
  YIMA_RETURN_IF_ERROR(EndObjectionsToNothing(snapshot, claim.kind(), decision, after, writer));
  ClearEmptyRights(after);
  after.set_update_time_us(domain.now());
  writer.Replace(claim.facility(), facility.revision, facility.record, after);
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), {{store::Kind::kClaim, claim.id(), read.revision + 1}}};
}

Result<v1::WithdrawClaimResponse> AnswerWithdrawClaim(const Domain&,
                                                      const std::vector<RecordRef>& results,
                                                      const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindClaim(snapshot, results.at(0).id, "claim"));
  v1::WithdrawClaimResponse response;
  *response.mutable_claim() = ShownClaim(read.record);
  return response;
}

}  // namespace yima::server
