#include "server/registry/import/import_apply.h"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/registry/facility_rules.h"
#include "server/registry/outcomes.h"
#include "server/registry/withheld.h"
#include "server/rights/right_of.h"

namespace yima::server {
namespace {

constexpr size_t kChunkRows = 500;
constexpr size_t kOnTheirWayMax = 4;
constexpr int kRefusedMax = 10;

}  // namespace

Result<bool> ImportApply::Resume(const RequestMark& mark) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, FindBatch(*domain_.store.Read(), mark));
  if (id == 0) return false;
  YIMA_ASSIGN_OR_RETURN(turn_, domain_.running->Wait(id, call_));
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Batch>(*domain_.store.Read(), id));
  if (!read) return RecordMissing("batch", id);
  YIMA_RETURN_IF_ERROR(CheckNotStopped(read->record));
  batch_ = std::move(read->record);
  counts_ = batch_.counts();
  if (batch_.state() == v1::BATCH_STATE_DONE) return true;
  YIMA_RETURN_IF_ERROR(organizations_.Create(domain_, call_, batch_));
  YIMA_RETURN_IF_ERROR(LoadCursor());
  return true;
}

Result<void> ImportApply::Run(const RequestMark& mark, uint64_t total) {
  if (batch_.state() == v1::BATCH_STATE_DONE) return {};
  counts_.set_total(total);
  planned_ = counts_;
  const auto finished = Chunks(mark);
  Drain();
  if (!finished) return finished;
  counts_.set_done(total);
  return batch_.id() == 0 ? Result<void>() : EndBatch(domain_, call_, batch_.id(), counts_);
}

Result<void> ImportApply::Begin(const RequestMark& mark) {
  v1::Batch batch;
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain_.numbers.NewId(store::Kind::kBatch));
  batch.set_id(id);
  batch.set_kind(v1::BATCH_KIND_IMPORT);
  batch.set_state(v1::BATCH_STATE_RUNNING);
  batch.set_source(header_.source());
  // The keyed hash: a plain one in the log would let a short ledger's personal values be guessed.
  batch.set_source_hash(mark.hash.data(), mark.hash.size());
  // What was settled before, since nothing was to be done: the cursor begins there.
  *batch.mutable_counts() = counts_;
  batch.set_principal(call_.principal);
  batch.set_request_id(header_.request_id());
  batch.set_create_time_us(domain_.now());
  YIMA_ASSIGN_OR_RETURN(turn_, domain_.running->Wait(id, call_));
  YIMA_ASSIGN_OR_RETURN(const uint64_t begun, BeginBatch(domain_, call_, mark, batch));
  if (begun != id) {
    return Fail(StatusCode::kAborted, "REQUEST_RUNNING",
                "the same import began at this moment; ask again to follow it");
  }
  batch_ = std::move(batch);
  cursor_revision_ = 1;
  return organizations_.Create(domain_, call_, batch_);
}

Result<void> ImportApply::LoadCursor() {
  const auto snapshot = domain_.store.Read();
  YIMA_ASSIGN_OR_RETURN(StandingBatch standing, ReadBatch(*snapshot, batch_.id()));
  YIMA_RETURN_IF_ERROR(CheckNotStopped(standing.record));
  counts_ = std::move(standing.counts);
  cursor_revision_ = standing.cursor_revision;
  planned_ = counts_;
  return {};
}

Result<void> ImportApply::Chunks(const RequestMark& mark) {
  for (;;) {
    if (call_.cancelled()) return CallEnded();
    YIMA_ASSIGN_OR_RETURN(const bool more, StartChunk(mark));
    if (more && on_their_way_.size() < kOnTheirWayMax) continue;
    if (!more && on_their_way_.empty()) return {};
    YIMA_RETURN_IF_ERROR(AwaitFirst());
  }
}

Result<bool> ImportApply::StartChunk(const RequestMark& mark) {
  Chunk chunk;
  chunk.begin = offset_;
  chunk.counts = planned_;
  YIMA_ASSIGN_OR_RETURN(store::Change change, PlanChunk(mark, chunk));
  if (offset_ == chunk.begin) return false;
  planned_ = chunk.counts;
  if (batch_.id() == 0) {
    YIMA_RETURN_IF_ERROR(Settle(chunk));
  } else {
    chunk.outcome = store::ApplyLater(domain_.store, std::move(change));
    on_their_way_.push_back(std::move(chunk));
  }
  return true;
}

