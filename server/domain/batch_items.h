#ifndef YIMA_SERVER_DOMAIN_BATCH_ITEMS_H_
#define YIMA_SERVER_DOMAIN_BATCH_ITEMS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sodium.h>

#include "codegen/code/facility_code.h"
#include "server/domain/domain.h"
#include "yima/v1/batch.pb.h"

namespace yima::server {

/// What became of a facility of a batch, beside that another writer had moved it. Numbers are
/// stored.
enum class ItemOutcome : uint8_t { kDone = 0, kUnchanged = 2, kRefused = 3, kDoneInPart = 4 };

/// One facility of a frozen batch, as it was when the list was frozen.
struct BatchItem {
  uint64_t facility = 0;
  uint64_t revision = 0;
  Scheme scheme = kSchemeBlank;  ///< Of the code in force; issuing needs no other read.
  uint64_t facility_code = 0;
  uint64_t serial = 0;  ///< Of the code issued; 0: none yet, or passed over.
  bool moved = false;   ///< Left as it was: another writer had moved it since.
  ItemOutcome outcome = ItemOutcome::kDone;
  std::string reason = {};  ///< Why it was refused, or done in part; at most 255 bytes.
  /// Where it was counted, as CoverCounter says; of codes to be issued, else empty.
  std::string cover = {};

  void Refuse(std::string why) { outcome = ItemOutcome::kRefused, reason = std::move(why); }
  void DoInPart(std::string why) { outcome = ItemOutcome::kDoneInPart, reason = std::move(why); }
};

/// Items are kept in chunks of this many, and a change deals with at most as many: with those of
/// one chunk, when a facility costs it one record, or else with the end of one and the
/// beginning of the next.
constexpr size_t kBatchChunk = 500;
/// Chunks that one batch may have.
constexpr uint64_t kBatchChunksMax = uint64_t{1} << 15;

constexpr uint64_t BatchItemsId(uint64_t batch, uint64_t chunk) { return batch << 15 | chunk; }
std::string EncodeItems(const std::vector<BatchItem>& items);
std::vector<BatchItem> DecodeItems(std::string_view bytes);

/// The hash by which a frozen list is known: of each facility and its revision, in its order.
class ListHash {
 public:
  ListHash() { crypto_hash_sha256_init(&state_); }
  void Add(uint64_t facility, uint64_t revision);
  /// Once, at the end.
  std::string Finish();

 private:
  crypto_hash_sha256_state state_;
};

/// Writes a batch's list as it is found, chunk by chunk, then the batch itself with the list's
/// hash: flat memory, whatever the size. A list without its batch is never looked at.
class BatchFreezer {
 public:
  BatchFreezer(const Domain& domain, const Call& call, uint64_t batch);

  /// BATCH_TOO_LARGE after kBatchChunksMax × kBatchChunk; the store's own errors.
  Result<void> Add(const BatchItem& item);
  /// Flushes, and gives the hash of all facilities and revisions.
  Result<std::string> Finish();
  uint64_t total() const { return total_; }

 private:
  Result<void> Flush();

  const Domain& domain_;
  const uint64_t batch_;
  ListHash hash_;
  ChangeWriter writer_;
  std::vector<BatchItem> items_;
  uint64_t chunk_ = 0;
  uint64_t total_ = 0;
};

/// Keeps in the record what the batch was asked for, so that the log tells it without the words of
/// `source`: the request without its id, or its SHA-256 when it is longer than 32 KiB.
void KeepAsked(std::string request_without_id, v1::Batch& batch);
template <typename Request>
void KeepRequest(Request request, v1::Batch& batch) {
  request.clear_request_id();
  KeepAsked(request.SerializeAsString(), batch);
}

/// Begins a batch: its record, its cursor with the record's counts, and the mark of its request, in
/// one change. Gives its id, or that of the batch which the same request, sent twice, began a
/// moment before. `also` puts what begins with it. REQUEST_ID_REUSED, what `also` says.
using BeginsWith = std::function<Result<void>(uint64_t batch, ChangeWriter& writer)>;
Result<uint64_t> BeginBatch(const Domain& domain, const Call& call, const RequestMark& mark,
                            const v1::Batch& batch, const BeginsWith& also = {});
/// A batch as it stands, and how far it has come.
struct StandingBatch {
  v1::Batch record;
  uint64_t revision = 0;
  v1::BatchCounts counts;
  uint64_t cursor_revision = 0;
};
/// RECORD_MISSING when it lacks its record, or a sound cursor.
Result<StandingBatch> ReadBatch(const store::Snapshot& snapshot, uint64_t batch);
/// BATCH_STOPPED (FAILED_PRECONDITION): it was taken back half-way, so nobody goes on with it.
Result<void> CheckNotStopped(const v1::Batch& batch);
/// Puts it as STOPPED, so that nobody goes on with it. What was under way may still come before:
/// how far it came in the end its cursor says. Nothing to do for one that has ended. Only of a
/// batch whose changes expect its record, or whose turn is held. RECORD_MISSING.
Result<void> StopBatch(const Domain& domain, const store::Snapshot& snapshot, uint64_t batch,
                       ChangeWriter& writer);
/// Ends it: DONE, with the counts. One that has ended stays as it is.
Result<void> EndBatch(const Domain& domain, const Call& call, uint64_t batch,
                      const v1::BatchCounts& counts);
/// The batch that this request began before; 0 when none. REQUEST_ID_REUSED.
Result<uint64_t> FindBatch(const store::Snapshot& snapshot, const RequestMark& mark);

/// CALL_ENDED (UNAVAILABLE): long work stopped between two chunks, since nobody waits for it or the
/// server is stopping.
tl::unexpected<Error> CallEnded();

/// Applies what `plan` gives, and when a record moved meanwhile, what it gives then. Nothing to do
/// where that puts nothing. CONTENTION (ABORTED) after 10 rounds; whatever the plan says.
Result<void> ApplyInRounds(
    const Domain& domain,
    const std::function<Result<store::Change>(const store::Snapshot& snapshot)>& plan);

/// Turns what ApplyAndWait gave into a Result: anything but Committed is an Error.
Result<void> Settled(const store::Outcome& outcome);

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_BATCH_ITEMS_H_
