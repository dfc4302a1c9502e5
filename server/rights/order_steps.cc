#include "server/rights/order_steps.h"

#include <fmt/format.h>

#include "server/registry/facility_rules.h"
#include "server/rights/duties.h"
#include "server/rights/order_effect.h"
#include "server/rights/orders.h"
#include "server/rights/right_of.h"
#include "server/rights/standing.h"

namespace yima::server {
namespace {

/// An order under a caller's eyes, with all that is asked of it.
struct Case {
  Read<v1::Order> order;
  Read<v1::Facility> facility;
  Actor actor;
  TimeUs moment = 0;
};

/// ORDER_ENDED unless it is proposed still.
Result<Case> Open(const Domain& domain, const Call& call, uint64_t id,
                  const store::Snapshot& snapshot) {
  Case open;
  YIMA_ASSIGN_OR_RETURN(open.order, FindOrder(snapshot, id, "order"));
  YIMA_ASSIGN_OR_RETURN(open.facility,
                        FindFacility(snapshot, open.order.record.facility(), "order"));
  YIMA_ASSIGN_OR_RETURN(open.actor, ActorOf(call, snapshot));
  YIMA_ASSIGN_OR_RETURN(open.moment, Moment(domain, snapshot));
  return open;
}

Result<void> CheckProposed(const v1::Order& order) {
  if (order.state() == v1::ORDER_STATE_PROPOSED) return {};
  return Fail(StatusCode::kFailedPrecondition, "ORDER_ENDED",
              fmt::format("order {} is {}", order.id(), v1::OrderState_Name(order.state())),
              "order");
}

bool NeedsBothSides(const v1::Order& order) {
  return order.kind() == v1::ORDER_KIND_TRANSFER && !order.by_order();
}

/// Puts both as they are to be; the facility when its right changed.
Result<Planned> Put(const Domain& domain, const store::Snapshot& snapshot, const Case& before,
                    const v1::Order& order, v1::Facility facility, ChangeWriter& writer) {
  Planned planned;
  writer.Replace(order.id(), before.order.revision, before.order.record, order);
  planned.results.push_back({store::Kind::kOrder, order.id(), before.order.revision + 1});
  if (order.state() != v1::ORDER_STATE_PROPOSED) {
    facility.set_update_time_us(domain.now());
    writer.Replace(facility.uid(), before.facility.revision, before.facility.record, facility);
  }
  YIMA_ASSIGN_OR_RETURN(planned.change, writer.Take(snapshot));
  return planned;
}

/// Ends an order that is not carried out.
Result<Planned> EndWith(const Domain& domain, const store::Snapshot& snapshot, const Case& before,
                        v1::OrderState state, ChangeWriter& writer) {
  v1::Order order = before.order.record;
  v1::Facility facility = before.facility.record;
  order.set_state(state);
  *order.mutable_ended() = Approve(before.actor, before.moment);
  MutableRightOf(facility, order.right()).clear_order();
  return Put(domain, snapshot, before, order, std::move(facility), writer);
}

bool IsSide(const Actor& actor, const v1::Order& order) {
  return actor.organization != 0 &&
         (actor.organization == order.from() || actor.organization == order.to());
}

Result<void> CheckMayAgree(const Actor& actor, const v1::Order& order) {
  if (!IsSide(actor, order)) return CheckOwn(actor, order.to(), "order");
  // By principal alone: colleagues of who proposed it may speak for their organization.
  YIMA_RETURN_IF_ERROR(
      CheckOtherPrincipal(actor, order.proposed().principal(), "proposed the order", "order"));
  const bool gives = actor.organization == order.from();
  return CheckOtherPrincipal(actor, (gives ? order.taker() : order.giver()).principal(),
                             "agreed for the other side", "order");
}

Result<void> CheckMayCountersign(const Case& open, const Rules& rules) {
  const v1::Order& order = open.order.record;
  constexpr const char* kProposed = "proposed the order";
  YIMA_RETURN_IF_ERROR(
      CheckOtherPrincipal(open.actor, order.proposed().principal(), kProposed, "order"));
  YIMA_RETURN_IF_ERROR(
      CheckOtherOrganization(open.actor, order.proposed().organization(), kProposed, "order"));
  YIMA_RETURN_IF_ERROR(
      CheckOtherOrganization(open.actor, order.to(), "is to have the right", "order"));
  if (rules.MayConfirm(open.actor.organization, order.right(), open.facility.record)) return {};
  return Fail(StatusCode::kFailedPrecondition, "RULE_FORBIDS",
              "the city's rules let others decide on such rights", "order");
}

template <typename Response>
Result<Response> AnswerStep(const std::vector<RecordRef>& results,
                            const store::Snapshot& snapshot) {
  Response response;
  YIMA_ASSIGN_OR_RETURN(const auto order, FindOrder(snapshot, results.at(0).id, "order"));
  *response.mutable_order() = WithValuesAlone(order.record);
  return response;
}

}  // namespace

Result<Planned> PlanAgreeToOrder(const Domain& domain, const Call& call,
                                 const v1::AgreeToOrderRequest& request,
                                 const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const Case open, Open(domain, call, request.order(), snapshot));
  v1::Order order = open.order.record;
  YIMA_RETURN_IF_ERROR(CheckMayAgree(open.actor, order));
  YIMA_RETURN_IF_ERROR(
      CheckReachAs(call, open.facility.record, order.right(), open.actor.organization, "order"));
  YIMA_RETURN_IF_ERROR(CheckProposed(order));
  if (!NeedsBothSides(order)) {
    return Fail(StatusCode::kFailedPrecondition, "ORDER_NOT_AGREED_TO",
                fmt::format("order {} is countersigned by a registrar, not agreed to", order.id()),
                "order");
  }
  ChangeWriter writer(call, request.request_id());
  if (request.refuse()) return EndWith(domain, snapshot, open, v1::ORDER_STATE_REFUSED, writer);
  const bool gives = open.actor.organization == order.from();
  v1::Approval& side = gives ? *order.mutable_giver() : *order.mutable_taker();
  if (side.time_us() != 0) {
    return Planned{{}, {{store::Kind::kOrder, order.id(), open.order.revision}}};
  }
  side = Approve(open.actor, open.moment);
  v1::Facility facility = open.facility.record;
  if (order.giver().time_us() != 0 && order.taker().time_us() != 0) {
    YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
    YIMA_RETURN_IF_ERROR(CarryOut(domain, snapshot, rules, open.moment, order, facility, writer));
  }
  return Put(domain, snapshot, open, order, std::move(facility), writer);
}

