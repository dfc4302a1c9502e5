#include "server/rights/orders.h"

#include <fmt/format.h>

#include "server/domain/page_scan.h"
#include "server/registry/facility_rules.h"
#include "server/registry/life.h"
#include "server/rights/duties.h"
#include "server/rights/right_of.h"
#include "server/rights/rules.h"
#include "server/rights/standing.h"

namespace yima::server {
namespace {

/// What a registrar proposes, whichever call brought it.
struct Proposal {
  std::string_view request_id;
  uint64_t facility = 0;
  std::string_view etag;
  std::string_view reason;
  bool needs_reason = true;
  v1::Order order;  ///< Its kind, right, to, by_order, basis and validity.
};

template <typename Request>
Proposal ProposalOf(const Request& request, v1::OrderKind kind, v1::RightKind right) {
  Proposal proposal;
  proposal.request_id = request.request_id();
  proposal.facility = request.facility();
  proposal.etag = request.etag();
  proposal.reason = request.reason();
  proposal.order.set_kind(kind);
  proposal.order.set_right(right);
  proposal.order.set_by_order(true);
  *proposal.order.mutable_basis() = request.basis();
  return proposal;
}

/// The same of an order that makes somebody the holder.
template <typename Request>
Proposal ProposalFor(const Request& request, v1::OrderKind kind, v1::RightKind right) {
  Proposal proposal = ProposalOf(request, kind, right);
  proposal.order.set_to(request.to());
  proposal.order.set_valid_from(request.valid_from());
  proposal.order.set_valid_until(request.valid_until());
  return proposal;
}

/// What can be said of a proposal without the facility.
Result<void> CheckProposal(const store::Snapshot& snapshot, const Proposal& proposal) {
  const v1::Order& order = proposal.order;
  YIMA_RETURN_IF_ERROR(CheckKind(order.right(), "kind"));
  YIMA_RETURN_IF_ERROR(CheckBasis(order.basis(), "basis"));
  YIMA_RETURN_IF_ERROR(CheckValidity(order.valid_from(), order.valid_until()));
  YIMA_RETURN_IF_ERROR(CheckReason(proposal.reason, proposal.needs_reason, "reason"));
  if (order.kind() != v1::ORDER_KIND_REVOCATION) {
    YIMA_RETURN_IF_ERROR(FindActing(snapshot, order.to(), "to"));
  }
  return {};
}

/// Nothing else stands on the right.
Result<void> CheckUndisturbed(const v1::Right& right, std::string field) {
  if (!right.claims().empty()) {
    return Fail(
        StatusCode::kFailedPrecondition, "RIGHT_CLAIMED",
        fmt::format("{} claims stand on that right: decide them first", right.claims_size()),
        std::move(field));
  }
  if (right.order() == 0) return {};
  return Fail(StatusCode::kFailedPrecondition, "ORDER_ALREADY",
              fmt::format("order {} is proposed on that right", right.order()), std::move(field));
}

Result<void> CheckNotHolder(const v1::Right& right, uint64_t to) {
  if (right.holder() != to) return {};
  return Fail(StatusCode::kFailedPrecondition, "TRANSFER_TO_HOLDER",
              fmt::format("organization {} holds that right already", to), "to");
}

/// A right that is confirmed, to be given to another or taken back.
Result<void> CheckConfirmed(const v1::Right& right, const v1::Order& order) {
  if (right.holder() == 0)
    return Fail(StatusCode::kFailedPrecondition, "RIGHT_NOT_HELD", "nobody holds that right",
                "kind");
  YIMA_RETURN_IF_ERROR(CheckUndisturbed(right, "kind"));
  if (right.state() != v1::RIGHT_STATE_CONFIRMED) {
    return Fail(StatusCode::kFailedPrecondition, "RIGHT_NOT_CONFIRMED",
                "that right is recorded and not confirmed: claim it", "kind");
  }
  return order.kind() == v1::ORDER_KIND_REVOCATION ? Result<void>()
                                                   : CheckNotHolder(right, order.to());
}

/// The facility is nobody's, and its maintainer none by right.
Result<void> CheckAssignable(const v1::Facility& facility, const v1::Order& order) {
  YIMA_RETURN_IF_ERROR(CheckUndisturbed(facility.owning(), "facility"));
  if (facility.owning().state() != v1::RIGHT_STATE_OWNERLESS) {
    return Fail(StatusCode::kFailedPrecondition, "RIGHT_NOT_OWNERLESS",
                fmt::format("facility {} is not known to be ownerless", facility.uid()),
                "facility");
  }
  const v1::Right& maintaining = facility.maintaining();
  YIMA_RETURN_IF_ERROR(CheckUndisturbed(maintaining, "facility"));
  if (maintaining.state() != v1::RIGHT_STATE_CONFIRMED) return {};
  if (maintaining.by_order()) return CheckNotHolder(maintaining, order.to());
  return Fail(StatusCode::kFailedPrecondition, "RIGHT_CONFIRMED",
              fmt::format("organization {} is confirmed to maintain it: transfer or correct that",
                          maintaining.holder()),
              "facility");
}

Result<Planned> Propose(const Domain& domain, const Call& call, const Proposal& proposal,
                        const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckProposal(snapshot, proposal));
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, proposal.facility, "facility"));
  YIMA_RETURN_IF_ERROR(CheckReach(call, read.record, "facility"));
  YIMA_RETURN_IF_ERROR(CheckEtag(domain, proposal.etag, read.revision, "etag"));
  YIMA_RETURN_IF_ERROR(CheckNotEnded(read.record, "facility"));
  YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call, snapshot));
  YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
  YIMA_ASSIGN_OR_RETURN(const TimeUs now, Moment(domain, snapshot));

  v1::Facility after = read.record;
  v1::Order order = proposal.order;
  ChangeWriter writer(call, proposal.request_id);
  if (order.kind() == v1::ORDER_KIND_ASSIGNMENT) {
    YIMA_RETURN_IF_ERROR(CheckAssignable(after, order));
    YIMA_RETURN_IF_ERROR(
        EndOfferGoneBy(snapshot, now, *after.mutable_owning(), writer, "facility"));
  } else {
    YIMA_RETURN_IF_ERROR(CheckConfirmed(RightOf(after, order.right()), order));
  }
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain.numbers.NewId(store::Kind::kOrder));
  v1::Right& right = MutableRightOf(after, order.right());
  order.set_id(id);
  order.set_facility(after.uid());
  order.set_state(v1::ORDER_STATE_PROPOSED);
  order.set_from(right.holder());
  if (!proposal.reason.empty()) *order.mutable_reason() = Withhold(proposal.reason);
  *order.mutable_proposed() = Approve(actor, now);
  order.set_rules(rules.version);
  right.set_order(id);
  after.set_update_time_us(domain.now());
  writer.Create(id, order);
  writer.Replace(after.uid(), read.revision, read.record, after);
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), {{store::Kind::kOrder, id, 1}}};
}

