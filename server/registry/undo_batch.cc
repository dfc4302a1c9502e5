#include "server/registry/undo_batch.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "server/domain/entry_view.h"
#include "server/registry/erase.h"
#include "server/registry/facility_rules.h"
#include "server/registry/frozen_batch.h"
#include "server/registry/outcomes.h"
#include "server/registry/wholes.h"

namespace yima::server {
namespace {

/// Facilities that a dry run names.
constexpr size_t kKeptMax = 10'000;

/// Entries of the log between which all of a batch stand.
struct Extent {
  uint64_t first = 0;
  uint64_t last = 0;
};

/// The batch's own record begins and ends it in the log; one that has not ended reaches to the end.
Result<Extent> ExtentOf(const store::Snapshot& snapshot, uint64_t batch) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t size, snapshot.LogSize());
  std::optional<Extent> extent;
  YIMA_RETURN_IF_ERROR(
      snapshot.ScanHistory(store::Kind::kBatch, batch, size, [&](const store::LogRecord& record) {
        if (!extent) extent = {record.index, record.index};
        extent->first = record.index;
        return true;
      }));
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Batch>(snapshot, batch));
  if (!extent || !read) {
    return Fail(StatusCode::kDataLoss, "RECORD_MISSING",
                fmt::format("batch {} is in no entry of the log; run yimad check", batch));
  }
  if (read->record.state() == v1::BATCH_STATE_RUNNING) extent->last = size - 1;
  return *extent;
}

/// What the log says of a facility and a batch.
struct Past {
  bool is_last = false;  ///< Its last entry is the batch's, but for a mark.
  bool is_mark = false;  ///< The batch did no more than mark it, and others came since.
  std::optional<v1::Facility> before;  ///< As it was before the batch; nothing when it was not.
};

/// Whether the one is the other with the mark that it has parts: a whole is marked by who gives it
/// its first part, which is no change of what it is.
bool IsMarked(v1::Facility marked, const v1::Facility& facility) {
  if (!marked.has_parts() || facility.has_parts()) return false;
  marked.set_has_parts(false);
  return marked.SerializeAsString() == facility.SerializeAsString();
}

Result<Past> PastOf(const store::Snapshot& snapshot, uint64_t uid, uint64_t batch) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t size, snapshot.LogSize());
  Past past;
  std::optional<v1::Facility> marked;  // By another, perhaps, after the batch.
  bool changed_since = false;
  std::optional<v1::Facility> left;  // As the batch left it.
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(
      snapshot.ScanHistory(store::Kind::kFacility, uid, size, [&](const store::LogRecord& record) {
        const auto view = ViewEntry(record.entry);
        v1::Facility facility;
        if (!view ||
            !facility.ParseFromArray(view->record.data(), static_cast<int>(view->record.size()))) {
          failure = EntryDamaged(record.index);
          return false;
        }
        if (left) {
          past.is_mark = view->batch != batch && IsMarked(*left, facility);
          return false;
        }
        if (view->batch == batch) {
          changed_since = changed_since ||
                          (marked && !IsMarked(*std::exchange(marked, std::nullopt), facility));
          if (changed_since) left = std::move(facility);
          past.is_last = !changed_since;
          return true;
        }
        if (past.is_last) {
          past.before = std::move(facility);
          return false;
        }
        // A whole is marked once; with two entries of others one is more than that.
        changed_since = changed_since || marked;
        marked = std::move(facility);
        return true;
      }));
  YIMA_RETURN_IF_ERROR(failure);
  return past;
}

/// Gives personal values back their text and salt where they still stand; else their hash alone
/// comes back, as of one that was erased. False when there is one of those.
bool RecallAll(v1::Facility stands, v1::Facility& before) {
  std::map<std::string, v1::Withheld> standing;
  EachErasable(stands, [&](std::string_view, const v1::Withheld& value) {
    standing.emplace(value.hash(), value);
  });
  bool all = true;
  EachErasable(before, [&](std::string_view, v1::Withheld& value) {
    const auto found = standing.find(value.hash());
    all = all && found != standing.end();
    if (found != standing.end()) value = found->second;
  });
  return all;
}

Result<bool> HasCodes(const store::Snapshot& snapshot, uint64_t uid) {
  bool found = false;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kCode, 0, {FacilityTerm(uid)},
                                     [&](uint64_t, uint64_t, std::string_view) {
                                       found = true;
                                       return false;
                                     }));
  return found;
}

tl::unexpected<Error> Keep(const char* reason) {
  return Fail(StatusCode::kFailedPrecondition, reason, "others have built on it");
}

