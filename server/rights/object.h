#ifndef YIMA_SERVER_RIGHTS_OBJECT_H_
#define YIMA_SERVER_RIGHTS_OBJECT_H_

#include <functional>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// 异议: enters an objection against what a notice publishes of each right asked for: of the
/// caller's own organization, or, with the day on which it came in on paper, of whomever a
/// registrar enters it for. Waits; for a thread of its own.
///
/// What RightsBatch says, NOTICE_NOT_FOUND, NOTICE_NOT_OPEN, OBJECTOR_MISSING,
/// ORGANIZATION_NOT_OWN, ORGANIZATION_UNKNOWN, ORGANIZATION_ENDED, ROLE_MISSING, FIELD_MISSING,
/// FIELD_TOO_LONG, FIELD_NOT_TEXT, DATE_MALFORMED, DATE_IN_FUTURE, BASIS_MISSING; of a facility
/// CLAIM_MISSING, OBJECTION_ALREADY, OBJECTIONS_TOO_MANY.
using ObjectSink = std::function<Result<void>(const v1::ObjectToClaimsResponse&)>;
Result<void> ObjectToClaims(const Domain& domain, const Call& call,
                            const v1::ObjectToClaimsRequest& request, const ObjectSink& sink);

/// Takes an objection back. OBJECTION_NOT_FOUND, ORGANIZATION_NOT_OWN, OBJECTION_ENDED,
/// FIELD_TOO_LONG, FIELD_NOT_TEXT.
Result<Planned> PlanWithdrawObjection(const Domain& domain, const Call& call,
                                      const v1::WithdrawObjectionRequest& request,
                                      const store::Snapshot& snapshot);
Result<v1::WithdrawObjectionResponse> AnswerWithdrawObjection(const Domain& domain,
                                                              const std::vector<RecordRef>& results,
                                                              const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_OBJECT_H_
