#ifndef YIMA_SERVER_CHECK_TREE_CHECK_H_
#define YIMA_SERVER_CHECK_TREE_CHECK_H_

#include "server/check/check.h"
#include "server/check/findings.h"

namespace yima::server {

/// Makes the log's tree anew from its entries and compares it with what is stored: the signed head,
/// whose key must be one that the registry publishes, and every full tile. Only the first tile that
/// differs is named, since all above it differ too.
Result<void> CheckTree(const store::Snapshot& snapshot, const v1::Registry& registry,
                       Findings& findings, const CheckProgress& progress);

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_TREE_CHECK_H_
