#ifndef YIMA_SERVER_RIGHTS_CONFIRM_H_
#define YIMA_SERVER_RIGHTS_CONFIRM_H_

#include <functional>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// Takes one message of the answer; an Error when nobody listens. May wait.
using ConfirmSink = std::function<Result<void>(const v1::ConfirmRightsResponse&)>;

/// Confirms recorded rights on a document's basis, of one facility or of a filter as a batch: the
/// list is frozen first, and facilities that another writer moves meanwhile are counted and left as
/// they are. The same request again goes on where it stopped. Waits; for a thread of its own.
///
/// REQUEST_ID_*, TARGET_MISSING, RIGHT_KIND_*, BASIS_MISSING, what the filter says,
/// FACILITY_NOT_FOUND, RIGHT_NOT_HELD (one facility alone), FILTER_RESULT_CHANGED, CALL_ENDED.
Result<void> ConfirmRights(const Domain& domain, const Call& call,
                           const v1::ConfirmRightsRequest& request, const ConfirmSink& sink);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_CONFIRM_H_
