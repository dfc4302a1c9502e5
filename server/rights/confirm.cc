#include "server/rights/confirm.h"

#include <optional>

#include <fmt/format.h>

#include "server/registry/facility_rules.h"
#include "server/registry/frozen_batch.h"
#include "server/registry/life.h"
#include "server/registry/outcomes.h"
#include "server/rights/duties.h"
#include "server/rights/right_of.h"
#include "server/rights/rights_batch.h"
#include "server/rights/rules.h"

namespace yima::server {
namespace {

/// Facilities that a dry run lists.
constexpr int kListedMax = 10'000;

/// What became of the rights looked at so far. Kept in the batch's counts: `updated` are rights
/// confirmed, `unchanged` those that were so, `created` those refused, `conflicts` facilities
/// moved; what is left of the rights asked for is held by nobody.
struct Tally {
  uint64_t confirmed = 0;
  uint64_t unchanged = 0;
  uint64_t not_held = 0;
  uint64_t refused = 0;
  std::optional<Error> refusal;  ///< The last one.
};

/// Confirms rights on a basis, by the rules of one moment and for one caller.
class Confirmer {
 public:
  static Result<Confirmer> Make(const Call& call, const store::Snapshot& snapshot,
                                const v1::ConfirmRightsRequest& request) {
    YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call, snapshot));
    YIMA_ASSIGN_OR_RETURN(Rules rules, ReadRules(snapshot));
    return Confirmer(request, actor.organization, std::move(rules));
  }

  /// Confirms the rights asked for in the record; true when something changed.
  bool Confirm(v1::Facility& facility, Tally& tally) const {
    const uint64_t before = tally.confirmed;
    for (const int kind : request_.kinds()) {
      // A right that nobody holds is not touched: asking for it mutably would add it.
      const v1::Right& held = RightOf(facility, kind);
      if (held.holder() == 0 && CheckUnclaimed(held, "facility")) {
        ++tally.not_held;
      } else if (held.state() == v1::RIGHT_STATE_CONFIRMED &&
                 SameBasis(held.basis(), request_.basis())) {
        ++tally.unchanged;
      } else if (auto allowed = CheckAllowed(facility, static_cast<v1::RightKind>(kind));
                 !allowed) {
        ++tally.refused;
        tally.refusal = std::move(allowed).error();
      } else {
        MutableRightOf(facility, kind) = Confirmed(held);
        ++tally.confirmed;
      }
    }
    return tally.confirmed > before;
  }

 private:
  Confirmer(const v1::ConfirmRightsRequest& request, uint64_t organization, Rules rules)
      : request_(request), organization_(organization), rules_(std::move(rules)) {}

  Result<void> CheckAllowed(const v1::Facility& facility, v1::RightKind kind) const {
    const v1::Right& right = RightOf(facility, kind);
    YIMA_RETURN_IF_ERROR(CheckUnclaimed(right, "facility"));
    YIMA_RETURN_IF_ERROR(CheckOtherOrganization(
        {"", organization_}, right.holder(),
        fmt::format("has the right of facility {} by the ledger", facility.uid()), "facility"));
    if (right.by_order()) {
      return Fail(StatusCode::kFailedPrecondition, "RIGHT_CONFIRMED",
                  fmt::format("order {} gave facility {} its custodian: another order changes it",
                              right.decided_order(), facility.uid()),
                  "facility");
    }
    if (rules_.ForClass(facility.class_code()).no_direct_confirmation()) {
      return Fail(StatusCode::kFailedPrecondition, "RULE_FORBIDS",
                  fmt::format("the city's rules want a claim on facilities of class {}",
                              facility.class_code()),
                  "facility");
    }
    return CheckRuleAllows(rules_, organization_, kind, facility, "facility");
  }

  /// On this document alone: what the holder had before rested on another decision.
  v1::Right Confirmed(const v1::Right& held) const {
    v1::Right right;
    right.set_holder(held.holder());
    right.set_state(v1::RIGHT_STATE_CONFIRMED);
    *right.mutable_basis() = request_.basis();
    right.set_valid_from(held.valid_from());
    right.set_valid_until(held.valid_until());
    right.set_rules(rules_.version);
    return right;
  }

  const v1::ConfirmRightsRequest& request_;
  uint64_t organization_;
  Rules rules_;
};

Result<void> CheckRequest(const v1::ConfirmRightsRequest& request) {
  if (request.target_case() == v1::ConfirmRightsRequest::TARGET_NOT_SET) {
    return Invalid("TARGET_MISSING", "neither facility nor filter says whose rights", "target");
  }
  YIMA_RETURN_IF_ERROR(CheckKinds(request.kinds(), "kinds"));
  return CheckBasis(request.basis(), "basis");
}

