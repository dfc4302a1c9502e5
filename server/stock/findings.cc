#include "server/stock/findings.h"

#include <algorithm>

#include <fmt/format.h>

namespace yima::server {

std::string ThingTerm(const v1::StockFinding& finding) {
  switch (finding.outcome()) {
    case v1::STOCK_OUTCOME_FOUND:
    case v1::STOCK_OUTCOME_UNEXPECTED:
    case v1::STOCK_OUTCOME_WRONG_PLACE:
      return StockFacilityTerm(finding.stock_take(), finding.facility());
    default:
      return finding.serial() != 0 ? StockPlateTerm(finding.stock_take(), finding.serial())
                                   : StockSeenTerm(finding.stock_take(), finding.seen());
  }
}

Result<void> EachFinding(const store::Snapshot& snapshot, uint64_t after, const std::string& term,
                         const std::function<bool(const v1::StockFinding&)>& visit) {
  uint64_t damaged = 0;
  v1::StockFinding finding;
  YIMA_RETURN_IF_ERROR(
      snapshot.Scan(store::Kind::kStockFinding, after, {term},
                    [&](uint64_t id, uint64_t, std::string_view bytes) {
                      if (!finding.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
                        damaged = id;
                      return damaged == 0 && visit(finding);
                    }));
  if (damaged == 0) return {};
  return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
              fmt::format("finding {} does not parse; run yimad check", damaged));
}

Result<std::vector<BatchItem>> FrozenList::Chunk(uint64_t chunk) const {
  YIMA_ASSIGN_OR_RETURN(const auto stored,
                        snapshot_.Get(store::Kind::kBatchItems, BatchItemsId(id_, chunk)));
  auto items = stored ? DecodeItems(stored->bytes) : std::vector<BatchItem>();
  if (!items.empty()) return items;
  YIMA_ASSIGN_OR_RETURN(const auto first,
                        snapshot_.Get(store::Kind::kBatchItems, BatchItemsId(id_, 0)));
  if (!first) {
    return Fail(StatusCode::kFailedPrecondition, "STOCK_TAKE_LIST_GONE",
                fmt::format("stock-take {} has lost its list: the registry was made anew from its "
                            "log, which holds the list's hash alone",
                            id_),
                "stock_take");
  }
  return Fail(
      StatusCode::kDataLoss, "RECORD_MISSING",
      fmt::format("chunk {} of the list of stock-take {} is missing; run yimad check", chunk, id_));
}

Result<uint64_t> FrozenList::FirstOf(uint64_t chunk) {
  const auto known = firsts_.find(chunk);
  if (known != firsts_.end()) return known->second;
  YIMA_ASSIGN_OR_RETURN(const auto items, Chunk(chunk));
  return firsts_[chunk] = items.front().facility;
}

Result<bool> FrozenList::Holds(uint64_t facility) {
  // The last chunk that does not begin behind it.
  uint64_t low = 0;
  uint64_t high = chunks_;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    YIMA_ASSIGN_OR_RETURN(const uint64_t first, FirstOf(middle));
    if (first <= facility) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return false;
  YIMA_ASSIGN_OR_RETURN(const auto items, Chunk(low - 1));
  const auto found = std::ranges::lower_bound(items, facility, {}, &BatchItem::facility);
  return found != items.end() && found->facility == facility;
}

}  // namespace yima::server
