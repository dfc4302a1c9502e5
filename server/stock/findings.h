#ifndef YIMA_SERVER_STOCK_FINDINGS_H_
#define YIMA_SERVER_STOCK_FINDINGS_H_

#include <cstdint>
#include <map>
#include <vector>

#include "server/domain/batch_items.h"
#include "yima/v1/stock_take.pb.h"

namespace yima::server {

/// The term under which findings of the same thing stand: of a facility that was seen in order,
/// else of a plate, else of what was read.
std::string ThingTerm(const v1::StockFinding& finding);

/// Visits the findings under a term, by rising id, until `visit` returns false. RECORD_DAMAGED.
Result<void> EachFinding(const store::Snapshot& snapshot, uint64_t after, const std::string& term,
                         const std::function<bool(const v1::StockFinding&)>& visit);

/// The frozen list of a stock-take, which rises by uid; for looking up many of its facilities. Use
/// from one thread, while the snapshot lives.
class FrozenList {
 public:
  FrozenList(const store::Snapshot& snapshot, const v1::StockTake& stock_take)
      : snapshot_(snapshot),
        id_(stock_take.id()),
        chunks_((stock_take.expected() + kBatchChunk - 1) / kBatchChunk) {}

  /// One chunk of it. RECORD_MISSING (DATA_LOSS); STOCK_TAKE_LIST_GONE (FAILED_PRECONDITION) when
  /// there is none at all, as in a registry that was made anew from its log.
  Result<std::vector<BatchItem>> Chunk(uint64_t chunk) const;
  uint64_t chunks() const { return chunks_; }
  Result<bool> Holds(uint64_t facility);

 private:
  Result<uint64_t> FirstOf(uint64_t chunk);

  const store::Snapshot& snapshot_;
  const uint64_t id_;
  const uint64_t chunks_;
  std::map<uint64_t, uint64_t> firsts_;  ///< First facilities of the chunks read so far.
};

}  // namespace yima::server

#endif  // YIMA_SERVER_STOCK_FINDINGS_H_