template <typename Response>
Result<Response> AnswerProposal(const std::vector<RecordRef>& results,
                                const store::Snapshot& snapshot) {
  Response response;
  YIMA_ASSIGN_OR_RETURN(const auto read, FindOrder(snapshot, results.at(0).id, "order"));
  *response.mutable_order() = WithValuesAlone(read.record);
  return response;
}

/// Whether the caller may see an order: its facility lies within the reach, or would when the
/// caller's own organization, a side of it, held the right.
Result<bool> MaySee(const Call& call, const Actor& actor, const v1::Order& order,
                    const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto facility, Get<v1::Facility>(snapshot, order.facility()));
  if (!facility) return false;
  if (call.reach->Covers(facility->record)) return true;
  const bool side = actor.organization != 0 &&
                    (actor.organization == order.from() || actor.organization == order.to());
  return side &&
         CheckReachAs(call, facility->record, order.right(), actor.organization, "").has_value();
}

}  // namespace

Result<Planned> PlanTransferRight(const Domain& domain, const Call& call,
                                  const v1::TransferRightRequest& request,
                                  const store::Snapshot& snapshot) {
  Proposal proposal = ProposalFor(request, v1::ORDER_KIND_TRANSFER, request.kind());
  proposal.order.set_by_order(request.by_order());
  proposal.needs_reason = request.by_order();
  return Propose(domain, call, proposal, snapshot);
}