bool SameCodes(const v1::Facility& a, const v1::Facility& b) {
  return std::ranges::equal(a.codes(), b.codes(), [](const auto& one, const auto& other) {
    return one.scheme() == other.scheme() && one.digits() == other.digits();
  });
}

bool LosesCodes(const v1::Facility& stands, const v1::Facility& after) {
  return after.life() == v1::LIFE_WITHDRAWN || !SameCodes(after, stands);
}

/// The facility as it is to be again. An Error's reason says why it stays: UNDO_CHANGED_SINCE,
/// UNDO_HAS_CODES, UNDO_HAS_PARTS, SCOPE_EXCEEDED, ORGANIZATION_ENDED of a holder that it had, or
/// what Wholes says of its parent.
/// `whole` tells whether all personal values came back.
Result<v1::Facility> AsBefore(const Call& call, const store::Snapshot& snapshot, uint64_t batch,
                              const v1::Facility& stands, Wholes& wholes, bool& whole) {
  YIMA_RETURN_IF_ERROR(CheckReach(call, stands, "batch"));
  YIMA_ASSIGN_OR_RETURN(auto past, PastOf(snapshot, stands.uid(), batch));
  if (past.is_mark) return stands;
  if (!past.is_last) return Keep("UNDO_CHANGED_SINCE");
  const bool loses_codes = !past.before || !SameCodes(*past.before, stands);
  if (loses_codes) {
    YIMA_ASSIGN_OR_RETURN(const bool coded, HasCodes(snapshot, stands.uid()));
    if (coded) return Keep("UNDO_HAS_CODES");
  }
  if (!past.before) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t part, wholes.AnyPart(stands));
    if (part != 0) return Keep("UNDO_HAS_PARTS");
    v1::Facility withdrawn = stands;
    withdrawn.set_life(v1::LIFE_WITHDRAWN);
    return withdrawn;
  }
  v1::Facility after = *std::move(past.before);
  whole = RecallAll(stands, after);
  // Whoever joined it since is its part, whatever it was before.
  after.set_has_parts(stands.has_parts());
  after.set_update_time_us(stands.update_time_us());
  YIMA_RETURN_IF_ERROR(CheckReach(call, after, "batch"));
  YIMA_RETURN_IF_ERROR(CheckHolders(snapshot, after, stands));
  if (after.parent() != stands.parent()) YIMA_RETURN_IF_ERROR(wholes.Join(after, "batch"));
  return after;
}

v1::UndoBatchResponse Counted(const v1::BatchCounts& counts) {
  v1::UndoBatchResponse response;
  response.set_total(counts.total());
  response.set_done(counts.done());
  response.set_restored(counts.updated());
  response.set_withdrawn(counts.created());
  response.set_unchanged(counts.unchanged());
  response.set_moved(counts.conflicts());
  response.set_refused(counts.done() - counts.updated() - counts.created() - counts.unchanged() -
                       counts.conflicts());
  return response;
}

/// Each facility that a batch changed, once, as it is now.
class Touched {
 public:
  using Visitor = std::function<Result<void>(const Read<v1::Facility>&)>;

  Touched(const Call& call, const store::Snapshot& snapshot, uint64_t batch)
      : call_(call), snapshot_(snapshot), batch_(batch) {}

