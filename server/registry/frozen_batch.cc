#include "server/registry/frozen_batch.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "server/domain/entry_view.h"

namespace yima::server {
namespace {

/// Beside what a batch puts for its facilities: two lists and its cursor.
constexpr size_t kOwnPuts = 3;

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
  const Result<void> worked = WorkToTheEnd();
  Drain();
  YIMA_RETURN_IF_ERROR(worked);
  YIMA_RETURN_IF_ERROR(Finish());
  YIMA_RETURN_IF_ERROR(EndBatch(domain_, call_, batch_, counts_));
  return TellEnd();
}

Result<void> FrozenBatch::WorkToTheEnd() {
  for (;;) {
    YIMA_RETURN_IF_ERROR(TellDone());
    if (counts_.done() == counts_.total()) return {};
    if (call_.cancelled()) return CallEnded();
    while (under_way_.size() < UnderWayMax() && planned_.done() < planned_.total()) {
      YIMA_RETURN_IF_ERROR(PlanNext());
    }
    YIMA_RETURN_IF_ERROR(SettleFirst());
  }
}

/// Also of chunks that an earlier call dealt with: the whole list is told each time.
Result<void> FrozenBatch::TellDone() {
  const auto end = [&] { return std::min((told_ + 1) * kBatchChunk, counts_.total()); };
  while (told_ * kBatchChunk < counts_.total() && counts_.done() >= end()) {
    if (call_.cancelled()) return CallEnded();
    YIMA_ASSIGN_OR_RETURN(const store::Record stored, ItemsOf(*domain_.store.Read(), told_));
    YIMA_RETURN_IF_ERROR(Tell(DecodeItems(stored.bytes)));
    ++told_;
  }
  return {};
}

Result<void> FrozenBatch::Load() {
  const auto snapshot = domain_.store.Read();
  YIMA_ASSIGN_OR_RETURN(StandingBatch standing, ReadBatch(*snapshot, batch_));
  YIMA_RETURN_IF_ERROR(CheckNotStopped(standing.record));
  hash_ = standing.record.source_hash();
  record_revision_ = standing.revision;
  counts_ = std::move(standing.counts);
  planned_ = counts_;
  planned_revision_ = standing.cursor_revision;
  list_.reset();
  return {};
}

Result<store::Record> FrozenBatch::ItemsOf(const store::Snapshot& snapshot, uint64_t chunk) const {
  YIMA_ASSIGN_OR_RETURN(auto stored,
                        snapshot.Get(store::Kind::kBatchItems, BatchItemsId(batch_, chunk)));
  if (stored) return *std::move(stored);
  return Fail(StatusCode::kDataLoss, "RECORD_MISSING",
              fmt::format("batch {} lacks its list; run yimad check", batch_));
}

Result<void> FrozenBatch::LoadList(const store::Snapshot& snapshot, uint64_t chunk) {
  if (list_ && list_->chunk == chunk) return {};
  YIMA_ASSIGN_OR_RETURN(store::Record stored, ItemsOf(snapshot, chunk));
  auto items = DecodeItems(stored.bytes);
  if (items.size() != std::min(kBatchChunk, planned_.total() - chunk * kBatchChunk)) {
    return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                fmt::format("list {} of batch {} holds {} facilities; run yimad check", chunk,
                            batch_, items.size()));
  }
  list_ = List{chunk, stored.revision, std::move(stored.bytes), std::move(items)};
  return {};
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

bool FrozenBatch::HasRoom(const ChangeWriter& writer) const {
  return writer.puts() + PutsMax() + kOwnPuts <= store::Change::kRecordsMax;
}

/// Hands to the store a change of as many facilities as it may hold, and at most kBatchChunk.
Result<void> FrozenBatch::PlanNext() {
  const auto snapshot = domain_.store.Read();
  ChangeWriter writer(call_, request_id_, batch_);
  YIMA_RETURN_IF_ERROR(BeginChange(*snapshot));
  const uint64_t end = std::min(planned_.done() + kBatchChunk, planned_.total());
  while (planned_.done() < end && HasRoom(writer)) {
    YIMA_RETURN_IF_ERROR(PlanOfList(*snapshot, end, writer));
  }
  YIMA_RETURN_IF_ERROR(EndChange(writer));
  writer.Check(store::Kind::kBatch, batch_, record_revision_);
  writer.PutUnlogged(store::Kind::kBatchCursor, batch_, planned_revision_++,
                     planned_.SerializeAsString());
  YIMA_ASSIGN_OR_RETURN(store::Change change, writer.Take(*snapshot));
  under_way_.push_back({planned_, store::ApplyLater(domain_.store, std::move(change))});
  return {};
}

/// Deals with facilities of the list that the cursor is in, up to `end` of the whole.
Result<void> FrozenBatch::PlanOfList(const store::Snapshot& snapshot, uint64_t end,
                                     ChangeWriter& writer) {
  const uint64_t chunk = planned_.done() / kBatchChunk;
  YIMA_RETURN_IF_ERROR(LoadList(snapshot, chunk));
  for (auto& item : std::span(list_->items).subspan(planned_.done() % kBatchChunk)) {
    if (planned_.done() == end || !HasRoom(writer)) break;
    planned_.set_done(planned_.done() + 1);
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, item.facility));
    YIMA_ASSIGN_OR_RETURN(const bool stands, StandsAsFrozen(snapshot, read, item));
    if (stands) {
      YIMA_RETURN_IF_ERROR(Do(snapshot, *read, item, writer, planned_));
    } else {
      planned_.set_conflicts(planned_.conflicts() + 1);
      item.moved = true;
    }
  }
  std::string marked = EncodeItems(list_->items);
  if (marked == list_->bytes) return {};
  writer.PutUnlogged(store::Kind::kBatchItems, BatchItemsId(batch_, chunk), list_->revision++,
                     marked);
  list_->bytes = std::move(marked);
  return {};
}

/// Waits for the oldest change under way. When others moved its facilities, or the cursor,
/// meanwhile, nothing is done but to look again.
Result<void> FrozenBatch::SettleFirst() {
  UnderWay first = std::move(under_way_.front());
  under_way_.pop_front();
  const store::Outcome outcome = first.outcome.get();
  if (std::holds_alternative<store::MovedRecord>(outcome) ||
      std::holds_alternative<store::TakenKey>(outcome)) {
    Drain();
    return Load();
  }
  YIMA_RETURN_IF_ERROR(Settled(outcome));
  counts_ = std::move(first.counts);
  return {};
}

/// Those under way come to their end; what was committed is found by the cursor.
void FrozenBatch::Drain() {
  for (const auto& change : under_way_) change.outcome.wait();
  under_way_.clear();
}

}  // namespace yima::server
