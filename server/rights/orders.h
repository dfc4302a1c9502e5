#ifndef YIMA_SERVER_RIGHTS_ORDERS_H_
#define YIMA_SERVER_RIGHTS_ORDERS_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

// Orders on one right, as registrars propose them. Each puts an Order and the facility that names
// it. FACILITY_NOT_FOUND, SCOPE_EXCEEDED, ETAG_STALE, FACILITY_ENDED, RIGHT_KIND_UNKNOWN,
// RIGHT_NOT_HELD, RIGHT_CLAIMED, RIGHT_NOT_CONFIRMED, ORDER_ALREADY, TRANSFER_TO_HOLDER,
// ORGANIZATION_UNKNOWN, ORGANIZATION_ENDED, BASIS_*, FIELD_*, DATE_MALFORMED, RIGHT_INVALID.

Result<Planned> PlanTransferRight(const Domain& domain, const Call& call,
                                  const v1::TransferRightRequest& request,
                                  const store::Snapshot& snapshot);
Result<v1::TransferRightResponse> AnswerTransferRight(const Domain& domain,
                                                      const std::vector<RecordRef>& results,
                                                      const store::Snapshot& snapshot);

Result<Planned> PlanCorrectRight(const Domain& domain, const Call& call,
                                 const v1::CorrectRightRequest& request,
                                 const store::Snapshot& snapshot);
Result<v1::CorrectRightResponse> AnswerCorrectRight(const Domain& domain,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot& snapshot);

Result<Planned> PlanRevokeRight(const Domain& domain, const Call& call,
                                const v1::RevokeRightRequest& request,
                                const store::Snapshot& snapshot);
Result<v1::RevokeRightResponse> AnswerRevokeRight(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot);

/// Also RIGHT_NOT_OWNERLESS, OFFER_OPEN, RIGHT_CONFIRMED (a maintainer who is one by right). An
/// offer whose deadline has passed ends with it.
Result<Planned> PlanAssignCustodian(const Domain& domain, const Call& call,
                                    const v1::AssignCustodianRequest& request,
                                    const store::Snapshot& snapshot);
Result<v1::AssignCustodianResponse> AnswerAssignCustodian(const Domain& domain,
                                                          const std::vector<RecordRef>& results,
                                                          const store::Snapshot& snapshot);

/// An order's record. ORDER_NOT_FOUND (NOT_FOUND) at that field.
Result<Read<v1::Order>> FindOrder(const store::Snapshot& snapshot, uint64_t id,
                                  std::string_view field);

/// Those within the caller's reach, and those to which its organization is a side, by rising id.
Result<v1::ListOrdersResponse> ListOrders(const Domain& domain, const Call& call,
                                          const v1::ListOrdersRequest& request,
                                          const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_ORDERS_H_