/// Of the filter, or of the one facility.
Result<FacilityMatcher> MatcherOf(const Call& call, const v1::ConfirmRightsRequest& request) {
  v1::FacilityFilter filter = request.filter();
  if (request.has_facility()) filter.add_uids(request.facility());
  return FacilityMatcher::Parse(call, filter);
}

/// Visits what the request names, with its revision. CALL_ENDED when nobody waits any more.
Result<void> Visit(const Call& call, const v1::ConfirmRightsRequest& request,
                   const FacilityMatcher& matcher, const store::Snapshot& snapshot,
                   const FacilityVisitor& visit) {
  if (request.target_case() == v1::ConfirmRightsRequest::kFacility) {
    YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, request.facility(), "facility"));
    YIMA_RETURN_IF_ERROR(CheckReach(call, read.record, "facility"));
    YIMA_RETURN_IF_ERROR(CheckNotWithdrawn(read.record, "facility"));
    return visit(read.revision, read.record);
  }
  return VisitFiltered(call, matcher, snapshot, visit);
}

/// RIGHT_NOT_HELD: the one facility named has nobody who holds a right asked for; or why it is
/// refused.
Result<void> CheckHeld(const v1::ConfirmRightsRequest& request, const Tally& tally) {
  if (!request.has_facility()) return {};
  if (tally.refusal) return tl::unexpected(*tally.refusal);
  if (tally.not_held == 0) return {};
  return Fail(StatusCode::kFailedPrecondition, "RIGHT_NOT_HELD",
              fmt::format("facility {} has nobody who holds a right asked for", request.facility()),
              "kinds");
}

/// Says in the item what kept rights of its facility from being confirmed.
void NoteRefusal(const Tally& tally, BatchItem& item) {
  if (!tally.refusal) return;
  if (tally.confirmed > 0) {
    item.DoInPart(tally.refusal->reason);
  } else {
    item.Refuse(tally.refusal->reason);
  }
}

/// What would be done, from one snapshot.
Result<v1::ConfirmRightsResponse> DryRun(const Call& call, const v1::ConfirmRightsRequest& request,
                                         const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto matcher, MatcherOf(call, request));
  YIMA_ASSIGN_OR_RETURN(const auto confirmer, Confirmer::Make(call, snapshot, request));
  ListHash hash;
  uint64_t total = 0;
  Tally sum;
  v1::ConfirmRightsResponse response;
  const auto look = [&](uint64_t revision, const v1::Facility& facility) -> Result<void> {
    hash.Add(facility.uid(), revision);
    ++total;
    v1::Facility copy = facility;
    Tally tally;
    confirmer.Confirm(copy, tally);
    BatchItem item{facility.uid(), revision};
    NoteRefusal(tally, item);
    if (tally.refusal && response.facilities_size() < kListedMax) {
      AddOutcomes({item}, *response.mutable_facilities());
    }
    sum.confirmed += tally.confirmed;
    sum.unchanged += tally.unchanged;
    sum.not_held += tally.not_held;
    sum.refused += tally.refused;
    if (tally.refusal) sum.refusal = std::move(tally.refusal);
    return {};
  };
  YIMA_RETURN_IF_ERROR(Visit(call, request, matcher, snapshot, look));
  YIMA_RETURN_IF_ERROR(CheckHeld(request, sum));
  response.set_total(total);
  response.set_confirmed(sum.confirmed);
  response.set_unchanged(sum.unchanged);
  response.set_not_held(sum.not_held);
  response.set_refused(sum.refused);
  response.set_frozen_hash(hash.Finish());
  YIMA_ASSIGN_OR_RETURN(const uint64_t log_size, snapshot.LogSize());
  response.set_frozen_log_size(log_size);
  return response;
}

/// One batch of confirmations.
class ConfirmBatch final : public FrozenBatch {
 public:
  ConfirmBatch(const Domain& domain, const Call& call, const v1::ConfirmRightsRequest& request,
               const ConfirmSink& sink)
      : FrozenBatch(domain, call, request.request_id()), request_(request), sink_(sink) {}

  /// Freezes the list; 0 when it is empty.
  Result<uint64_t> Begin(const store::Snapshot& snapshot, const RequestMark& mark) {
    YIMA_ASSIGN_OR_RETURN(const auto matcher, MatcherOf(call_, request_));
    // Looked at before anything is written, so that a refusal leaves nothing behind.
    YIMA_RETURN_IF_ERROR(CheckFrozen(matcher, snapshot));
    if (request_.has_facility()) YIMA_RETURN_IF_ERROR(DryRun(call_, request_, snapshot));
    v1::Batch batch;
    batch.set_kind(v1::BATCH_KIND_CONFIRM_RIGHTS);
    batch.set_source(request_.has_filter() ? matcher.InWords()
                                           : fmt::format("facility {}", request_.facility()));
    KeepRequest(request_, batch);
    return BeginFrozen(domain_, call_, mark, std::move(batch), [&](const ListSink& add) {
      return Visit(call_, request_, matcher, snapshot,
                   [&](uint64_t revision, const v1::Facility& facility) {
                     return add({facility.uid(), revision});
                   });
    });
  }