Result<v1::TransferRightResponse> AnswerTransferRight(const Domain&,
                                                      const std::vector<RecordRef>& results,
                                                      const store::Snapshot& snapshot) {
  return AnswerProposal<v1::TransferRightResponse>(results, snapshot);
}

Result<Planned> PlanCorrectRight(const Domain& domain, const Call& call,
                                 const v1::CorrectRightRequest& request,
                                 const store::Snapshot& snapshot) {
  return Propose(domain, call, ProposalFor(request, v1::ORDER_KIND_CORRECTION, request.kind()),
                 snapshot);
}

Result<v1::CorrectRightResponse> AnswerCorrectRight(const Domain&,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot& snapshot) {
  return AnswerProposal<v1::CorrectRightResponse>(results, snapshot);
}

Result<Planned> PlanRevokeRight(const Domain& domain, const Call& call,
                                const v1::RevokeRightRequest& request,
                                const store::Snapshot& snapshot) {
  return Propose(domain, call, ProposalOf(request, v1::ORDER_KIND_REVOCATION, request.kind()),
                 snapshot);
}

Result<v1::RevokeRightResponse> AnswerRevokeRight(const Domain&,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot) {
  return AnswerProposal<v1::RevokeRightResponse>(results, snapshot);
}

Result<Planned> PlanAssignCustodian(const Domain& domain, const Call& call,
                                    const v1::AssignCustodianRequest& request,
                                    const store::Snapshot& snapshot) {
  return Propose(domain, call,
                 ProposalFor(request, v1::ORDER_KIND_ASSIGNMENT, v1::RIGHT_KIND_MAINTAINING),
                 snapshot);
}

Result<v1::AssignCustodianResponse> AnswerAssignCustodian(const Domain&,
                                                          const std::vector<RecordRef>& results,
                                                          const store::Snapshot& snapshot) {
  return AnswerProposal<v1::AssignCustodianResponse>(results, snapshot);
}

Result<Read<v1::Order>> FindOrder(const store::Snapshot& snapshot, uint64_t id,
                                  std::string_view field) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Order>(snapshot, id));
  if (read) return *std::move(read);
  return Fail(StatusCode::kNotFound, "ORDER_NOT_FOUND", fmt::format("no order has id {}", id),
              std::string(field));
}

Result<v1::ListOrdersResponse> ListOrders(const Domain& domain, const Call& call,
                                          const v1::ListOrdersRequest& request,
                                          const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  const std::string filter = fmt::format("{} {}", request.facility(), request.open());
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter, request.page_token()));
  YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call, snapshot));
  std::vector<std::string> terms;
  if (request.facility() != 0) terms.push_back(FacilityTerm(request.facility()));
  if (request.open()) terms.push_back(OpenTerm());
  const uint64_t after = place.empty() ? 0 : std::stoull(place);
  PageScan page(call, size, after);
  v1::ListOrdersResponse response;
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kOrder, after, terms, [&](uint64_t id, uint64_t, std::string_view bytes) {
        if (!page.Look(id)) return false;
        v1::Order order;
        order.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        const auto seen = MaySee(call, actor, order, snapshot);
        if (!seen) failure = tl::unexpected(seen.error());
        if (!seen || !*seen) return seen.has_value();
        if (!page.Take(bytes.size())) return false;
        *response.add_orders() = WithValuesAlone(std::move(order));
        return true;
      }));
  YIMA_RETURN_IF_ERROR(failure);
  YIMA_ASSIGN_OR_RETURN(*response.mutable_next_page_token(), page.NextToken(domain, filter));
  return response;
}

}  // namespace yima::server
