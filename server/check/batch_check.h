#ifndef YIMA_SERVER_CHECK_BATCH_CHECK_H_
#define YIMA_SERVER_CHECK_BATCH_CHECK_H_

#include "server/check/findings.h"
#include "server/check/log_tail.h"
#include "server/store/store.h"

namespace yima::server {

/// Looks at batches with their frozen lists and cursors. A list without its batch is not a finding:
/// a crash between the two leaves one, and it is never looked at.
Result<void> CheckBatches(const store::Snapshot& snapshot, const LogTail& log, Findings& findings);

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_BATCH_CHECK_H_
