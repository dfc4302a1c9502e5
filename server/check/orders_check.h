#ifndef YIMA_SERVER_CHECK_ORDERS_CHECK_H_
#define YIMA_SERVER_CHECK_ORDERS_CHECK_H_

#include "server/check/findings.h"
#include "server/store/store.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/offer.pb.h"
#include "yima/v1/order.pb.h"

namespace yima::server {

// Orders and offers name their right, and the right names those that are open: each is compared
// with the other side. What is missing or damaged is reported as a reference and as a record.

/// Whether what the rights of a facility name is open and theirs, and what they were decided by
/// was carried out.
Result<void> CheckOrdersOf(const store::Snapshot& snapshot, const v1::Facility& facility,
                           Findings& findings);
/// Whether the right names a proposed order; whether a correction has its claim and notice.
Result<void> CheckOrder(const store::Snapshot& snapshot, const v1::Order& order,
                        Findings& findings);
/// Whether the right names an open offer, and one that was taken names its claim.
Result<void> CheckOffer(const store::Snapshot& snapshot, const v1::Offer& offer,
                        Findings& findings);

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_ORDERS_CHECK_H_