/// The snapshot ends with the plan: a client that does not read must not hold it.
Result<store::Change> ImportApply::PlanChunk(const RequestMark& mark, Chunk& chunk) {
  const auto snapshot = domain_.store.Read();
  Wholes wholes(call_, *snapshot);
  YIMA_ASSIGN_OR_RETURN(auto planned, PlanRows(*snapshot, wholes, chunk));
  const bool changes =
      std::ranges::any_of(planned, [](const Planned& each) { return each.plan.Writes(); });
  if (changes && batch_.id() == 0 && !header_.dry_run()) {
    YIMA_RETURN_IF_ERROR(Begin(mark));
    // The organizations that it created are seen by none but a later look.
    offset_ = chunk.begin;
    chunk.counts = planned_;
    return PlanChunk(mark, chunk);
  }
  ChangeWriter writer(call_, header_.request_id(), batch_.id());
  for (auto& each : planned) YIMA_RETURN_IF_ERROR(Add(*snapshot, each, wholes, writer, chunk));
  if (batch_.id() == 0) return store::Change();
  YIMA_RETURN_IF_ERROR(wholes.Put(writer));
  writer.PutUnlogged(store::Kind::kBatchCursor, batch_.id(),
                     cursor_revision_ + on_their_way_.size(), chunk.counts.SerializeAsString());
  return writer.Take(*snapshot);
}

Result<std::vector<ImportApply::Planned>> ImportApply::PlanRows(const store::Snapshot& snapshot,
                                                                Wholes& wholes, Chunk& chunk) {
  std::vector<Planned> planned;
  std::set<uint64_t> changed;
  holders_.Clear();
  SpooledRow row;
  while (planned.size() + wholes.first_parts() < kChunkRows) {
    YIMA_ASSIGN_OR_RETURN(const bool more, rows_.Next(offset_, row));
    if (!more) break;
    if (row.ordinal < chunk.counts.done()) continue;
    chunk.counts.set_done(row.ordinal + 1);
    if (row.rejected) continue;
    Planned& each = planned.emplace_back();
    each.line = row.line;
    each.row.ParseFromString(row.facility);
    YIMA_ASSIGN_OR_RETURN(each.plan, PlanRow(call_, snapshot, header_, each.row, row.given));
    if (each.plan.act == RowAct::kUpdate && !changed.insert(each.plan.uid).second) {
      each.plan.Refuse({StatusCode::kAlreadyExists, "ROW_REPEATED",
                        fmt::format("another row names facility {} too", each.plan.uid), "codes"});
    }
    if (each.plan.Writes()) YIMA_RETURN_IF_ERROR(CheckStillActing(snapshot, each));
    if (each.plan.Writes()) YIMA_RETURN_IF_ERROR(Join(each, wholes));
  }
  return planned;
}

Result<void> ImportApply::CheckStillActing(const store::Snapshot& snapshot, Planned& planned) {
  RowPlan& plan = planned.plan;
  constexpr const char* kColumns[] = {"supervisor", "owner", "maintainer"};
  for (size_t i = 0; i < std::size(kRightKinds); ++i) {
    const uint64_t holder = RightOf(planned.after(), kRightKinds[i]).holder();
    if (holder == RightOf(plan.before, kRightKinds[i]).holder()) continue;
    YIMA_ASSIGN_OR_RETURN(const auto* read, holders_.Find(snapshot, organizations_.Real(holder)));
    if (read == nullptr) continue;
    auto acts = CheckActs(read->record, kColumns[i]);
    if (acts) continue;
    plan.Refuse(std::move(acts).error());
    return {};
  }
  return {};
}

Result<void> ImportApply::Join(Planned& planned, Wholes& wholes) const {
  RowPlan& plan = planned.plan;
  if (planned.after().parent() != plan.before.parent()) {
    const auto joined = wholes.Join(planned.after(), "parent");
    if (!joined && EndsABatch(joined.error())) return joined;
    if (!joined) {
      plan.Refuse(joined.error());
      return {};
    }
  }
  if (plan.act == RowAct::kUpdate) wholes.Settle(plan.before, plan.after);
  return {};
}