Result<v1::AgreeToOrderResponse> AnswerAgreeToOrder(const Domain&,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot& snapshot) {
  return AnswerStep<v1::AgreeToOrderResponse>(results, snapshot);
}

Result<Planned> PlanCountersignOrder(const Domain& domain, const Call& call,
                                     const v1::CountersignOrderRequest& request,
                                     const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const Case open, Open(domain, call, request.order(), snapshot));
  YIMA_RETURN_IF_ERROR(CheckReach(call, open.facility.record, "order"));
  v1::Order order = open.order.record;
  YIMA_RETURN_IF_ERROR(CheckProposed(order));
  if (NeedsBothSides(order)) {
    return Fail(StatusCode::kFailedPrecondition, "ORDER_NOT_COUNTERSIGNED",
                fmt::format("order {} is agreed to by both sides, not countersigned", order.id()),
                "order");
  }
  YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
  YIMA_RETURN_IF_ERROR(CheckMayCountersign(open, rules));
  *order.mutable_countersigned() = Approve(open.actor, open.moment);
  v1::Facility facility = open.facility.record;
  ChangeWriter writer(call, request.request_id());
  YIMA_RETURN_IF_ERROR(CarryOut(domain, snapshot, rules, open.moment, order, facility, writer));
  return Put(domain, snapshot, open, order, std::move(facility), writer);
}

Result<v1::CountersignOrderResponse> AnswerCountersignOrder(const Domain&,
                                                            const std::vector<RecordRef>& results,
                                                            const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(auto response, AnswerStep<v1::CountersignOrderResponse>(results, snapshot));
  if (response.order().notice() == 0) return response;
  YIMA_ASSIGN_OR_RETURN(const auto notice, Get<v1::Notice>(snapshot, response.order().notice()));
  if (notice) *response.mutable_notice() = WithValuesAlone(notice->record);
  return response;
}

Result<Planned> PlanWithdrawOrder(const Domain& domain, const Call& call,
                                  const v1::WithdrawOrderRequest& request,
                                  const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const Case open, Open(domain, call, request.order(), snapshot));
  const v1::Order& order = open.order.record;
  YIMA_RETURN_IF_ERROR(CheckReach(call, open.facility.record, "order"));
  YIMA_RETURN_IF_ERROR(CheckProposed(order));
  if (!open.actor.IsOneWith(order.proposed().principal(), order.proposed().organization())) {
    return Fail(StatusCode::kPermissionDenied, "DUTIES_NOT_SEPARATE",
                fmt::format("another proposed order {}, and can withdraw it", order.id()), "order");
  }
  ChangeWriter writer(call, request.request_id());
  return EndWith(domain, snapshot, open, v1::ORDER_STATE_WITHDRAWN, writer);
}

Result<v1::WithdrawOrderResponse> AnswerWithdrawOrder(const Domain&,
                                                      const std::vector<RecordRef>& results,
                                                      const store::Snapshot& snapshot) {
  return AnswerStep<v1::WithdrawOrderResponse>(results, snapshot);
}

}  // namespace yima::server
