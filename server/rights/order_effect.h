#ifndef YIMA_SERVER_RIGHTS_ORDER_EFFECT_H_
#define YIMA_SERVER_RIGHTS_ORDER_EFFECT_H_

#include "server/domain/domain.h"
#include "server/rights/rules.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/order.pb.h"

namespace yima::server {

/// Carries out an order that all have agreed to whom it takes: changes the right, sets the order to
/// DONE, and takes it off the right. Of a correction it creates the claim and the notice that the
/// order then names. The caller puts facility and order.
///
/// FACILITY_ENDED, ORGANIZATION_ENDED, ORDER_ENDED (the right was decided another way), OFFER_OPEN
/// and RIGHT_NOT_OWNERLESS of a custodian, CALENDAR_YEAR_MISSING of a correction.
Result<void> CarryOut(const Domain& domain, const store::Snapshot& snapshot, const Rules& rules,
                      TimeUs moment, v1::Order& order, v1::Facility& facility,
                      ChangeWriter& writer);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_ORDER_EFFECT_H_
