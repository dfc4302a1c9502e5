#ifndef YIMA_SERVER_STOCK_STOCK_SCAN_H_
#define YIMA_SERVER_STOCK_STOCK_SCAN_H_

#include <vector>

#include "server/domain/domain.h"
#include "server/resolver/resolver.h"
#include "yima/v1/stock_take_service.pb.h"

namespace yima::server {

/// Where a plate in force was seen, to be noted once its finding is kept.
struct SeenPlate {
  uint64_t serial = 0;
  double longitude = 0;
  double latitude = 0;
  double distance_metres = 0;
  TimeUs time = 0;
};

/// Judges what a crew saw, and keeps what was not seen alike before. Each finding is a record of
/// its own, so crews never meet: all that a change expects is that the stock-take is still open.
/// Serials, short numbers and names lead only to what lies within the caller's reach; whoever gives
/// a whole text has the plate before him. STOCK_TAKE_NOT_FOUND, STOCK_TAKE_ENDED, BATCH_SIZE,
/// SIGHTING_MISSING, TEXT_EMPTY, TEXT_TOO_LONG, FIELD_TOO_LONG, FIELD_NOT_TEXT,
/// POSITION_INCOMPLETE, POSITION_OUT_OF_RANGE, TIME_OUT_OF_RANGE. Fills `seen` anew.
Result<Planned> PlanScanStockTake(const Domain& domain, const Resolver& resolver, const Call& call,
                                  const v1::ScanStockTakeRequest& request,
                                  const store::Snapshot& snapshot, std::vector<SeenPlate>& seen);
Result<v1::ScanStockTakeResponse> AnswerScanStockTake(const std::vector<RecordRef>& results,
                                                      const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_STOCK_STOCK_SCAN_H_
