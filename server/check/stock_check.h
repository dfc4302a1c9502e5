#ifndef YIMA_SERVER_CHECK_STOCK_CHECK_H_
#define YIMA_SERVER_CHECK_STOCK_CHECK_H_

#include "server/check/findings.h"
#include "server/check/log_tail.h"
#include "server/store/store.h"

namespace yima::server {

/// Compares the frozen list of each stock-take with what its record says of it.
Result<void> CheckStockLists(const store::Snapshot& snapshot, const LogTail& log,
                             Findings& findings);
/// Finds open ranges of blank plates that share a serial.
Result<void> CheckRangesApart(const store::Snapshot& snapshot, Findings& findings);

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_STOCK_CHECK_H_
