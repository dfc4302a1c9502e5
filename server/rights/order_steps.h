#ifndef YIMA_SERVER_RIGHTS_ORDER_STEPS_H_
#define YIMA_SERVER_RIGHTS_ORDER_STEPS_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

// What others do to an order that is proposed. ORDER_NOT_FOUND, ORDER_ENDED, SCOPE_EXCEEDED, and
// what CarryOut says.

/// ORDER_NOT_AGREED_TO, ORGANIZATION_NOT_OWN, DUTIES_NOT_SEPARATE (who proposed it, or agreed for
/// the other side). A side that agrees twice changes nothing.
Result<Planned> PlanAgreeToOrder(const Domain& domain, const Call& call,
                                 const v1::AgreeToOrderRequest& request,
                                 const store::Snapshot& snapshot);
Result<v1::AgreeToOrderResponse> AnswerAgreeToOrder(const Domain& domain,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot& snapshot);

/// ORDER_NOT_COUNTERSIGNED, DUTIES_NOT_SEPARATE, RULE_FORBIDS.
Result<Planned> PlanCountersignOrder(const Domain& domain, const Call& call,
                                     const v1::CountersignOrderRequest& request,
                                     const store::Snapshot& snapshot);
Result<v1::CountersignOrderResponse> AnswerCountersignOrder(const Domain& domain,
                                                            const std::vector<RecordRef>& results,
                                                            const store::Snapshot& snapshot);

/// DUTIES_NOT_SEPARATE unless the caller, or one of the same organization, proposed it.
Result<Planned> PlanWithdrawOrder(const Domain& domain, const Call& call,
                                  const v1::WithdrawOrderRequest& request,
                                  const store::Snapshot& snapshot);
Result<v1::WithdrawOrderResponse> AnswerWithdrawOrder(const Domain& domain,
                                                      const std::vector<RecordRef>& results,
                                                      const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_ORDER_STEPS_H_
