#include "server/check/batch_check.h"

#include <string>
#include <vector>

#include "server/domain/batch_items.h"

namespace yima::server {
namespace {

struct StoredBatch {
  v1::Batch record;
  uint64_t id = 0;
};

Result<std::vector<StoredBatch>> ReadBatches(const store::Snapshot& snapshot) {
  std::vector<StoredBatch> batches;
  YIMA_RETURN_IF_ERROR(
      snapshot.Scan(store::Kind::kBatch, 0, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
        StoredBatch batch{{}, id};
        // One that does not parse is found with the other records.
        if (batch.record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          batches.push_back(std::move(batch));
        }
        return true;
      }));
  return batches;
}

/// Plates that are bound later: nothing was chosen, so the list has no hash, and grows with the
/// work.
bool IsOfBlankPlates(const v1::Batch& batch) { return batch.source_hash().empty(); }

Result<uint64_t> DoneOf(const store::Snapshot& snapshot, uint64_t batch) {
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kBatchCursor, batch));
  v1::BatchCounts cursor;
  // One that is missing or does not parse is found by CheckCursor.
  if (!stored || !cursor.ParseFromString(stored->bytes)) return 0;
  return cursor.done();
}

Result<void> CheckItems(const store::Snapshot& snapshot, const StoredBatch& batch,
                        const LogTail& log, Findings& findings) {
  ListHash hash;
  uint64_t total = 0;
  for (uint64_t chunk = 0; chunk < kBatchChunksMax; ++chunk) {
    YIMA_ASSIGN_OR_RETURN(const auto stored,
                          snapshot.Get(store::Kind::kBatchItems, BatchItemsId(batch.id, chunk)));
    if (!stored) break;
    const auto items = DecodeItems(stored->bytes);
    if (EncodeItems(items) != stored->bytes) {
      findings.Add("chunk {} of batch {} does not parse", chunk, batch.id);
    }
    for (const auto& item : items) {
      hash.Add(item.facility, item.revision);
      const bool blank_plate = item.facility == 0 && IsOfBlankPlates(batch.record);
      if (!blank_plate && !log.Exists(store::Kind::kFacility, item.facility)) {
        findings.Add("batch {} names facility {}, which has no record", batch.id, item.facility);
      }
      if (item.serial != 0 && !log.Exists(store::Kind::kCode, item.serial)) {
        findings.Add("batch {} names code {}, which has no record", batch.id, item.serial);
      }
    }
    total += items.size();
  }
  if (total == 0) return {};  // Ledgers are hashed by their rows, and have no list.
  uint64_t counted = batch.record.counts().total();
  if (IsOfBlankPlates(batch.record)) {
    YIMA_ASSIGN_OR_RETURN(counted, DoneOf(snapshot, batch.id));
  }
  if (total != counted) {
    findings.Add("batch {} has a list of {}, but counts {}", batch.id, total, counted);
  }
  if (IsOfBlankPlates(batch.record)) return {};
  if (hash.Finish() != batch.record.source_hash()) {
    findings.Add("the list of batch {} does not have the hash that the batch says", batch.id);
  }
  return {};
}

Result<void> CheckCursor(const store::Snapshot& snapshot, const StoredBatch& batch,
                         Findings& findings) {
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kBatchCursor, batch.id));
  if (!stored) {
    if (batch.record.state() == v1::BATCH_STATE_RUNNING) {
      findings.Add("batch {} is running without a cursor", batch.id);
    }
    return {};
  }
  v1::BatchCounts cursor;
  if (!cursor.ParseFromString(stored->bytes)) {
    findings.Add("the cursor of batch {} does not parse", batch.id);
  } else if (cursor.done() > cursor.total()) {
    findings.Add("the cursor of batch {} stands at {} of {}", batch.id, cursor.done(),
                 cursor.total());
  }
  const auto& counts = batch.record.counts();
  if (batch.record.state() == v1::BATCH_STATE_DONE && counts.done() != counts.total()) {
    findings.Add("batch {} is done after {} of {}", batch.id, counts.done(), counts.total());
  }
  return {};
}

}  // namespace

Result<void> CheckBatches(const store::Snapshot& snapshot, const LogTail& log, Findings& findings) {
  YIMA_ASSIGN_OR_RETURN(const auto batches, ReadBatches(snapshot));
  for (const auto& batch : batches) {
    YIMA_RETURN_IF_ERROR(CheckItems(snapshot, batch, log, findings));
    YIMA_RETURN_IF_ERROR(CheckCursor(snapshot, batch, findings));
  }
  return {};
}

}  // namespace yima::server
