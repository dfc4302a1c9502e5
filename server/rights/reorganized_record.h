#ifndef YIMA_SERVER_RIGHTS_REORGANIZED_RECORD_H_
#define YIMA_SERVER_RIGHTS_REORGANIZED_RECORD_H_

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// Whether the request is sound, whatever stands. REORGANIZATION_UNKNOWN, FIELD_NOT_FOR_STEP,
/// FIELD_MISSING, FIELD_TOO_LONG, FIELD_NOT_TEXT, DATE_MALFORMED, BASIS_*, SUCCESSOR_MISSING,
/// TRANSFER_TO_HOLDER.
Result<void> CheckReorganization(const v1::ReorganizeRequest& request);

/// Whether it may be done to what stands: the organizations act, the name is free, somebody would
/// supervise each facility. ORGANIZATION_UNKNOWN, ORGANIZATION_ENDED, ORGANIZATION_NAME_TAKEN,
/// FORMER_NAMES_TOO_MANY, SUCCESSORS_TOO_MANY, SUCCESSOR_MISSING, CALL_ENDED.
Result<void> CheckReorganizable(const Call& call, const v1::ReorganizeRequest& request,
                                const store::Snapshot& snapshot);

/// Whether the organization's record says already what the request makes of it.
bool IsReorganized(const v1::Organization& organization, const v1::ReorganizeRequest& request);
/// The record as it is to be.
v1::Organization Reorganized(v1::Organization organization, const v1::ReorganizeRequest& request,
                             TimeUs now);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_REORGANIZED_RECORD_H_