 private:
  size_t UnderWayMax() const override { return kRightsUnderWayMax; }

  Result<void> CheckFrozen(const FacilityMatcher& matcher, const store::Snapshot& snapshot) const {
    if (request_.frozen_hash().empty()) return {};
    ListHash found;
    const auto visited =
        Visit(call_, request_, matcher, snapshot,
              [&](uint64_t revision, const v1::Facility& facility) -> Result<void> {
                found.Add(facility.uid(), revision);
                return {};
              });
    if (!visited || found.Finish() == request_.frozen_hash()) return visited;
    return FilterResultChanged(call_, matcher, snapshot, request_.frozen_log_size(), "frozen_hash");
  }

  Result<void> BeginChange(const store::Snapshot& snapshot) override {
    YIMA_ASSIGN_OR_RETURN(auto confirmer, Confirmer::Make(call_, snapshot, request_));
    confirmer_.emplace(std::move(confirmer));
    return {};
  }

  Result<void> Do(const store::Snapshot&, const Read<v1::Facility>& facility, BatchItem& item,
                  ChangeWriter& writer, v1::BatchCounts& counts) override {
    Tally tally;
    v1::Facility after = facility.record;
    if (confirmer_->Confirm(after, tally)) {
      after.set_update_time_us(domain_.now());
      writer.Replace(item.facility, facility.revision, facility.record, after);
    }
    NoteRefusal(tally, item);
    counts.set_updated(counts.updated() + tally.confirmed);
    counts.set_unchanged(counts.unchanged() + tally.unchanged);
    counts.set_created(counts.created() + tally.refused);
    return {};
  }

  /// The progress, with the facilities of a chunk that were left as they are, and those refused.
  Result<void> Tell(const std::vector<BatchItem>& chunk) override {
    v1::ConfirmRightsResponse answer = Answer();
    std::vector<BatchItem> refused;
    for (const auto& item : chunk) {
      if (item.moved) {
        answer.add_moved_facilities(item.facility);
      } else if (!item.reason.empty()) {
        refused.push_back(item);
      }
    }
    AddOutcomes(refused, *answer.mutable_facilities());
    return sink_(answer);
  }

  Result<void> TellEnd() override { return sink_(Answer()); }

  v1::ConfirmRightsResponse Answer() const {
    v1::ConfirmRightsResponse response;
    response.set_batch(batch_);
    response.set_total(counts_.total());
    response.set_done(counts_.done());
    response.set_confirmed(counts_.updated());
    response.set_unchanged(counts_.unchanged());
    response.set_refused(counts_.created());
    response.set_moved(counts_.conflicts());
    const uint64_t looked_at =
        (counts_.done() - counts_.conflicts()) * static_cast<uint64_t>(request_.kinds_size());
    response.set_not_held(looked_at - counts_.updated() - counts_.unchanged() - counts_.created());
    response.set_frozen_hash(hash_);
    return response;
  }

  const v1::ConfirmRightsRequest& request_;
  const ConfirmSink& sink_;
  std::optional<Confirmer> confirmer_;
};

}  // namespace

Result<void> ConfirmRights(const Domain& domain, const Call& call,
                           const v1::ConfirmRightsRequest& request, const ConfirmSink& sink) {
  YIMA_RETURN_IF_ERROR(CheckRequest(request));
  if (request.dry_run()) {
    // Told when the snapshot is no longer held: a client that does not read must not hold it.
    auto response = DryRun(call, request, *domain.store.Read());
    if (!response) return tl::unexpected(std::move(response).error());
    return sink(*response);
  }
  YIMA_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  // Without what a dry run said: one that was begun goes on, though its filter finds others by now.
  v1::ConfirmRightsRequest marked = request;
  marked.clear_frozen_hash();
  marked.clear_frozen_log_size();
  const RequestMark mark = MarkOf(domain, call, request.request_id(), marked.SerializeAsString());
  ConfirmBatch confirming(domain, call, request, sink);
  uint64_t batch = 0;
  {
    const auto snapshot = domain.store.Read();
    YIMA_ASSIGN_OR_RETURN(batch, FindBatch(*snapshot, mark));
    if (batch == 0) {
      YIMA_ASSIGN_OR_RETURN(batch, confirming.Begin(*snapshot, mark));
    }
  }
  if (batch == 0) return sink(v1::ConfirmRightsResponse());
  return confirming.Run(batch);
}

}  // namespace yima::server
