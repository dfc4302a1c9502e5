#ifndef YIMA_SERVER_RIGHTS_CLAIM_LISTS_H_
#define YIMA_SERVER_RIGHTS_CLAIM_LISTS_H_

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// Claims on facilities within the caller's reach, and those of the own organization. ENUM_UNKNOWN,
/// PAGE_*.
Result<v1::ListClaimsResponse> ListClaims(const Domain& domain, const Call& call,
                                          const v1::ListClaimsRequest& request,
                                          const store::Snapshot& snapshot);

/// Objections on facilities within the caller's reach, against claims of the own organization, and
/// its own. PAGE_*.
Result<v1::ListObjectionsResponse> ListObjections(const Domain& domain, const Call& call,
                                                  const v1::ListObjectionsRequest& request,
                                                  const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_CLAIM_LISTS_H_
