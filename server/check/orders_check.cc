#include "server/check/orders_check.h"

#include <optional>
#include <string_view>

#include "server/domain/domain.h"
#include "server/rights/right_of.h"

namespace yima::server {
namespace {

/// Nothing where there is none, or it does not parse.
template <typename R>
Result<std::optional<R>> Find(const store::Snapshot& snapshot, uint64_t id) {
  if (id == 0) return std::nullopt;
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(ChangeWriter::KindOf(R{}), id));
  R record;
  if (!stored || !record.ParseFromString(stored->bytes)) return std::nullopt;
  return record;
}

Result<void> CheckNamedOrder(const store::Snapshot& snapshot, const v1::Facility& facility,
                             v1::RightKind kind, Findings& findings) {
  const uint64_t id = RightOf(facility, kind).order();
  YIMA_ASSIGN_OR_RETURN(const auto order, Find<v1::Order>(snapshot, id));
  const bool its_own = order && order->facility() == facility.uid() && order->right() == kind &&
                       order->state() == v1::ORDER_STATE_PROPOSED;
  if (id != 0 && !its_own) {
    findings.Add("facility {} names order {}, which is not proposed on that right", facility.uid(),
                 id);
  }
  return {};
}

Result<void> CheckDecidedOrder(const store::Snapshot& snapshot, const v1::Facility& facility,
                               v1::RightKind kind, Findings& findings) {
  const v1::Right& right = RightOf(facility, kind);
  YIMA_ASSIGN_OR_RETURN(const auto order, Find<v1::Order>(snapshot, right.decided_order()));
  const bool carried_out = order && order->facility() == facility.uid() && order->right() == kind &&
                           order->state() == v1::ORDER_STATE_DONE;
  if (right.decided_order() != 0 && !carried_out) {
    findings.Add("a right of facility {} rests on order {}, which was not carried out on it",
                 facility.uid(), right.decided_order());
  }
  if (right.by_order() && kind != v1::RIGHT_KIND_MAINTAINING) {
    findings.Add("facility {} has by order what no order gives: only a custodian is one by order",
                 facility.uid());
  }
  return {};
}

Result<void> CheckNamedOffer(const store::Snapshot& snapshot, const v1::Facility& facility,
                             v1::RightKind kind, Findings& findings) {
  const uint64_t id = RightOf(facility, kind).offer();
  YIMA_ASSIGN_OR_RETURN(const auto offer, Find<v1::Offer>(snapshot, id));
  const bool its_own = offer && kind == v1::RIGHT_KIND_OWNING &&
                       offer->facility() == facility.uid() &&
                       offer->state() == v1::OFFER_STATE_OPEN;
  if (id != 0 && !its_own) {
    findings.Add("facility {} names offer {}, which is not an open one of it", facility.uid(), id);
  }
  return {};
}

}  // namespace

Result<void> CheckOrdersOf(const store::Snapshot& snapshot, const v1::Facility& facility,
                           Findings& findings) {
  for (const v1::RightKind kind : kRightKinds) {
    YIMA_RETURN_IF_ERROR(CheckNamedOrder(snapshot, facility, kind, findings));
    YIMA_RETURN_IF_ERROR(CheckDecidedOrder(snapshot, facility, kind, findings));
    YIMA_RETURN_IF_ERROR(CheckNamedOffer(snapshot, facility, kind, findings));
  }
  return {};
}

Result<void> CheckOrder(const store::Snapshot& snapshot, const v1::Order& order,
                        Findings& findings) {
  YIMA_ASSIGN_OR_RETURN(const auto facility, Find<v1::Facility>(snapshot, order.facility()));
  const bool proposed = order.state() == v1::ORDER_STATE_PROPOSED;
  if (proposed && facility && RightOf(*facility, order.right()).order() != order.id()) {
    findings.Add("order {} is proposed on facility {}, which does not name it", order.id(),
                 order.facility());
  }
  const bool corrected =
      order.kind() == v1::ORDER_KIND_CORRECTION && order.state() == v1::ORDER_STATE_DONE;
  if (corrected && (order.claim() == 0 || order.notice() == 0)) {
    findings.Add("correction {} was countersigned, and names no claim and notice", order.id());
  }
  return {};
}

Result<void> CheckOffer(const store::Snapshot& snapshot, const v1::Offer& offer,
                        Findings& findings) {
  YIMA_ASSIGN_OR_RETURN(const auto facility, Find<v1::Facility>(snapshot, offer.facility()));
  const bool open = offer.state() == v1::OFFER_STATE_OPEN;
  if (open && facility && facility->owning().offer() != offer.id()) {
    findings.Add("offer {} is open, and facility {} does not name it", offer.id(),
                 offer.facility());
  }
  if (offer.state() == v1::OFFER_STATE_ACCEPTED && offer.claim() == 0) {
    findings.Add("offer {} was taken, and names no claim", offer.id());
  }
  return {};
}

}  // namespace yima::server
