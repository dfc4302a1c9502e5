#include "server/rights/confirm_claims.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/domain/chunk_reads.h"
#include "server/registry/life.h"
#include "server/rights/claim.h"
#include "server/rights/duties.h"
#include "server/rights/notices.h"
#include "server/rights/publicity.h"
#include "server/rights/right_of.h"
#include "server/rights/rights_batch.h"
#include "server/rights/rules.h"

namespace yima::server {
namespace {

constexpr const char* kField = "target.facility";

tl::unexpected<Error> Refuse(const char* reason, std::string message) {
  return Fail(StatusCode::kFailedPrecondition, reason, std::move(message), kField);
}

class ConfirmClaimsBatch final : public RightsBatch {
 public:
  ConfirmClaimsBatch(const Domain& domain, const Call& call,
                     const v1::ConfirmClaimsRequest& request, const ConfirmClaimsSink& sink)
      : RightsBatch(domain, call, request.run(), request.target()),
        request_(request),
        sink_(sink) {}

 private:
  /// A claim to be confirmed, with the notice in which its publicity ended; 0: in none.
  struct Confirmed {
    Read<v1::Claim> claim;
    uint64_t notice = 0;
  };

  /// The facility, its claims, and the notices that are decided from now on.
  size_t PutsMax() const override { return 1 + 2 * std::size(kRightKinds); }

  Result<void> MayBegin(const store::Snapshot& snapshot) override {
    if (request_.notice() == 0) return {};
    YIMA_RETURN_IF_ERROR(FindNotice(snapshot, request_.notice(), "notice"));
    return {};
  }

  Result<void> BeginChange(const store::Snapshot& snapshot) override {
    YIMA_ASSIGN_OR_RETURN(actor_, ActorOf(call_, snapshot));
    YIMA_ASSIGN_OR_RETURN(rules_, ReadRules(snapshot));
    YIMA_ASSIGN_OR_RETURN(moment_, Moment(domain_, snapshot));
    notices_.Clear();
    claimants_.Clear();
    decided_.clear();
    return {};
  }

  Result<void> EndChange(ChangeWriter& writer) override {
    notices_.Check(writer, decided_);
    claimants_.Check(writer);
    writer.Check(store::Kind::kRightsRules, kRightsRulesId, rules_.version);
    return {};
  }

  Result<uint64_t> Step(const store::Snapshot& snapshot, v1::Facility& facility,
                        ChangeWriter& writer) override {
    YIMA_RETURN_IF_ERROR(CheckNotEnded(facility, kField));
    std::vector<Confirmed> confirmed;
    for (const int kind : target().kinds()) {
      if (!IsAsked(RightOf(facility, kind))) continue;
      YIMA_ASSIGN_OR_RETURN(auto claim, Confirmable(snapshot, facility, kind));
      confirmed.push_back(std::move(claim));
    }
    if (confirmed.empty()) return NothingToConfirm(facility);
    for (const auto& each : confirmed) YIMA_RETURN_IF_ERROR(Put(each, snapshot, facility, writer));
    ClearEmptyRights(facility);
    return confirmed.size();
  }

  bool IsAsked(const v1::Right& right) const {
    return std::ranges::any_of(right.claims(), [&](const v1::StandingClaim& claim) {
      return request_.notice() == 0 || claim.notice() == request_.notice();
    });
  }

  /// What is confirmed already needs nothing.
  Result<uint64_t> NothingToConfirm(const v1::Facility& facility) const {
    const bool done = std::ranges::all_of(target().kinds(), [&](int kind) {
      return RightOf(facility, kind).state() == v1::RIGHT_STATE_CONFIRMED;
    });
    if (done) return 0;
    return Refuse("CLAIM_MISSING",
                  fmt::format("no such claim stands on facility {}", facility.uid()));
  }

