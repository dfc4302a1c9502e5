#ifndef YIMA_SERVER_REGISTRY_ORGANIZATIONS_H_
#define YIMA_SERVER_REGISTRY_ORGANIZATIONS_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// FIELD_*, CREDIT_CODE_*, TELEPHONE_MALFORMED; ORGANIZATION_NAME_TAKEN, CREDIT_CODE_TAKEN
/// (ALREADY_EXISTS).
Result<Planned> PlanCreateOrganization(const Domain& domain, const Call& call,
                                       const v1::CreateOrganizationRequest& request,
                                       const store::Snapshot& snapshot);
Result<v1::CreateOrganizationResponse> AnswerCreateOrganization(
    const Domain& domain, const std::vector<RecordRef>& results, const store::Snapshot& snapshot);

/// Creates or completes, all or none. BATCH_SIZE, ORGANIZATION_CONFLICT (ALREADY_EXISTS) when a
/// value that stands disagrees; fields are `inputs[3].organization.name`.
Result<Planned> PlanImportOrganizations(const Domain& domain, const Call& call,
                                        const v1::ImportOrganizationsRequest& request,
                                        const store::Snapshot& snapshot);
Result<v1::ImportOrganizationsResponse> AnswerImportOrganizations(
    const Domain& domain, const std::vector<RecordRef>& results, const store::Snapshot& snapshot);

/// ORGANIZATION_NOT_FOUND, NAME_MISSING.
Result<v1::GetOrganizationResponse> GetOrganization(const Domain& domain, const Call& call,
                                                    const v1::GetOrganizationRequest& request,
                                                    const store::Snapshot& snapshot);
Result<v1::ListOrganizationsResponse> ListOrganizations(const Domain& domain, const Call& call,
                                                        const v1::ListOrganizationsRequest& request,
                                                        const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_ORGANIZATIONS_H_
