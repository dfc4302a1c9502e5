#include "server/check/stock_check.h"

#include <algorithm>
#include <string>
#include <vector>

#include "server/domain/batch_items.h"
#include "yima/v1/blank_range.pb.h"
#include "yima/v1/stock_take.pb.h"

namespace yima::server {
namespace {

/// All records of a kind; those that do not parse are found with the other records.
template <typename R>
Result<std::vector<R>> ReadAll(const store::Snapshot& snapshot) {
  std::vector<R> records;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      ChangeWriter::KindOf(R{}), 0, {}, [&](uint64_t, uint64_t, std::string_view bytes) {
        R record;
        if (record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          records.push_back(std::move(record));
        }
        return true;
      }));
  return records;
}

Result<void> CheckList(const store::Snapshot& snapshot, const v1::StockTake& stock_take,
                       const LogTail& log, Findings& findings) {
  ListHash hash;
  uint64_t total = 0;
  uint64_t before = 0;
  for (uint64_t chunk = 0; chunk < kBatchChunksMax; ++chunk) {
    YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kBatchItems,
                                                          BatchItemsId(stock_take.id(), chunk)));
    if (!stored) break;
    const auto items = DecodeItems(stored->bytes);
    if (EncodeItems(items) != stored->bytes) {
      findings.Add("chunk {} of stock-take {} does not parse", chunk, stock_take.id());
    }
    for (const auto& item : items) {
      hash.Add(item.facility, item.revision);
      if (!log.Exists(store::Kind::kFacility, item.facility)) {
        findings.Add("stock-take {} names facility {}, which has no record", stock_take.id(),
                     item.facility);
      }
      if (item.facility <= before) {
        findings.Add("the list of stock-take {} does not rise at facility {}", stock_take.id(),
                     item.facility);
      }
      before = item.facility;
    }
    total += items.size();
  }
  // A registry that was made anew from its log has hashes of lists, and not the lists.
  if (total == 0) return {};
  if (total != stock_take.expected()) {
    findings.Add("stock-take {} has a list of {}, but counts {}", stock_take.id(), total,
                 stock_take.expected());
  }
  if (hash.Finish() != stock_take.source_hash()) {
    findings.Add("the list of stock-take {} does not have the hash that it says", stock_take.id());
  }
  return {};
}

}  // namespace

Result<void> CheckStockLists(const store::Snapshot& snapshot, const LogTail& log,
                             Findings& findings) {
  YIMA_ASSIGN_OR_RETURN(const auto stock_takes, ReadAll<v1::StockTake>(snapshot));
  for (const auto& stock_take : stock_takes) {
    YIMA_RETURN_IF_ERROR(CheckList(snapshot, stock_take, log, findings));
  }
  return {};
}

Result<void> CheckRangesApart(const store::Snapshot& snapshot, Findings& findings) {
  YIMA_ASSIGN_OR_RETURN(auto ranges, ReadAll<v1::BlankRange>(snapshot));
  std::erase_if(ranges,
                [](const auto& range) { return range.state() != v1::BLANK_RANGE_STATE_OPEN; });
  std::ranges::sort(ranges, {}, &v1::BlankRange::first);
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first() > ranges[i - 1].last()) continue;
    findings.Add("the open ranges of blank plates {} and {} overlap", ranges[i - 1].id(),
                 ranges[i].id());
  }
  return {};
}

}  // namespace yima::server
