#ifndef YIMA_SERVER_REGISTRY_BATCHES_H_
#define YIMA_SERVER_REGISTRY_BATCHES_H_

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// BATCH_NOT_FOUND. Counts of a running batch are those of its cursor.
Result<v1::GetBatchResponse> GetBatch(const Domain& domain, const Call& call,
                                      const v1::GetBatchRequest& request,
                                      const store::Snapshot& snapshot);
/// Newest first.
Result<v1::ListBatchesResponse> ListBatches(const Domain& domain, const Call& call,
                                            const v1::ListBatchesRequest& request,
                                            const store::Snapshot& snapshot);
Result<v1::ListFacilityClassesResponse> ListFacilityClasses(
    const Domain& domain, const Call& call, const v1::ListFacilityClassesRequest& request,
    const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_BATCHES_H_
