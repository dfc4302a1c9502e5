#ifndef YIMA_SERVER_RIGHTS_REORGANIZE_H_
#define YIMA_SERVER_RIGHTS_REORGANIZE_H_

#include <functional>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// Takes one message of the answer; an Error when nobody listens. May wait.
using ReorganizeSink = std::function<Result<void>(const v1::ReorganizeResponse&)>;

/// Renames, merges, splits or dissolves an organization, by who may act everywhere. Its record is
/// changed first, so that nothing new is given to one that ends; then its rights follow as a batch,
/// also on facilities that others change meanwhile. The same request again goes on where it
/// stopped. Waits; for a thread of its own.
///
/// REORGANIZATION_UNKNOWN, SCOPE_EXCEEDED, BASIS_*, DATE_MALFORMED, FIELD_*, ORGANIZATION_UNKNOWN,
/// ORGANIZATION_ENDED, ORGANIZATION_NAME_TAKEN, TRANSFER_TO_HOLDER (it follows itself),
/// SUCCESSOR_MISSING (somebody has to supervise), FORMER_NAMES_TOO_MANY, SUCCESSORS_TOO_MANY, what
/// the filter says, REQUEST_ID_*, FILTER_RESULT_CHANGED, CALL_ENDED.
Result<void> Reorganize(const Domain& domain, const Call& call,
                        const v1::ReorganizeRequest& request, const ReorganizeSink& sink);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_REORGANIZE_H_
