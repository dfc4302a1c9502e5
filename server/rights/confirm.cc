#include "server/rights/confirm.h"

#include <fmt/format.h>

#include "server/registry/facility_rules.h"
#include "server/registry/frozen_batch.h"
#include "server/registry/life.h"
#include "server/rights/right_of.h"

namespace yima::server {
namespace {

/// What became of the rights looked at so far. Kept in the batch's counts: `updated` are rights
/// confirmed, `unchanged` those that were so, `created` none, `conflicts` facilities moved; what is
/// left of the rights asked for is held by nobody.
struct Tally {
  uint64_t confirmed = 0;
  uint64_t unchanged = 0;
  uint64_t not_held = 0;
};

/// Confirms the rights asked for in the record; true when something changed.
bool Confirm(const v1::ConfirmRightsRequest& request, v1::Facility& facility, Tally& tally) {
  bool changed = false;
  for (const int kind : request.kinds()) {
    // A right that nobody holds is not touched: asking for it mutably would add it.
    const v1::Right& held = RightOf(facility, kind);
    if (held.holder() == 0) {
      ++tally.not_held;
    } else if (held.state() == v1::RIGHT_STATE_CONFIRMED &&
               SameBasis(held.basis(), request.basis())) {
      ++tally.unchanged;
    } else {
      v1::Right& right = MutableRightOf(facility, kind);
      right.set_state(v1::RIGHT_STATE_CONFIRMED);
      *right.mutable_basis() = request.basis();
      ++tally.confirmed;
      changed = true;
    }
  }
  return changed;
}

Result<void> CheckRequest(const v1::ConfirmRightsRequest& request) {
  if (request.target_case() == v1::ConfirmRightsRequest::TARGET_NOT_SET) {
    return Invalid("TARGET_MISSING", "neither facility nor filter says whose rights", "target");
  }
  YIMA_RETURN_IF_ERROR(CheckKinds(request.kinds(), "kinds"));
  return CheckBasis(request.basis(), "basis");
}

/// Visits what the request names, with its revision. CALL_ENDED when nobody waits any more.
Result<void> Visit(const Call& call, const v1::ConfirmRightsRequest& request,
                   const store::Snapshot& snapshot, const FacilityVisitor& visit) {
  if (request.target_case() == v1::ConfirmRightsRequest::kFacility) {
    YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, request.facility(), "facility"));
    YIMA_RETURN_IF_ERROR(CheckReach(call, read.record, "facility"));
    YIMA_RETURN_IF_ERROR(CheckNotWithdrawn(read.record, "facility"));
    return visit(read.revision, read.record);
  }
  YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(call, request.filter()));
  return VisitFiltered(call, matcher, snapshot, visit);
}

/// RIGHT_NOT_HELD: the one facility named has nobody who holds a right asked for.
Result<void> CheckHeld(const v1::ConfirmRightsRequest& request, const Tally& tally) {
  if (tally.not_held == 0 || !request.has_facility()) return {};
  return Fail(StatusCode::kFailedPrecondition, "RIGHT_NOT_HELD",
              fmt::format("facility {} has nobody who holds a right asked for", request.facility()),
              "kinds");
}

/// What would be done, from one snapshot.
Result<v1::ConfirmRightsResponse> DryRun(const Call& call, const v1::ConfirmRightsRequest& request,
                                         const store::Snapshot& snapshot) {
  ListHash hash;
  uint64_t total = 0;
  Tally tally;
  YIMA_RETURN_IF_ERROR(Visit(call, request, snapshot,
                             [&](uint64_t revision, const v1::Facility& facility) -> Result<void> {
                               hash.Add(facility.uid(), revision);
                               ++total;
                               v1::Facility copy = facility;
                               Confirm(request, copy, tally);
                               return {};
                             }));
  YIMA_RETURN_IF_ERROR(CheckHeld(request, tally));
  v1::ConfirmRightsResponse response;
  response.set_total(total);
  response.set_confirmed(tally.confirmed);
  response.set_unchanged(tally.unchanged);
  response.set_not_held(tally.not_held);
  response.set_frozen_hash(hash.Finish());
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
    // Looked at before anything is written, so that a refusal leaves nothing behind.
    if (request_.has_facility() || !request_.frozen_hash().empty()) {
      YIMA_ASSIGN_OR_RETURN(const auto found, DryRun(call_, request_, snapshot));
      YIMA_RETURN_IF_ERROR(CheckFrozenHash(request_.frozen_hash(), found.frozen_hash()));
    }
    v1::Batch batch;
    batch.set_kind(v1::BATCH_KIND_CONFIRM_RIGHTS);
    batch.set_source(fmt::format("facility {}", request_.facility()));
    if (request_.has_filter()) {
      YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(call_, request_.filter()));
      batch.set_source(matcher.InWords());
    }
    KeepRequest(request_, batch);
    return BeginFrozen(domain_, call_, mark, std::move(batch), [&](const ListSink& add) {
      return Visit(call_, request_, snapshot, [&](uint64_t revision, const v1::Facility& facility) {
        return add({facility.uid(), revision});
      });
    });
  }

 private:
  Result<void> Do(const store::Snapshot&, const Read<v1::Facility>& facility, BatchItem& item,
                  ChangeWriter& writer, v1::BatchCounts& counts) override {
    Tally tally;
    v1::Facility after = facility.record;
    if (Confirm(request_, after, tally)) {
      after.set_update_time_us(domain_.now());
      writer.Replace(item.facility, facility.revision, facility.record, after);
    }
    counts.set_updated(counts.updated() + tally.confirmed);
    counts.set_unchanged(counts.unchanged() + tally.unchanged);
    return {};
  }

  /// The progress, with the facilities of a chunk that were left as they are.
  Result<void> Tell(const std::vector<BatchItem>& chunk) override {
    v1::ConfirmRightsResponse answer = Answer();
    for (const auto& item : chunk) {
      if (item.moved) answer.add_moved_facilities(item.facility);
    }
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
    response.set_moved(counts_.conflicts());
    const uint64_t looked_at =
        (counts_.done() - counts_.conflicts()) * static_cast<uint64_t>(request_.kinds_size());
    response.set_not_held(looked_at - counts_.updated() - counts_.unchanged());
    response.set_frozen_hash(hash_);
    return response;
  }

  const v1::ConfirmRightsRequest& request_;
  const ConfirmSink& sink_;
};

}  // namespace

Result<void> ConfirmRights(const Domain& domain, const Call& call,
                           const v1::ConfirmRightsRequest& request, const ConfirmSink& sink) {
  YIMA_RETURN_IF_ERROR(CheckRequest(request));
  if (request.dry_run()) {
    YIMA_ASSIGN_OR_RETURN(const auto response, DryRun(call, request, *domain.store.Read()));
    return sink(response);
  }
  YIMA_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  const RequestMark mark = MarkOf(domain, call, request.request_id(), request.SerializeAsString());
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
