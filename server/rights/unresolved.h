#ifndef YIMA_SERVER_RIGHTS_UNRESOLVED_H_
#define YIMA_SERVER_RIGHTS_UNRESOLVED_H_

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// 挂账: rights of one kind that are not confirmed, of facilities that stand, by rising uid; what
/// each waits for, and since when it stands as it does. What the filter says; RIGHT_KIND_UNKNOWN.
Result<v1::ListUnresolvedResponse> ListUnresolved(const Domain& domain, const Call& call,
                                                  const v1::ListUnresolvedRequest& request,
                                                  const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_UNRESOLVED_H_
