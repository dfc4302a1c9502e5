#ifndef YIMA_SERVER_REGISTRY_FACILITY_UPDATE_H_
#define YIMA_SERVER_REGISTRY_FACILITY_UPDATE_H_

#include <optional>
#include <vector>

#include "server/domain/domain.h"
#include "server/registry/facility_edit.h"
#include "server/registry/wholes.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// The facility as the edit makes it, with its part joined to `wholes`; nothing when it stands so
/// already. SCOPE_EXCEEDED after the change, and what FacilityEdit and Wholes say.
Result<std::optional<v1::Facility>> UpdatedFacility(const Domain& domain, const Call& call,
                                                    const FacilityEdit& edit,
                                                    const store::Snapshot& snapshot,
                                                    const v1::Facility& stands, Wholes& wholes);

/// Changes the fields named of one facility; nothing is written where they stand so already.
/// FACILITY_NOT_FOUND, ETAG_STALE (ABORTED), SCOPE_EXCEEDED before or after the change, and what
/// FacilityEdit and Wholes say.
Result<Planned> PlanUpdateFacility(const Domain& domain, const Call& call,
                                   const v1::UpdateFacilityRequest& request,
                                   const store::Snapshot& snapshot);
Result<v1::UpdateFacilityResponse> AnswerUpdateFacility(const Domain& domain,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_FACILITY_UPDATE_H_
