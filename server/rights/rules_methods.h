#ifndef YIMA_SERVER_RIGHTS_RULES_METHODS_H_
#define YIMA_SERVER_RIGHTS_RULES_METHODS_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// RULES_VERSION_NOT_FOUND (NOT_FOUND).
Result<v1::GetRightsRulesResponse> GetRightsRules(const Domain& domain, const Call& call,
                                                  const v1::GetRightsRulesRequest& request,
                                                  const store::Snapshot& snapshot);

/// By who may act everywhere. What CheckRules says, ETAG_STALE, SCOPE_EXCEEDED. The same rules
/// again make no new version.
Result<Planned> PlanSetRightsRules(const Domain& domain, const Call& call,
                                   const v1::SetRightsRulesRequest& request,
                                   const store::Snapshot& snapshot);
/// After a dry run: the rules that stand.
Result<v1::SetRightsRulesResponse> AnswerSetRightsRules(const Domain& domain,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_RULES_METHODS_H_
