#ifndef YIMA_SERVER_CHECK_ATTACHMENT_CHECK_H_
#define YIMA_SERVER_CHECK_ATTACHMENT_CHECK_H_

#include "server/check/check.h"
#include "server/check/findings.h"
#include "server/store/store.h"

namespace yima::server {

/// Compares files with their hashes and sizes, the keys under which they are found with them, and
/// looks for parts that belong to none and for bytes of erased ones. Reads all files once.
Result<void> CheckAttachments(const store::Snapshot& snapshot, Findings& findings,
                              const CheckProgress& progress);

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_ATTACHMENT_CHECK_H_
