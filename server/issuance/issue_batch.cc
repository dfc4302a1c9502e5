#include "server/issuance/issue_batch.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "server/domain/cover.h"
#include "server/issuance/codes.h"
#include "server/registry/life.h"

namespace yima::server {
namespace {

/// Chunks being signed: one for each core and one in reserve; and waiting for their commit.
const size_t kPreparingMax = std::max(2u, std::thread::hardware_concurrency() + 1);
constexpr size_t kCommittingMax = 3;

}  // namespace

uint64_t IssueBatch::SizeOf(uint64_t chunk) const {
  return std::min<uint64_t>(kBatchChunk, total() - chunk * kBatchChunk);
}

Result<void> IssueBatch::Run() {
  YIMA_ASSIGN_OR_RETURN(const auto turn, domain_.running->Wait(batch_, call_));
  YIMA_RETURN_IF_ERROR(LoadCursor());
  v1::IssueCodesResponse first;
  first.set_batch(batch_);
  first.set_total(total());
  YIMA_RETURN_IF_ERROR(sink_(first));
  while (sent_ * kBatchChunk < total()) {
    // A chunk that was refused took those behind it along.
    YIMA_RETURN_IF_ERROR(LoadCursor());
    while (sent_ * kBatchChunk < counts_.done()) YIMA_RETURN_IF_ERROR(Replay(sent_));
    const Result<void> issued = IssueOnwards();
    Drain();
    YIMA_RETURN_IF_ERROR(issued);
  }
  YIMA_RETURN_IF_ERROR(EndBatch(domain_, call_, batch_, counts_));
  v1::IssueCodesResponse last;
  last.set_batch(batch_);
  last.set_total(total());
  last.set_skipped(counts_.unchanged());
  return sink_(last);
}

Result<void> IssueBatch::LoadCursor() {
  const auto snapshot = domain_.store.Read();
  YIMA_ASSIGN_OR_RETURN(StandingBatch standing, ReadBatch(*snapshot, batch_));
  request_id_ = standing.record.request_id();
  counts_ = std::move(standing.counts);
  cursor_revision_ = standing.cursor_revision;
  planned_ = counts_;
  planned_revision_ = cursor_revision_;
  // The last chunk may be a short one: done, it is not to be begun again.
  next_ = (counts_.done() + kBatchChunk - 1) / kBatchChunk;
  return {};
}

/// Sends what was done before, from its records.
Result<void> IssueBatch::Replay(uint64_t chunk) {
  if (call_.cancelled()) return CallEnded();
  YIMA_ASSIGN_OR_RETURN(const auto answer, AnswerAgain(chunk));
  ++sent_;
  return sink_(answer);
}

/// The snapshot ends with the answer: a client that does not read must not hold it.
Result<v1::IssueCodesResponse> IssueBatch::AnswerAgain(uint64_t chunk) const {
  const auto snapshot = domain_.store.Read();
  uint64_t revision = 0;
  YIMA_ASSIGN_OR_RETURN(const auto items, ItemsOf(*snapshot, chunk, revision));
  v1::IssueCodesResponse answer;
  answer.set_batch(batch_);
  answer.set_total(total());
  for (const auto& item : items) {
    if (item.serial == 0) continue;
    YIMA_ASSIGN_OR_RETURN(const auto code, Get<v1::Code>(*snapshot, item.serial));
    if (!code) return RecordMissing("code", item.serial);
    YIMA_RETURN_IF_ERROR(CheckSound(code->record, item.serial));
    *answer.add_codes() = ToIssued(domain_, code->record, code->revision);
  }
  return answer;
}

/// Keeps signing and committing until the end, or until a chunk was refused.
Result<void> IssueBatch::IssueOnwards() {
  for (;;) {
    if (call_.cancelled()) return CallEnded();
    YIMA_RETURN_IF_ERROR(CheckDay());
    while (preparing_.size() < kPreparingMax && next_ * kBatchChunk < total()) {
      const bool alone = doubtful_ == next_;
      if (alone && !(preparing_.empty() && committing_.empty())) break;
      YIMA_RETURN_IF_ERROR(Prepare(next_, alone));
      if (alone) break;
    }
    if (preparing_.empty() && committing_.empty()) return {};
    if (!preparing_.empty()) Commit();
    if (committing_.size() < kCommittingMax && !preparing_.empty()) continue;
    YIMA_ASSIGN_OR_RETURN(const bool committed, SettleFirst());
    if (!committed) return {};
  }
}

Result<void> IssueBatch::CheckDay() {
  YIMA_ASSIGN_OR_RETURN(const Day today, SigningDay(domain_));
  YIMA_ASSIGN_OR_RETURN(const auto registry,
                        domain_.store.Read()->Get(store::Kind::kRegistry, kRegistryId));
  const uint64_t revision = registry ? registry->revision : 0;
  if (signer_ && signer_->day() == today && signer_->registry_revision() == revision) return {};
  YIMA_RETURN_IF_ERROR(KeepIssueDay(domain_, call_, today));
  YIMA_ASSIGN_OR_RETURN(signer_, Signer::For(domain_, today));
  return {};
}

Result<std::vector<BatchItem>> IssueBatch::ItemsOf(const store::Snapshot& snapshot, uint64_t chunk,
                                                   uint64_t& revision) const {
  YIMA_ASSIGN_OR_RETURN(const auto stored,
                        snapshot.Get(store::Kind::kBatchItems, BatchItemsId(batch_, chunk)));
  revision = stored ? stored->revision : 0;
  // Blank plates have no list before they are made.
  if (!stored) return std::vector<BatchItem>(SizeOf(chunk));
  return DecodeItems(stored->bytes);
}

/// The facilities as they are now: those that have a code by now, or are no more, have no revision
/// and are passed over. Only the list keeps the revisions that were frozen.
Result<std::vector<BatchItem>> IssueBatch::LookAgain(const store::Snapshot& snapshot,
                                                     std::vector<BatchItem> items) const {
  for (auto& item : items) {
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, item.facility));
    YIMA_ASSIGN_OR_RETURN(const uint64_t active,
                          snapshot.Holder(store::Index::kActiveCode, ActiveCodeKey(item.facility)));
    if (!read || active != 0 || read->record.codes().empty() || HasEnded(read->record)) {
      item.revision = 0;
      continue;
    }
    const auto& code = read->record.codes(read->record.codes_size() - 1);
    YIMA_ASSIGN_OR_RETURN(const auto parsed,
                          FacilityCode::Parse(static_cast<Scheme>(code.scheme()), code.digits()));
    item = {item.facility, read->revision, parsed.scheme(), parsed.value()};
    item.cover = CoverCounter(read->record);
  }
  return items;
}

