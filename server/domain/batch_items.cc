#include "server/domain/batch_items.h"

#include <utility>

#include <fmt/format.h>

namespace yima::server {
namespace {

/// Without a reason and a cover, which stand behind it, each with a byte of its length before it.
constexpr size_t kItemSize = 34;
constexpr uint8_t kMoved = 1;
/// Added to what became of an item: a cover stands behind it, of length 0 when it is that of the
/// item before.
constexpr uint8_t kCovered = 0x80;

bool HasReason(uint8_t became) {
  return became != kMoved && became >= static_cast<uint8_t>(ItemOutcome::kRefused);
}

void AppendShort(std::string& out, std::string_view text) {
  const std::string_view kept = text.substr(0, UINT8_MAX);
  out.push_back(static_cast<char>(kept.size()));
  out.append(kept);
}

/// Takes it from the front; as much of it as there is.
std::string ReadShort(std::string_view& bytes) {
  if (bytes.empty()) return {};
  const std::string_view text = bytes.substr(1, static_cast<uint8_t>(bytes[0]));
  bytes.remove_prefix(1 + text.size());
  return std::string(text);
}

void Append64(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

uint64_t Read64(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

}  // namespace

std::string EncodeItems(const std::vector<BatchItem>& items) {
  std::string out;
  out.reserve(items.size() * kItemSize);
  std::string_view cover;
  for (const auto& item : items) {
    Append64(out, item.facility);
    Append64(out, item.revision);
    out.push_back(static_cast<char>(item.scheme));
    Append64(out, item.facility_code);
    Append64(out, item.serial);
    const uint8_t became = item.moved ? kMoved : static_cast<uint8_t>(item.outcome);
    out.push_back(static_cast<char>(item.cover.empty() ? became : became | kCovered));
    if (HasReason(became)) AppendShort(out, item.reason);
    if (item.cover.empty()) continue;
    AppendShort(out, item.cover == cover ? std::string_view() : item.cover);
    cover = item.cover;
  }
  return out;
}

std::vector<BatchItem> DecodeItems(std::string_view bytes) {
  std::vector<BatchItem> items;
  items.reserve(bytes.size() / kItemSize);
  std::string cover;
  while (bytes.size() >= kItemSize) {
    auto& item = items.emplace_back(BatchItem{Read64(bytes), Read64(bytes.substr(8)),
                                              static_cast<Scheme>(bytes[16]),
                                              Read64(bytes.substr(17)), Read64(bytes.substr(25))});
    const auto flags = static_cast<uint8_t>(bytes[33]);
    const uint8_t became = flags & static_cast<uint8_t>(~kCovered);
    item.moved = became == kMoved;
    if (!item.moved) item.outcome = static_cast<ItemOutcome>(became);
    bytes.remove_prefix(kItemSize);
    if (HasReason(became)) item.reason = ReadShort(bytes);
    if ((flags & kCovered) == 0) continue;
    if (std::string own = ReadShort(bytes); !own.empty()) cover = std::move(own);
    item.cover = cover;
  }
  return items;
}

void ListHash::Add(uint64_t facility, uint64_t revision) {
  std::string bytes;
  Append64(bytes, facility);
  Append64(bytes, revision);
  crypto_hash_sha256_update(&state_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

std::string ListHash::Finish() {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256_final(&state_, reinterpret_cast<uint8_t*>(hash.data()));
  return hash;
}

BatchFreezer::BatchFreezer(const Domain& domain, const Call& call, uint64_t batch)
    : domain_(domain), batch_(batch), writer_(call, "", batch) {}

Result<void> BatchFreezer::Add(const BatchItem& item) {
  items_.push_back(item);
  ++total_;
  hash_.Add(item.facility, item.revision);
  return items_.size() == kBatchChunk ? Flush() : Result<void>();
}

Result<void> BatchFreezer::Flush() {
  if (chunk_ == kBatchChunksMax) {
    return Fail(StatusCode::kResourceExhausted, "BATCH_TOO_LARGE",
                fmt::format("the filter finds more than {} facilities; narrow it",
                            kBatchChunksMax * kBatchChunk),
                "filter");
  }
  writer_.PutUnlogged(store::Kind::kBatchItems, BatchItemsId(batch_, chunk_++), 0,
                      EncodeItems(std::exchange(items_, {})));
  constexpr size_t kChunksAtOnce = 64;
  if (writer_.puts() < kChunksAtOnce) return {};
  return Settled(store::ApplyAndWait(domain_.store, writer_.Take()));
}

Result<std::string> BatchFreezer::Finish() {
  if (!items_.empty()) YIMA_RETURN_IF_ERROR(Flush());
  if (writer_.puts() > 0) {
    YIMA_RETURN_IF_ERROR(Settled(store::ApplyAndWait(domain_.store, writer_.Take())));
  }
  return hash_.Finish();
}

void KeepAsked(std::string request_without_id, v1::Batch& batch) {
  constexpr size_t kAskedMax = 32 * 1024;  // An entry of the log holds 64 KiB.
  if (request_without_id.size() <= kAskedMax) {
    batch.set_request(std::move(request_without_id));
    return;
  }
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<uint8_t*>(hash.data()),
                     reinterpret_cast<const uint8_t*>(request_without_id.data()),
                     request_without_id.size());
  batch.set_request_sha256(std::move(hash));
}

Result<uint64_t> BeginBatch(const Domain& domain, const Call& call, const RequestMark& mark,
                            const v1::Batch& batch, const BeginsWith& also) {
  ChangeWriter writer(call, mark.request_id, batch.id());
  writer.Create(batch.id(), batch);
  if (also) YIMA_RETURN_IF_ERROR(also(batch.id(), writer));
  writer.PutUnlogged(store::Kind::kBatchCursor, batch.id(), 0, batch.counts().SerializeAsString());
  store::Change change = writer.Take();
  const std::vector<RecordRef> results = {{store::Kind::kBatch, batch.id(), 1}};
  change.request =
      store::Request{mark.principal, mark.method, mark.request_id, mark.hash, EncodeRefs(results)};
  const store::Outcome outcome = store::ApplyAndWait(domain.store, std::move(change));
  if (const auto* before = std::get_if<store::RequestDone>(&outcome)) {
    const std::vector<RecordRef> begun = DecodeRefs(before->reply);
    if (!begun.empty()) return begun.front().id;
  }
  if (std::holds_alternative<store::RequestReused>(outcome)) return RequestReused(mark.request_id);
  YIMA_RETURN_IF_ERROR(Settled(outcome));
  return batch.id();
}

Result<StandingBatch> ReadBatch(const store::Snapshot& snapshot, uint64_t batch) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Batch>(snapshot, batch));
  YIMA_ASSIGN_OR_RETURN(const auto cursor, snapshot.Get(store::Kind::kBatchCursor, batch));
  StandingBatch standing;
  if (!read) return RecordMissing("batch", batch);
  if (!cursor || !standing.counts.ParseFromString(cursor->bytes)) {
    return RecordMissing("the cursor of batch", batch);
  }
  standing.record = std::move(read->record);
  standing.revision = read->revision;
  standing.cursor_revision = cursor->revision;
  return standing;
}

Result<void> CheckNotStopped(const v1::Batch& batch) {
  if (batch.state() != v1::BATCH_STATE_STOPPED) return {};
  return Fail(StatusCode::kFailedPrecondition, "BATCH_STOPPED",
              fmt::format("batch {} was taken back before it had come to its end: begin anew, "
                          "under another request_id",
                          batch.id()));
}

Result<void> StopBatch(const Domain& domain, const store::Snapshot& snapshot, uint64_t batch,
                       ChangeWriter& writer) {
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Batch>(snapshot, batch));
  if (!read) return RecordMissing("batch", batch);
  if (read->record.state() != v1::BATCH_STATE_RUNNING) return {};
  YIMA_ASSIGN_OR_RETURN(const StandingBatch standing, ReadBatch(snapshot, batch));
  v1::Batch stopped = standing.record;
  *stopped.mutable_counts() = standing.counts;
  stopped.set_state(v1::BATCH_STATE_STOPPED);
  stopped.set_end_time_us(domain.now());
  writer.Replace(batch, standing.revision, standing.record, stopped);
  return {};
}

Result<void> EndBatch(const Domain& domain, const Call& call, uint64_t batch,
                      const v1::BatchCounts& counts) {
  const auto snapshot = domain.store.Read();
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Batch>(*snapshot, batch));
  if (!read) return RecordMissing("batch", batch);
  if (read->record.state() != v1::BATCH_STATE_RUNNING) return {};
  v1::Batch ended = read->record;
  ended.set_state(v1::BATCH_STATE_DONE);
  *ended.mutable_counts() = counts;
  ended.set_end_time_us(domain.now());
  ChangeWriter writer(call, ended.request_id(), batch);
  writer.Replace(batch, read->revision, read->record, ended);
  const store::Outcome outcome = store::ApplyAndWait(domain.store, writer.Take());
  // Another stream of the same request may have ended it first, with the same counts.
  if (std::holds_alternative<store::MovedRecord>(outcome)) return {};
  return Settled(outcome);
}

