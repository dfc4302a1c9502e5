#ifndef YIMA_SERVER_REGISTRY_EDIT_BATCH_H_
#define YIMA_SERVER_REGISTRY_EDIT_BATCH_H_

#include <functional>

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// Takes one message of the answer. May block; an Error means that nobody listens any more.
using EditSink = std::function<Result<void>(const v1::EditFacilitiesResponse&)>;

/// Changes fields of all facilities that a filter finds, as a batch that the same request goes on
/// with. What one facility refuses is told with its reason, and the others are changed all the
/// same. UPDATE_MASK_MISSING, UPDATE_PATH_UNKNOWN, FILTER_RESULT_CHANGED, BATCH_TOO_LARGE,
/// CALL_ENDED, what FacilityMatcher and FacilityEdit::Parse say, and the store's own errors.
/// Blocks, so it runs on a thread of its own.
Result<void> EditFacilities(const Domain& domain, const Call& call,
                            const v1::EditFacilitiesRequest& request, const EditSink& sink);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_EDIT_BATCH_H_
