#include "server/registry/frozen_batch.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "server/domain/entry_view.h"

namespace yima::server {
namespace {

/// Beside what a batch puts for its facilities: its list and its cursor.
constexpr size_t kOwnPuts = 2;

}  // namespace

Result<void> VisitFiltered(const Call& call, const FacilityMatcher& matcher,
                           const store::Snapshot& snapshot, const FacilityVisitor& visit) {
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(matcher.Scan(
      snapshot, 0, [&](uint64_t) { return !call.cancelled(); },
      [&](uint64_t revision, const v1::Facility& facility) {
        failure = visit(revision, facility);
        return failure.has_value();
      }));
  if (call.cancelled()) return CallEnded();
  return failure;
}

Result<void> CheckFrozenHash(std::string_view given, std::string_view found) {
  if (given.empty() || given == found) return {};
  return Fail(StatusCode::kFailedPrecondition, "FILTER_RESULT_CHANGED",
              "the filter finds other facilities, or others of their revisions, than the dry run "
              "did: look again",
              "frozen_hash");
}

Result<uint64_t> BeginFrozen(const Domain& domain, const Call& call, const RequestMark& mark,
                             v1::Batch batch,
                             const std::function<Result<void>(const ListSink&)>& list,
                             const BeginsWith& also) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain.numbers.NewId(store::Kind::kBatch));
  BatchFreezer freezer(domain, call, id);
  YIMA_RETURN_IF_ERROR(list([&](const BatchItem& item) { return freezer.Add(item); }));
  YIMA_ASSIGN_OR_RETURN(std::string hash, freezer.Finish());
  if (freezer.total() == 0) return 0;
  batch.set_id(id);
  batch.set_state(v1::BATCH_STATE_RUNNING);
  batch.set_source_hash(std::move(hash));
  batch.mutable_counts()->set_total(freezer.total());
  batch.set_principal(call.principal);
  batch.set_request_id(mark.request_id);
  batch.set_create_time_us(domain.now());
  return BeginBatch(domain, call, mark, batch, also);
}

Result<void> FrozenBatch::Run(uint64_t batch) {
  batch_ = batch;
  YIMA_ASSIGN_OR_RETURN(const auto turn, domain_.running->Wait(batch_, call_));
  YIMA_RETURN_IF_ERROR(Load());
  for (uint64_t chunk = 0; chunk * kBatchChunk < counts_.total(); ++chunk) {
    const uint64_t end = std::min<uint64_t>((chunk + 1) * kBatchChunk, counts_.total());
    while (counts_.done() < end) {
      if (call_.cancelled()) return CallEnded();
      YIMA_RETURN_IF_ERROR(DoNext());
    }
    // Also of a chunk that an earlier call dealt with: the whole list is told each time.
    YIMA_ASSIGN_OR_RETURN(const store::Record stored, ItemsOf(*domain_.store.Read(), chunk));
    YIMA_RETURN_IF_ERROR(Tell(DecodeItems(stored.bytes)));
  }
  YIMA_RETURN_IF_ERROR(Finish());
  YIMA_RETURN_IF_ERROR(EndBatch(domain_, call_, batch_, counts_));
  return TellEnd();
}

Result<void> FrozenBatch::Load() {
  const auto snapshot = domain_.store.Read();
  YIMA_ASSIGN_OR_RETURN(const auto record, Get<v1::Batch>(*snapshot, batch_));
  YIMA_ASSIGN_OR_RETURN(const auto cursor, snapshot->Get(store::Kind::kBatchCursor, batch_));
  if (!record || !cursor || !counts_.ParseFromString(cursor->bytes)) {
    return Fail(StatusCode::kDataLoss, "RECORD_MISSING",
                fmt::format("batch {} has no sound record; run yimad check", batch_));
  }
  YIMA_RETURN_IF_ERROR(CheckNotStopped(record->record));
  hash_ = record->record.source_hash();
  cursor_revision_ = cursor->revision;
  return {};
}

Result<store::Record> FrozenBatch::ItemsOf(const store::Snapshot& snapshot, uint64_t chunk) const {
  YIMA_ASSIGN_OR_RETURN(auto stored,
                        snapshot.Get(store::Kind::kBatchItems, BatchItemsId(batch_, chunk)));
  if (stored) return *std::move(stored);
  return Fail(StatusCode::kDataLoss, "RECORD_MISSING",
              fmt::format("batch {} lacks its list; run yimad check", batch_));
}

/// Whether no other writer has moved it. The batch itself may have marked it as a whole, when it
/// gave it its first part.
Result<bool> FrozenBatch::StandsAsFrozen(const store::Snapshot& snapshot,
                                         const std::optional<Read<v1::Facility>>& read,
                                         const BatchItem& item) const {
  if (!read || read->revision == item.revision || TakesMoved()) return read.has_value();
  if (read->revision != item.revision + 1 || !read->record.has_parts()) return false;
  YIMA_ASSIGN_OR_RETURN(const uint64_t size, snapshot.LogSize());
  bool own = false;
  YIMA_RETURN_IF_ERROR(snapshot.ScanHistory(store::Kind::kFacility, item.facility, size,
                                            [&](const store::LogRecord& record) {
                                              const auto view = ViewEntry(record.entry);
                                              own = view && view->batch == batch_;
                                              return false;
                                            }));
  return own;
}

/// What a change may hold of the chunk at the cursor. When others moved its facilities, or the
/// cursor, meanwhile, nothing is done but to look again.
Result<void> FrozenBatch::DoNext() {
  const auto snapshot = domain_.store.Read();
  const uint64_t chunk = counts_.done() / kBatchChunk;
  YIMA_ASSIGN_OR_RETURN(const store::Record stored, ItemsOf(*snapshot, chunk));
  v1::BatchCounts counts = counts_;
  ChangeWriter writer(call_, request_id_, batch_);
  auto items = DecodeItems(stored.bytes);
  YIMA_RETURN_IF_ERROR(BeginChunk(*snapshot));
  for (auto& item : std::span(items).subspan(counts.done() % kBatchChunk)) {
    if (writer.puts() + PutsMax() + kOwnPuts > store::Change::kRecordsMax) break;
    counts.set_done(counts.done() + 1);
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(*snapshot, item.facility));
    YIMA_ASSIGN_OR_RETURN(const bool stands, StandsAsFrozen(*snapshot, read, item));
    if (stands) {
      YIMA_RETURN_IF_ERROR(Do(*snapshot, *read, item, writer, counts));
    } else {
      counts.set_conflicts(counts.conflicts() + 1);
      item.moved = true;
    }
  }
  YIMA_RETURN_IF_ERROR(EndChunk(writer));
  std::string marked = EncodeItems(items);
  if (marked != stored.bytes) {
    writer.PutUnlogged(store::Kind::kBatchItems, BatchItemsId(batch_, chunk), stored.revision,
                       std::move(marked));
  }
  writer.PutUnlogged(store::Kind::kBatchCursor, batch_, cursor_revision_,
                     counts.SerializeAsString());
  YIMA_ASSIGN_OR_RETURN(store::Change change, writer.Take(*snapshot));
  const auto outcome = store::ApplyAndWait(domain_.store, std::move(change));
  if (std::holds_alternative<store::MovedRecord>(outcome) ||
      std::holds_alternative<store::TakenKey>(outcome)) {
    return Load();
  }
  YIMA_RETURN_IF_ERROR(Settled(outcome));
  counts_ = counts;
  ++cursor_revision_;
  return {};
}

}  // namespace yima::server