  Result<void> Visit(const Visitor& visit) const {
    YIMA_ASSIGN_OR_RETURN(const Extent extent, ExtentOf(snapshot_, batch_));
    uint64_t next = extent.first;
    while (next <= extent.last) {
      if (call_.cancelled()) return CallEnded();
      YIMA_ASSIGN_OR_RETURN(const auto page, PageFrom(next, extent.last));
      for (const auto& [uid, index] : page) {
        // A facility that the batch changed twice is met at the later of both.
        YIMA_ASSIGN_OR_RETURN(const bool again, ChangedAgain(uid, index));
        if (again) continue;
        YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot_, uid));
        if (read) YIMA_RETURN_IF_ERROR(visit(*read));
      }
    }
    return {};
  }

 private:
  using Page = std::vector<std::pair<uint64_t, uint64_t>>;

  /// The next of the batch's facilities, with the index of the entry; moves `next` behind them.
  Result<Page> PageFrom(uint64_t& next, uint64_t last) const {
    constexpr size_t kLooksMax = 10'000;
    Page page;
    size_t looks = 0;
    Result<void> failure;
    YIMA_RETURN_IF_ERROR(snapshot_.ScanLog(next, [&](const store::LogRecord& record) {
      if (record.index > last || ++looks > kLooksMax) return false;
      next = record.index + 1;
      const auto view = ViewEntry(record.entry);
      if (!view) failure = EntryDamaged(record.index);
      if (!view) return false;
      if (view->batch != batch_ || view->kind != store::Kind::kFacility) return true;
      const auto uid = RecordIdIn(*view, snapshot_);
      if (!uid) failure = tl::unexpected(uid.error());
      if (uid) page.emplace_back(*uid, record.index);
      return uid.has_value();
    }));
    YIMA_RETURN_IF_ERROR(failure);
    return page;
  }

  Result<bool> ChangedAgain(uint64_t uid, uint64_t index) const {
    YIMA_ASSIGN_OR_RETURN(const uint64_t size, snapshot_.LogSize());
    bool again = false;
    YIMA_RETURN_IF_ERROR(snapshot_.ScanHistory(store::Kind::kFacility, uid, size,
                                               [&](const store::LogRecord& record) {
                                                 if (record.index <= index) return false;
                                                 const auto view = ViewEntry(record.entry);
                                                 again = view && view->batch == batch_;
                                                 return !again;
                                               }));
    return again;
  }

  const Call& call_;
  const store::Snapshot& snapshot_;
  const uint64_t batch_;
};

class Undoing final : public FrozenBatch {
 public:
  Undoing(const Domain& domain, const Call& call, const v1::UndoBatchRequest& request,
          const UndoSink& sink)
      : FrozenBatch(domain, call, request.request_id()), undone_(request.batch()), sink_(sink) {}

  /// What would be done, told when the snapshot is no longer held.
  Result<void> DryRun() {
    v1::BatchCounts counts;
    std::vector<BatchItem> kept;
    {
      const auto snapshot = domain_.store.Read();
      YIMA_RETURN_IF_ERROR(BeginChange(*snapshot));
      const auto look = [&](const Read<v1::Facility>& facility) -> Result<void> {
        // As the run does with one record a facility: a change for each chunk, after the one
        // before.
        if (counts.total() % kBatchChunk == 0) wholes_->Next();
        counts.set_total(counts.total() + 1);
        BatchItem item{facility.record.uid(), facility.revision};
        YIMA_RETURN_IF_ERROR(Undone(*snapshot, facility.record, item, counts));
        if (!item.reason.empty() && kept.size() < kKeptMax) kept.push_back(std::move(item));
        return {};
      };
      YIMA_RETURN_IF_ERROR(Touched(call_, *snapshot, undone_).Visit(look));
    }
    counts.set_done(counts.total());
    v1::UndoBatchResponse response = Counted(counts);
    AddOutcomes(kept, *response.mutable_facilities());
    return sink_(response);
  }

 private:
  Result<void> BeginChange(const store::Snapshot& snapshot) override {
    wholes_.emplace(call_, snapshot);
    return {};
  }
  Result<void> EndChange(ChangeWriter& writer) override { return wholes_->Put(writer); }

  /// The facility as it is to be; nothing when it stays, which the item says why.
  Result<std::optional<v1::Facility>> Undone(const store::Snapshot& snapshot,
                                             const v1::Facility& stands, BatchItem& item,
                                             v1::BatchCounts& counts) {
    bool whole = true;
    auto after = AsBefore(call_, snapshot, undone_, stands, *wholes_, whole);
    if (!after && EndsABatch(after.error())) return tl::unexpected(after.error());
    if (!after) {
      item.Refuse(after.error().reason);
      return std::nullopt;
    }
    if (after->SerializeAsString() == stands.SerializeAsString()) {
      counts.set_unchanged(counts.unchanged() + 1);
      item.outcome = ItemOutcome::kUnchanged;
      return std::nullopt;
    }
    wholes_->Settle(stands, *after);
    if (after->life() == v1::LIFE_WITHDRAWN) {
      counts.set_created(counts.created() + 1);
    } else {
      counts.set_updated(counts.updated() + 1);
    }
    if (!whole) item.DoInPart("PERSONAL_VALUE_GONE");
    after->set_update_time_us(domain_.now());
    return *std::move(after);
  }

