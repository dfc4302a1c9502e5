#ifndef YIMA_SERVER_REGISTRY_HISTORY_H_
#define YIMA_SERVER_REGISTRY_HISTORY_H_

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// The entries of a facility and its codes, newest first, each with what it changed. Reads these
/// entries alone, however long the log is. FACILITY_NOT_FOUND, SCOPE_EXCEEDED, PAGE_SIZE_*.
Result<v1::GetFacilityHistoryResponse> GetFacilityHistory(
    const Domain& domain, const Call& call, const v1::GetFacilityHistoryRequest& request,
    const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_HISTORY_H_
