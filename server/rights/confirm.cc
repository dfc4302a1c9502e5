#include "server/rights/confirm.h"

#include <set>

#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/registry/facility_rules.h"
#include "server/registry/filter.h"

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

const v1::Right& RightOf(const v1::Facility& facility, int kind) {
  switch (kind) {
    case v1::RIGHT_KIND_SUPERVISING:
      return facility.supervising();
    case v1::RIGHT_KIND_OWNING:
      return facility.owning();
    default:
      return facility.maintaining();
  }
}

v1::Right& MutableRightOf(v1::Facility& facility, int kind) {
  switch (kind) {
    case v1::RIGHT_KIND_SUPERVISING:
      return *facility.mutable_supervising();
    case v1::RIGHT_KIND_OWNING:
      return *facility.mutable_owning();
    default:
      return *facility.mutable_maintaining();
  }
}

bool SameBasis(const v1::Basis& a, const v1::Basis& b) {
  return a.kind() == b.kind() && a.number() == b.number() && a.date() == b.date() &&
         a.sha256() == b.sha256();
}

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
  std::set<int> kinds;
  for (int i = 0; i < request.kinds_size(); ++i) {
    const std::string field = fmt::format("kinds[{}]", i);
    if (request.kinds(i) < v1::RIGHT_KIND_SUPERVISING ||
        request.kinds(i) > v1::RIGHT_KIND_MAINTAINING) {
      return Invalid("RIGHT_KIND_UNKNOWN",
                     fmt::format("{} is no kind of right", static_cast<int>(request.kinds(i))),
                     field);
    }
    if (!kinds.insert(request.kinds(i)).second) {
      return Invalid("RIGHT_KIND_TWICE", "a kind of right stands twice", field);
    }
  }
  if (kinds.empty()) return Invalid("RIGHT_KIND_MISSING", "no kind of right is named", "kinds");
  return CheckBasis(request.basis(), "basis");
}

/// Visits what the request names, with its revision. CALL_ENDED when nobody waits any more.
Result<void> Visit(const Call& call, const v1::ConfirmRightsRequest& request,
                   const store::Snapshot& snapshot,
                   const std::function<Result<void>(uint64_t, const v1::Facility&)>& visit) {
  if (request.target_case() == v1::ConfirmRightsRequest::kFacility) {
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, request.facility()));
    if (read) {
      YIMA_RETURN_IF_ERROR(CheckReach(call, read->record, "facility"));
      return visit(read->revision, read->record);
    }
    return Fail(StatusCode::kNotFound, "FACILITY_NOT_FOUND",
                fmt::format("no facility has uid {}", request.facility()), "facility");
  }
  YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(call, request.filter()));
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(matcher.Scan(
      snapshot, 0, [&](uint64_t) { return !call.cancelled(); },
      [&](uint64_t revision, const v1::Facility& facility) {
        failure = visit(revision, facility);
        return failure.has_value();
      }));
  // Half a list must not be taken for the whole.
  if (call.cancelled()) return CallEnded();
  return failure;
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

/// One batch of confirmations, from wherever it stands to its end. Use once, from one thread.
class ConfirmBatch {
 public:
  ConfirmBatch(const Domain& domain, const Call& call, const v1::ConfirmRightsRequest& request,
               const ConfirmSink& sink)
      : domain_(domain), call_(call), request_(request), sink_(sink) {}

