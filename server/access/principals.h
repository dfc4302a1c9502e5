#ifndef YIMA_SERVER_ACCESS_PRINCIPALS_H_
#define YIMA_SERVER_ACCESS_PRINCIPALS_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/access_service.pb.h"

namespace yima::server {

/// Whether it has the role, and is not disabled.
bool IsAdmin(const v1::Principal& principal);

/// PRINCIPAL_KIND_UNKNOWN, NAME_MISSING, ROLE_UNKNOWN, DIVISION_MALFORMED, ORGANIZATION_UNKNOWN,
/// FIELD_TOO_LONG, TOO_MANY_VALUES, FIELD_OUTPUT_ONLY, CERTIFICATE_NAME_TAKEN.
Result<Planned> PlanCreatePrincipal(const Domain& domain, const Call& call,
                                    const v1::CreatePrincipalRequest& request,
                                    const store::Snapshot& snapshot);
Result<v1::CreatePrincipalResponse> AnswerCreatePrincipal(const Domain& domain,
                                                          const std::vector<RecordRef>& results,
                                                          const store::Snapshot& snapshot);

/// Also PRINCIPAL_NOT_FOUND, ETAG_MISMATCH, LAST_ADMIN.
Result<Planned> PlanUpdatePrincipal(const Domain& domain, const Call& call,
                                    const v1::UpdatePrincipalRequest& request,
                                    const store::Snapshot& snapshot);
Result<v1::UpdatePrincipalResponse> AnswerUpdatePrincipal(const Domain& domain,
                                                          const std::vector<RecordRef>& results,
                                                          const store::Snapshot& snapshot);

Result<v1::GetPrincipalResponse> GetPrincipal(const Domain& domain, const Call& call,
                                              const v1::GetPrincipalRequest& request,
                                              const store::Snapshot& snapshot);
Result<v1::ListPrincipalsResponse> ListPrincipals(const Domain& domain, const Call& call,
                                                  const v1::ListPrincipalsRequest& request,
                                                  const store::Snapshot& snapshot);
Result<v1::GetCallerResponse> GetCaller(const Domain& domain, const Call& call,
                                        const v1::GetCallerRequest& request,
                                        const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_ACCESS_PRINCIPALS_H_