  Result<void> Do(const store::Snapshot& snapshot, const Read<v1::Facility>& facility,
                  BatchItem& item, ChangeWriter& writer, v1::BatchCounts& counts) override {
    YIMA_ASSIGN_OR_RETURN(const auto after, Undone(snapshot, facility.record, item, counts));
    if (!after) return {};
    writer.Replace(item.facility, facility.revision, facility.record, *after);
    // Binding leaves the facility at its revision, so a plate bound meanwhile is seen by its key.
    if (LosesCodes(facility.record, *after)) {
      writer.CheckFree({store::Index::kActiveCode, ActiveCodeKey(item.facility)});
    }
    return {};
  }

  Result<void> Tell(const std::vector<BatchItem>& chunk) override {
    v1::UndoBatchResponse response = Counted(counts_);
    response.set_batch(batch_);
    AddOutcomes(chunk, *response.mutable_facilities());
    return sink_(response);
  }

  Result<void> TellEnd() override {
    v1::UndoBatchResponse response = Counted(counts_);
    response.set_batch(batch_);
    return sink_(response);
  }

  const uint64_t undone_;
  const UndoSink& sink_;
  std::optional<Wholes> wholes_;
};

tl::unexpected<Error> BatchRuns(uint64_t id) {
  return Fail(StatusCode::kFailedPrecondition, "BATCH_RUNNING",
              fmt::format("batch {} is being carried out: wait until that ends, or end it", id),
              "batch");
}

Result<void> CheckUndoable(const Call& call, const store::Snapshot& snapshot, uint64_t id) {
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Batch>(snapshot, id));
  if (!read) {
    return Fail(StatusCode::kNotFound, "BATCH_NOT_FOUND", fmt::format("no batch has id {}", id),
                "batch");
  }
  const v1::Batch& batch = read->record;
  YIMA_RETURN_IF_ERROR(CheckReachOfBatch(call, batch.principal(), "batch"));
  if (batch.kind() != v1::BATCH_KIND_IMPORT && batch.kind() != v1::BATCH_KIND_EDIT) {
    return Fail(StatusCode::kFailedPrecondition, "BATCH_NOT_UNDOABLE",
                fmt::format("batch {} is {}; only imports and edits are taken back", id,
                            v1::BatchKind_Name(batch.kind())),
                "batch");
  }
  return {};
}

/// Ends a batch that was left half-way. Nothing to do for one that has ended. BATCH_RUNNING while a
/// call carries it out.
Result<void> Stop(const Domain& domain, const Call& call, std::string_view request_id,
                  uint64_t id) {
  const auto turn = domain.running->Try(id);
  if (!turn) return BatchRuns(id);
  return ApplyInRounds(domain, [&](const store::Snapshot& snapshot) -> Result<store::Change> {
    ChangeWriter writer(call, request_id, id);
    YIMA_RETURN_IF_ERROR(StopBatch(domain, snapshot, id, writer));
    return writer.Take();
  });
}

v1::Batch BatchOf(const v1::UndoBatchRequest& request) {
  v1::Batch batch;
  batch.set_kind(v1::BATCH_KIND_UNDO);
  batch.set_source(fmt::format("batch {}", request.batch()));
  KeepRequest(request, batch);
  return batch;
}

/// 0 when the batch has changed nothing.
Result<uint64_t> Begin(const Domain& domain, const Call& call, const RequestMark& mark,
                       const v1::UndoBatchRequest& request) {
  const auto snapshot = domain.store.Read();
  return BeginFrozen(domain, call, mark, BatchOf(request), [&](const ListSink& add) {
    return Touched(call, *snapshot, request.batch()).Visit([&](const Read<v1::Facility>& facility) {
      return add({facility.record.uid(), facility.revision});
    });
  });
}

}  // namespace

Result<void> UndoBatch(const Domain& domain, const Call& call, const v1::UndoBatchRequest& request,
                       const UndoSink& sink) {
  YIMA_RETURN_IF_ERROR(CheckUndoable(call, *domain.store.Read(), request.batch()));
  Undoing undoing(domain, call, request, sink);
  if (request.dry_run()) {
    if (!domain.running->Try(request.batch())) return BatchRuns(request.batch());
    return undoing.DryRun();
  }
  YIMA_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  const RequestMark mark = MarkOf(domain, call, request.request_id(), request.SerializeAsString());
  YIMA_ASSIGN_OR_RETURN(uint64_t batch, FindBatch(*domain.store.Read(), mark));
  if (batch == 0) {
    YIMA_RETURN_IF_ERROR(Stop(domain, call, request.request_id(), request.batch()));
    YIMA_ASSIGN_OR_RETURN(batch, Begin(domain, call, mark, request));
  }
  if (batch == 0) return sink(v1::UndoBatchResponse());
  return undoing.Run(batch);
}

}  // namespace yima::server