Result<uint64_t> FindBatch(const store::Snapshot& snapshot, const RequestMark& mark) {
  YIMA_ASSIGN_OR_RETURN(auto kept,
                        snapshot.FindRequest(mark.principal, mark.method, mark.request_id));
  if (!kept) return 0;
  if (kept->hash != mark.hash) return RequestReused(mark.request_id);
  const std::vector<RecordRef> refs = DecodeRefs(kept->reply);
  return refs.empty() ? 0 : refs.front().id;
}

tl::unexpected<Error> CallEnded() {
  return Fail(StatusCode::kUnavailable, "CALL_ENDED",
              "stopped between two chunks; the same request goes on from there");
}

Result<void> ApplyInRounds(
    const Domain& domain,
    const std::function<Result<store::Change>(const store::Snapshot& snapshot)>& plan) {
  constexpr int kRoundsMax = 10;
  for (int round = 0; round < kRoundsMax; ++round) {
    // A view that is lent while it is written holds back the write-ahead log.
    YIMA_ASSIGN_OR_RETURN(store::Change change, plan(*domain.store.Read()));
    if (change.puts.empty()) return {};
    const auto outcome = store::ApplyAndWait(domain.store, std::move(change));
    if (!std::holds_alternative<store::MovedRecord>(outcome)) return Settled(outcome);
  }
  return Fail(StatusCode::kAborted, "CONTENTION",
              fmt::format("other writers moved the record {} times", kRoundsMax));
}

Result<void> Settled(const store::Outcome& outcome) {
  if (std::holds_alternative<store::Committed>(outcome)) return {};
  if (const auto* error = std::get_if<Error>(&outcome)) return tl::unexpected(*error);
  if (const auto* moved = std::get_if<store::MovedRecord>(&outcome)) {
    return Fail(StatusCode::kAborted, "RECORD_MOVED",
                fmt::format("record {} of kind {} was changed meanwhile", moved->id,
                            static_cast<int>(moved->kind)));
  }
  if (const auto* taken = std::get_if<store::TakenKey>(&outcome)) {
    return Fail(StatusCode::kAborted, "KEY_TAKEN",
                fmt::format("a key of index {} was taken meanwhile by {}",
                            static_cast<int>(taken->index), taken->holder));
  }
  return Fail(StatusCode::kAborted, "REQUEST_RUNNING",
              "the same request is being answered at this moment; ask again");
}

}  // namespace yima::server
