#ifndef YIMA_SERVER_ISSUANCE_RECLAIM_H_
#define YIMA_SERVER_ISSUANCE_RECLAIM_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/issuance_service.pb.h"

namespace yima::server {

/// Enters again authentic codes that a restore lost: as blank plates, bound to the facility named,
/// or in the state under which they were published. Those that cannot be entered say why and hold
/// up no other. BATCH_SIZE unless 1 to 500 plates.
Result<Planned> PlanReclaimCodes(const Domain& domain, const Call& call,
                                 const v1::ReclaimCodesRequest& request,
                                 const store::Snapshot& snapshot);
Result<v1::ReclaimCodesResponse> AnswerReclaimCodes(const Domain& domain,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot& snapshot);

/// Whether the plate's signed facility code, if it has one, is one that the facility has or had.
bool IsSignedFor(const v1::Code& code, const v1::Facility& facility);

}  // namespace yima::server

#endif  // YIMA_SERVER_ISSUANCE_RECLAIM_H_