  /// The one claim on a right, when it may be confirmed now and by this caller.
  Result<Confirmed> Confirmable(const store::Snapshot& snapshot, const v1::Facility& facility,
                                int kind) {
    const v1::Right& right = RightOf(facility, kind);
    const bool without_notice = rules_.ForClass(facility.class_code()).no_publicity();
    for (const auto& standing : right.claims()) {
      YIMA_ASSIGN_OR_RETURN(const auto* notice, notices_.Find(snapshot, standing.notice()));
      YIMA_RETURN_IF_ERROR(CheckNotRunning(PublicityOf(notice, moment_), notice, kField));
    }
    if (right.objections() > 0) {
      return Refuse("OBJECTION_OPEN", fmt::format("{} objections are open on facility {}",
                                                  right.objections(), facility.uid()));
    }
    if (right.claims_size() > 1) {
      return Refuse("CLAIMS_COMPETE",
                    fmt::format("{} claims compete for facility {}: settle them first",
                                right.claims_size(), facility.uid()));
    }
    const v1::StandingClaim& standing = right.claims(0);
    YIMA_ASSIGN_OR_RETURN(const auto* notice, notices_.Find(snapshot, standing.notice()));
    const Publicity publicity = PublicityOf(notice, moment_);
    YIMA_ASSIGN_OR_RETURN(auto claim, FindClaim(snapshot, standing.claim(), kField));
    // A correction goes against somebody's confirmed right: no rule spares it its notice.
    const bool spared = without_notice && claim.record.order() == 0;
    YIMA_RETURN_IF_ERROR(CheckPublished(publicity, notice, standing.claim(), spared, kField));
    YIMA_RETURN_IF_ERROR(CheckMayConfirm(snapshot, facility, claim.record));
    return Confirmed{std::move(claim), publicity == Publicity::kOver ? standing.notice() : 0};
  }

  Result<void> CheckMayConfirm(const store::Snapshot& snapshot, const v1::Facility& facility,
                               const v1::Claim& claim) {
    YIMA_RETURN_IF_ERROR(CheckNotClaimant(actor_, claim, kField));
    YIMA_RETURN_IF_ERROR(
        CheckRuleAllows(rules_, actor_.organization, claim.kind(), facility, kField));
    YIMA_ASSIGN_OR_RETURN(const auto* claimant, claimants_.Find(snapshot, claim.organization()));
    if (claimant != nullptr && claimant->record.state() == v1::ORGANIZATION_STATE_UNSPECIFIED) {
      return {};
    }
    // In words.
    YIMA_RETURN_IF_ERROR(FindActing(snapshot, claim.organization(), kField));
    return {};
  }

  Result<void> Put(const Confirmed& confirmed, const store::Snapshot& snapshot,
                   v1::Facility& facility, ChangeWriter& writer) {
    const v1::Claim& claim = confirmed.claim.record;
    v1::Claim decided = claim;
    decided.set_state(v1::CLAIM_STATE_CONFIRMED);
    *decided.mutable_decision() = Decide(actor_, domain_.now(), rules_.version, "", v1::Basis());
    writer.Replace(claim.id(), confirmed.claim.revision, claim, decided);
    MutableRightOf(facility, claim.kind()) = RightBy(confirmed);
    return MarkDecided(snapshot, confirmed.notice, writer);
  }

  /// The first confirmation of a notice marks it, so that none which is withdrawn at the same
  /// moment has confirmed anything.
  Result<void> MarkDecided(const store::Snapshot& snapshot, uint64_t id, ChangeWriter& writer) {
    YIMA_ASSIGN_OR_RETURN(const auto* notice, notices_.Find(snapshot, id));
    if (notice == nullptr || notice->record.decided() || !decided_.insert(id).second) return {};
    v1::Notice after = notice->record;
    after.set_decided(true);
    writer.Replace(id, notice->revision, notice->record, after);
    return {};
  }

  v1::Right RightBy(const Confirmed& confirmed) const {
    const v1::Claim& claim = confirmed.claim.record;
    v1::Right right;
    right.set_holder(claim.organization());
    right.set_state(v1::RIGHT_STATE_CONFIRMED);
    *right.mutable_basis() = claim.basis();
    right.set_valid_from(claim.valid_from());
    right.set_valid_until(claim.valid_until());
    right.set_decided_claim(claim.id());
    right.set_decided_notice(confirmed.notice);
    right.set_decided_order(claim.order());
    right.set_rules(rules_.version);
    return right;
  }

  Result<void> Say(v1::RightsProgress progress) override {
    v1::ConfirmClaimsResponse response;
    *response.mutable_progress() = std::move(progress);
    return sink_(response);
  }

  const v1::ConfirmClaimsRequest& request_;
  const ConfirmClaimsSink& sink_;
  Actor actor_;
  Rules rules_;
  TimeUs moment_ = 0;
  ChunkReads<v1::Notice> notices_;
  ChunkReads<v1::Organization> claimants_;
  std::set<uint64_t> decided_;  ///< Notices that this change marks.
};

}  // namespace

Result<void> ConfirmClaims(const Domain& domain, const Call& call,
                           const v1::ConfirmClaimsRequest& request, const ConfirmClaimsSink& sink) {
  return ConfirmClaimsBatch(domain, call, request, sink)
      .Serve(v1::BATCH_KIND_CONFIRM_CLAIMS, MarkedRequest(request), KeptRequest(request));
}

}  // namespace yima::server
