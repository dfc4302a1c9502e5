#ifndef YIMA_SERVER_REGISTRY_FACILITIES_H_
#define YIMA_SERVER_REGISTRY_FACILITIES_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// Creates one facility. What CheckFacility and CheckRights say; FACILITY_CODE_TAKEN and
/// EXTERNAL_CODE_TAKEN (ALREADY_EXISTS), ORGANIZATION_UNKNOWN (NOT_FOUND), IDENTITY_MISSING.
Result<Planned> PlanCreateFacility(const Domain& domain, const Call& call,
                                   const v1::CreateFacilityRequest& request,
                                   const store::Snapshot& snapshot);
Result<v1::CreateFacilityResponse> AnswerCreateFacility(const Domain& domain,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot);

/// Creates all or none. BATCH_SIZE unless 1 to 1,000; errors name `requests[17].facility.division`.
Result<Planned> PlanBatchCreateFacilities(const Domain& domain, const Call& call,
                                          const v1::BatchCreateFacilitiesRequest& request,
                                          const store::Snapshot& snapshot);
Result<v1::BatchCreateFacilitiesResponse> AnswerBatchCreateFacilities(
    const Domain& domain, const std::vector<RecordRef>& results, const store::Snapshot& snapshot);

/// By uid, facility code or external code. FACILITY_NOT_FOUND, NAME_MISSING.
Result<v1::GetFacilityResponse> GetFacility(const Domain& domain, const Call& call,
                                            const v1::GetFacilityRequest& request,
                                            const store::Snapshot& snapshot);
Result<v1::ListFacilitiesResponse> ListFacilities(const Domain& domain, const Call& call,
                                                  const v1::ListFacilitiesRequest& request,
                                                  const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_FACILITIES_H_
