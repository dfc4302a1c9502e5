#ifndef YIMA_SERVER_STOCK_STOCK_TAKES_H_
#define YIMA_SERVER_STOCK_STOCK_TAKES_H_

#include <functional>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/stock_take_service.pb.h"

namespace yima::server {

using StartSink = std::function<Result<void>(const v1::StartStockTakeResponse&)>;

/// Freezes what the filter finds and begins a stock-take; answers once. Waits; for a thread of its
/// own. REQUEST_ID_*, what the filter says, DISTANCE_OUT_OF_RANGE, NOTHING_EXPECTED,
/// BATCH_TOO_LARGE, CALL_ENDED.
Result<void> StartStockTake(const Domain& domain, const Call& call,
                            const v1::StartStockTakeRequest& request, const StartSink& sink);

/// STOCK_TAKE_NOT_FOUND; SCOPE_EXCEEDED unless the caller began it or may act everywhere.
Result<Planned> PlanEndStockTake(const Domain& domain, const Call& call,
                                 const v1::EndStockTakeRequest& request,
                                 const store::Snapshot& snapshot);
Result<v1::EndStockTakeResponse> AnswerEndStockTake(const Domain& domain,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot& snapshot);

Result<v1::GetStockTakeResponse> GetStockTake(const Domain& domain, const Call& call,
                                              const v1::GetStockTakeRequest& request,
                                              const store::Snapshot& snapshot);
Result<v1::ListStockTakesResponse> ListStockTakes(const Domain& domain, const Call& call,
                                                  const v1::ListStockTakesRequest& request,
                                                  const store::Snapshot& snapshot);

/// STOCK_TAKE_NOT_FOUND (NOT_FOUND).
Result<Read<v1::StockTake>> FindStockTake(const store::Snapshot& snapshot, uint64_t id);

}  // namespace yima::server

#endif  // YIMA_SERVER_STOCK_STOCK_TAKES_H_