  /// Freezes the list; 0 when it is empty.
  Result<uint64_t> Begin(const store::Snapshot& snapshot, const RequestMark& mark) {
    // Looked at before anything is written, so that a refusal leaves nothing behind.
    if (request_.has_facility() || !request_.frozen_hash().empty()) {
      YIMA_ASSIGN_OR_RETURN(const auto found, DryRun(call_, request_, snapshot));
      YIMA_RETURN_IF_ERROR(CheckFrozen(found));
    }
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain_.numbers.NewId(store::Kind::kBatch));
    BatchFreezer freezer(domain_, call_, id);
    YIMA_RETURN_IF_ERROR(
        Visit(call_, request_, snapshot, [&](uint64_t revision, const v1::Facility& facility) {
          return freezer.Add({facility.uid(), revision});
        }));
    YIMA_ASSIGN_OR_RETURN(std::string hash, freezer.Finish());
    if (freezer.total() == 0) return 0;
    return BeginRecord(id, hash, freezer.total(), mark);
  }

  Result<void> Run(uint64_t batch) {
    YIMA_RETURN_IF_ERROR(Load(batch));
    for (uint64_t chunk = 0; chunk * kBatchChunk < counts_.total(); ++chunk) {
      if (call_.cancelled()) return CallEnded();
      while (counts_.done() <= chunk * kBatchChunk) YIMA_RETURN_IF_ERROR(ConfirmNext());
      // Also of a chunk that an earlier call dealt with: the whole list is told each time.
      YIMA_RETURN_IF_ERROR(Tell(chunk));
    }
    YIMA_RETURN_IF_ERROR(EndBatch(domain_, call_, batch_, counts_));
    return sink_(Answer());
  }

 private:
  Result<uint64_t> BeginRecord(uint64_t id, const std::string& hash, uint64_t total,
                               const RequestMark& mark) {
    v1::Batch batch;
    batch.set_id(id);
    batch.set_kind(v1::BATCH_KIND_CONFIRM_RIGHTS);
    batch.set_state(v1::BATCH_STATE_RUNNING);
    batch.set_source(fmt::format("facility {}", request_.facility()));
    if (request_.has_filter()) {
      YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(call_, request_.filter()));
      batch.set_source(matcher.InWords());
    }
    batch.set_source_hash(hash);
    batch.mutable_counts()->set_total(total);
    KeepRequest(request_, batch);
    batch.set_principal(call_.principal);
    batch.set_request_id(mark.request_id);
    batch.set_create_time_us(domain_.now());
    return BeginBatch(domain_, call_, mark, batch);
  }

  Result<void> CheckFrozen(const v1::ConfirmRightsResponse& found) const {
    if (request_.frozen_hash().empty() || request_.frozen_hash() == found.frozen_hash()) return {};
    return Fail(StatusCode::kFailedPrecondition, "FILTER_RESULT_CHANGED",
                "the filter finds other facilities, or others of their revisions, than the dry "
                "run did: look again",
                "frozen_hash");
  }

  Result<void> Load(uint64_t batch) {
    batch_ = batch;
    const auto snapshot = domain_.store.Read();
    YIMA_ASSIGN_OR_RETURN(const auto record, Get<v1::Batch>(*snapshot, batch));
    YIMA_ASSIGN_OR_RETURN(const auto cursor, snapshot->Get(store::Kind::kBatchCursor, batch));
    if (!record || !cursor || !counts_.ParseFromString(cursor->bytes)) {
      return Fail(StatusCode::kDataLoss, "RECORD_MISSING",
                  fmt::format("batch {} has no sound record; run yimad check", batch));
    }
    hash_ = record->record.source_hash();
    cursor_revision_ = cursor->revision;
    return {};
  }

  Result<store::Record> ItemsOf(const store::Snapshot& snapshot, uint64_t chunk) const {
    YIMA_ASSIGN_OR_RETURN(auto stored,
                          snapshot.Get(store::Kind::kBatchItems, BatchItemsId(batch_, chunk)));
    if (stored) return *std::move(stored);
    return Fail(StatusCode::kDataLoss, "RECORD_MISSING",
                fmt::format("batch {} lacks its list; run yimad check", batch_));
  }

  /// The chunk at the cursor. When others moved its facilities, or the cursor, meanwhile, nothing
  /// is done but to look again.
  Result<void> ConfirmNext() {
    const auto snapshot = domain_.store.Read();
    const uint64_t chunk = counts_.done() / kBatchChunk;
    YIMA_ASSIGN_OR_RETURN(const store::Record stored, ItemsOf(*snapshot, chunk));
    v1::BatchCounts counts = counts_;
    ChangeWriter writer(call_, request_.request_id(), batch_);
    auto items = DecodeItems(stored.bytes);
    for (auto& item : items) YIMA_RETURN_IF_ERROR(ConfirmItem(*snapshot, item, writer, counts));
    if (counts.conflicts() > counts_.conflicts()) {
      writer.PutUnlogged(store::Kind::kBatchItems, BatchItemsId(batch_, chunk), stored.revision,
                         EncodeItems(items));
    }
    writer.PutUnlogged(store::Kind::kBatchCursor, batch_, cursor_revision_,
                       counts.SerializeAsString());
    const auto outcome = store::ApplyAndWait(domain_.store, writer.Take());
    if (std::holds_alternative<store::MovedRecord>(outcome)) return Load(batch_);
    YIMA_RETURN_IF_ERROR(Settled(outcome));
    counts_ = counts;
    ++cursor_revision_;
    return {};
  }

  /// Sends the progress, with the facilities of a chunk that were left as they are.
  Result<void> Tell(uint64_t chunk) const {
    v1::ConfirmRightsResponse answer = Answer();
    if (counts_.conflicts() > 0) {
      YIMA_ASSIGN_OR_RETURN(const store::Record stored, ItemsOf(*domain_.store.Read(), chunk));
      for (const auto& item : DecodeItems(stored.bytes)) {
        if (item.moved) answer.add_moved_facilities(item.facility);
      }
    }
    return sink_(answer);
  }

  Result<void> ConfirmItem(const store::Snapshot& snapshot, BatchItem& item, ChangeWriter& writer,
                           v1::BatchCounts& counts) {
    counts.set_done(counts.done() + 1);
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, item.facility));
    if (!read || read->revision != item.revision) {
      counts.set_conflicts(counts.conflicts() + 1);
      item.moved = true;
      return {};
    }
    Tally tally;
    v1::Facility after = read->record;
    if (Confirm(request_, after, tally)) {
      after.set_update_time_us(domain_.now());
      writer.Replace(item.facility, read->revision, read->record, after);
    }
    counts.set_updated(counts.updated() + tally.confirmed);
    counts.set_unchanged(counts.unchanged() + tally.unchanged);
    return {};
  }

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

  const Domain& domain_;
  const Call& call_;
  const v1::ConfirmRightsRequest& request_;
  const ConfirmSink& sink_;
  uint64_t batch_ = 0;
  std::string hash_;
  v1::BatchCounts counts_;
  uint64_t cursor_revision_ = 0;
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
