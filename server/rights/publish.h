#ifndef YIMA_SERVER_RIGHTS_PUBLISH_H_
#define YIMA_SERVER_RIGHTS_PUBLISH_H_

#include <functional>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// 公示: makes a notice of the claims that no notice lists, as a batch of the notice's own number.
/// The draft begins with the batch, in one change; the claims of one facility after the other are
/// put on its list; and it opens when all are there. When the same request is sent again, the same
/// notice goes on. Waits; for a thread of its own.
///
/// What RightsBatch says, FIELD_MISSING, FIELD_TOO_LONG, TOO_MANY_VALUES, CALENDAR_YEAR_MISSING,
/// BATCH_STOPPED; of a facility CLAIM_MISSING.
using PublishSink = std::function<Result<void>(const v1::PublishClaimsResponse&)>;
Result<void> PublishClaims(const Domain& domain, const Call& call,
                           const v1::PublishClaimsRequest& request, const PublishSink& sink);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_PUBLISH_H_
