#ifndef YIMA_SERVER_RIGHTS_CONFIRM_CLAIMS_H_
#define YIMA_SERVER_RIGHTS_CONFIRM_CLAIMS_H_

#include <functional>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// 确认: gives each right asked for to the one claim that stands on it, when its publicity is over
/// and nobody objects. Of a facility, all rights with claims are confirmed, or none. Waits; for a
/// thread of its own.
///
/// What RightsBatch says, NOTICE_NOT_FOUND; of a facility FACILITY_ENDED, CLAIM_MISSING,
/// PERIOD_RUNNING, CLAIM_NOT_PUBLISHED, OBJECTION_OPEN, CLAIMS_COMPETE, DUTIES_NOT_SEPARATE,
/// RULE_FORBIDS, ORGANIZATION_ENDED.
using ConfirmClaimsSink = std::function<Result<void>(const v1::ConfirmClaimsResponse&)>;
Result<void> ConfirmClaims(const Domain& domain, const Call& call,
                           const v1::ConfirmClaimsRequest& request, const ConfirmClaimsSink& sink);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_CONFIRM_CLAIMS_H_
