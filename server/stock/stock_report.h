#ifndef YIMA_SERVER_STOCK_STOCK_REPORT_H_
#define YIMA_SERVER_STOCK_STOCK_REPORT_H_

#include <functional>

#include "server/domain/domain.h"
#include "yima/v1/stock_take_service.pb.h"

namespace yima::server {

using ReportSink = std::function<Result<void>(const v1::GetStockTakeReportResponse&)>;

/// Compares the list with what was seen, chunk by chunk, in flat memory. Each chunk is of the
/// moment in which it is read. To crews it tells what they sent themselves. Waits; for a thread of
/// its own. STOCK_TAKE_NOT_FOUND, ENUM_UNKNOWN, TOO_MANY_VALUES, CALL_ENDED.
Result<void> GetStockTakeReport(const Domain& domain, const Call& call,
                                const v1::GetStockTakeReportRequest& request,
                                const ReportSink& sink);

}  // namespace yima::server

#endif  // YIMA_SERVER_STOCK_STOCK_REPORT_H_