Result<void> ImportApply::Add(const store::Snapshot& snapshot, Planned& planned, Wholes& wholes,
                              ChangeWriter& writer, Chunk& chunk) {
  v1::BatchCounts& counts = chunk.counts;
  RowPlan& plan = planned.plan;
  if (plan.act == RowAct::kCreate && !header_.dry_run()) {
    const auto created = Create(snapshot, planned.row, writer);
    // A class of this division has no numbers left: the row's own trouble, not the ledger's.
    if (!created && created.error().reason != "NUMBERS_USED_UP") return created;
    if (!created) plan.Refuse(created.error());
  }
  switch (plan.act) {
    case RowAct::kCreate:
      counts.set_created(counts.created() + 1);
      break;
    case RowAct::kUpdate:
      counts.set_updated(counts.updated() + 1);
      if (header_.dry_run()) break;
      NameHolders(plan.after);
      WithholdNew(plan.after);
      wholes.Mark(plan.after);
      plan.after.set_update_time_us(domain_.now());
      writer.Replace(plan.uid, plan.revision, plan.before, plan.after);
      break;
    case RowAct::kUnchanged:
      counts.set_unchanged(counts.unchanged() + 1);
      break;
    case RowAct::kConflict:
      counts.set_conflicts(counts.conflicts() + 1);
      chunk.conflicts.emplace_back(planned.line, std::move(plan.conflict));
      break;
  }
  return {};
}

Result<void> ImportApply::Create(const store::Snapshot& snapshot, v1::Facility& facility,
                                 ChangeWriter& writer) {
  if (facility.codes().empty() && header_.assign_codes()) {
    YIMA_RETURN_IF_ERROR(AssignFreeCode(snapshot, facility));
  }
  YIMA_ASSIGN_OR_RETURN(const uint64_t uid, domain_.numbers.NewId(store::Kind::kFacility));
  facility.set_uid(uid);
  facility.set_batch(batch_.id());
  facility.set_create_time_us(domain_.now());
  facility.set_update_time_us(facility.create_time_us());
  NameHolders(facility);
  WithholdNew(facility);
  writer.Create(uid, facility);
  return {};
}

/// A number that no row of this ledger brings along either.
Result<void> ImportApply::AssignFreeCode(const store::Snapshot& snapshot,
                                         v1::Facility& facility) const {
  for (;;) {
    YIMA_RETURN_IF_ERROR(AssignCode(domain_, snapshot, facility));
    const auto& code = facility.codes(0);
    const Key key{store::Index::kFacilityCode, FacilityCodeKey(code.scheme(), code.digits())};
    if (!keys_.MayHold(key)) return {};
    facility.clear_codes();
  }
}

void ImportApply::NameHolders(v1::Facility& facility) const {
  const auto name = [&](v1::Right* right) {
    right->set_holder(organizations_.Real(right->holder()));
  };
  name(facility.mutable_supervising());
  if (facility.has_owning()) name(facility.mutable_owning());
  if (facility.has_maintaining()) name(facility.mutable_maintaining());
}

Result<void> ImportApply::AwaitFirst() {
  Chunk first = std::move(on_their_way_.front());
  on_their_way_.pop_front();
  const store::Outcome outcome = first.outcome.get();
  if (const auto* error = std::get_if<Error>(&outcome)) return tl::unexpected(*error);
  if (std::holds_alternative<store::Committed>(outcome)) {
    ++cursor_revision_;
    refused_ = 0;
    return Settle(first);
  }
  if (++refused_ > kRefusedMax) {
    return Fail(StatusCode::kAborted, "CONTENTION",
                fmt::format("other writers took what the same rows need {} times", kRefusedMax));
  }
  Drain();
  offset_ = first.begin;
  return LoadCursor();
}

Result<void> ImportApply::Settle(const Chunk& chunk) {
  counts_ = chunk.counts;
  for (const auto& [line, error] : chunk.conflicts) problems_.Add(line, error, true);
  YIMA_RETURN_IF_ERROR(problems_.SendFull());
  if (batch_.id() == 0) return {};
  v1::ImportFacilitiesResponse progress;
  progress.set_done(counts_.done());
  progress.set_total(counts_.total());
  return sink_(progress);
}

void ImportApply::Drain() {
  for (const auto& chunk : on_their_way_) chunk.outcome.wait();
  on_their_way_.clear();
}

}  // namespace yima::server