/// Of lists that were frozen by a program that did not keep them. A facility that was changed since
/// is refused by its revision.
Result<void> IssueBatch::FindCovers(const store::Snapshot& snapshot,
                                    std::vector<BatchItem>& items) {
  for (auto& item : items) {
    if (item.facility == 0 || item.revision == 0 || !item.cover.empty()) continue;
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, item.facility));
    if (read) item.cover = CoverCounter(read->record);
  }
  return {};
}

Result<void> IssueBatch::Prepare(uint64_t number, bool look_again) {
  const auto snapshot = domain_.store.Read();
  uint64_t items_revision = 0;
  YIMA_ASSIGN_OR_RETURN(auto list, ItemsOf(*snapshot, number, items_revision));
  auto items = list;
  if (look_again) {
    YIMA_ASSIGN_OR_RETURN(items, LookAgain(*snapshot, std::move(items)));
  }
  YIMA_RETURN_IF_ERROR(FindCovers(*snapshot, items));
  // A facility of the list is passed over when it has no revision any more.
  const auto passed_over = [](const BatchItem& item) {
    return item.facility != 0 && item.revision == 0;
  };
  const auto skipped = static_cast<uint64_t>(std::ranges::count_if(items, passed_over));
  YIMA_ASSIGN_OR_RETURN(const auto serials, TakeSerials(domain_, items.size() - skipped));
  size_t taken = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!passed_over(items[i])) list[i].serial = items[i].serial = serials[taken++].value();
  }

  planned_.set_done(planned_.done() + items.size());
  planned_.set_created(planned_.created() + taken);
  planned_.set_unchanged(planned_.unchanged() + skipped);
  const uint64_t size = items.size();
  auto make = [this, number, items_revision, items = std::move(items), list = std::move(list),
               signer = *signer_, cursor = planned_, cursor_revision = planned_revision_,
               now = domain_.now()] {
    Chunk chunk;
    ChangeWriter writer(call_, request_id_, batch_);
    chunk.answer.set_batch(batch_);
    chunk.answer.set_total(cursor.total());
    for (const auto& item : items) {
      if (item.serial == 0) continue;
      const v1::Code code = signer.Sign(item, batch_, now);
      if (item.facility != 0) {
        writer.Check(store::Kind::kFacility, item.facility, item.revision);
        writer.KnowCover(item.facility, item.cover);
      }
      writer.Create(item.serial, code);
      *chunk.answer.add_codes() = ToIssued(domain_, code, 1);
    }
    writer.Check(store::Kind::kRegistry, kRegistryId, signer.registry_revision());
    writer.PutUnlogged(store::Kind::kBatchItems, BatchItemsId(batch_, number), items_revision,
                       EncodeItems(list));
    writer.PutUnlogged(store::Kind::kBatchCursor, batch_, cursor_revision,
                       cursor.SerializeAsString());
    chunk.change = writer.Take();
    return chunk;
  };
  preparing_.push_back({number, size, std::async(std::launch::async, std::move(make))});
  ++planned_revision_;
  ++next_;
  return {};
}

/// Hands the first chunk that is being signed to the store.
void IssueBatch::Commit() {
  Preparing first = std::move(preparing_.front());
  preparing_.pop_front();
  Chunk chunk = first.chunk.get();
  committing_.push_back({first.number, first.size, std::move(chunk.answer),
                         store::ApplyLater(domain_.store, std::move(chunk.change))});
}

Result<bool> IssueBatch::SettleFirst() {
  Committing first = std::move(committing_.front());
  committing_.pop_front();
  const store::Outcome outcome = first.outcome.get();
  if (const auto* error = std::get_if<Error>(&outcome)) return tl::unexpected(*error);
  if (!std::holds_alternative<store::Committed>(outcome)) {
    const auto* moved = std::get_if<store::MovedRecord>(&outcome);
    const bool facility_moved = moved != nullptr && moved->kind == store::Kind::kFacility;
    if (facility_moved || std::holds_alternative<store::TakenKey>(outcome)) {
      doubtful_ = first.number;
    }
    return false;
  }
  counts_.set_done(counts_.done() + first.size);
  const auto issued = static_cast<uint64_t>(first.answer.codes_size());
  counts_.set_created(counts_.created() + issued);
  counts_.set_unchanged(counts_.unchanged() + first.size - issued);
  ++cursor_revision_;
  ++sent_;
  doubtful_.reset();
  YIMA_RETURN_IF_ERROR(sink_(first.answer));
  return true;
}

/// Lets what is under way come to its end; what was committed is found by the cursor.
void IssueBatch::Drain() {
  for (auto& preparing : preparing_) preparing.chunk.wait();
  preparing_.clear();
  for (auto& committing : committing_) committing.outcome.wait();
  committing_.clear();
}

}  // namespace yima::server
