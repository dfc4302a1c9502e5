#include "server/rights/end_rights.h"

#include "server/rights/claim.h"
#include "server/rights/duties.h"
#include "server/rights/right_of.h"
#include "server/rights/rules.h"
#include "server/rights/standing.h"

namespace yima::server {
namespace {

Result<void> EndOrder(const v1::Decision& decision, const store::Snapshot& snapshot,
                      v1::Right& right, ChangeWriter& writer) {
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Order>(snapshot, right.order()));
  right.clear_order();
  if (!read || read->record.state() != v1::ORDER_STATE_PROPOSED) return {};
  const Actor actor{decision.principal(), decision.organization()};
  SupersedeOrder(*read, Approve(actor, decision.time_us()), right, writer);
  return {};
}

}  // namespace

Result<std::vector<Read<v1::Objection>>> OpenObjections(const store::Snapshot& snapshot,
                                                        uint64_t facility, v1::RightKind kind) {
  std::vector<Read<v1::Objection>> objections;
  std::vector<uint64_t> ids;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kObjection, 0,
                                     {FacilityTerm(facility), OpenTerm()},
                                     [&](uint64_t id, uint64_t, std::string_view) {
                                       ids.push_back(id);
                                       return true;
                                     }));
  for (const uint64_t id : ids) {
    YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Objection>(snapshot, id));
    if (read && read->record.kind() == kind) objections.push_back(*std::move(read));
  }
  return objections;
}

void EndClaim(const Read<v1::Claim>& claim, v1::ClaimState state, const v1::Decision& decision,
              v1::Facility& facility, ChangeWriter& writer) {
  v1::Claim ended = claim.record;
  ended.set_state(state);
  *ended.mutable_decision() = decision;
  writer.Replace(ended.id(), claim.revision, claim.record, ended);
  DropClaim(MutableRightOf(facility, ended.kind()), ended.id());
}

void EndObjections(const std::vector<Read<v1::Objection>>& objections, v1::ObjectionState state,
                   const v1::Decision& decision, v1::Right& right, ChangeWriter& writer) {
  for (const auto& read : objections) {
    v1::Objection ended = read.record;
    ended.set_state(state);
    *ended.mutable_decision() = decision;
    writer.Replace(ended.id(), read.revision, read.record, ended);
  }
  right.set_objections(0);
}

Result<void> EndObjectionsToNothing(const store::Snapshot& snapshot, v1::RightKind kind,
                                    const v1::Decision& decision, v1::Facility& facility,
                                    ChangeWriter& writer) {
  const v1::Right& right = RightOf(facility, kind);
  if (!right.claims().empty() || right.objections() == 0) return {};
  YIMA_ASSIGN_OR_RETURN(const auto objections, OpenObjections(snapshot, facility.uid(), kind));
  EndObjections(objections, v1::OBJECTION_STATE_SUPERSEDED, decision,
                MutableRightOf(facility, kind), writer);
  return {};
}

Result<void> EndRights(const Domain& domain, const Call& call, const store::Snapshot& snapshot,
                       const v1::Basis& basis, v1::Facility& facility, ChangeWriter& writer) {
  YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call, snapshot));
  YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
  const v1::Decision decision = Decide(actor, domain.now(), rules.version, "", basis);
  for (const v1::RightKind kind : kRightKinds) {
    const v1::Right& right = RightOf(facility, kind);
    if (right.claims().empty() && right.offer() == 0 && right.order() == 0) continue;
    const auto standing = right.claims();
    for (const auto& claim : standing) {
      YIMA_ASSIGN_OR_RETURN(const auto read, FindClaim(snapshot, claim.claim(), "facility"));
      EndClaim(read, v1::CLAIM_STATE_SUPERSEDED, decision, facility, writer);
    }
    YIMA_RETURN_IF_ERROR(EndObjectionsToNothing(snapshot, kind, decision, facility, writer));
    v1::Right& left = MutableRightOf(facility, kind);
    YIMA_ASSIGN_OR_RETURN(const auto offer, OfferOf(snapshot, left));
    if (offer) EndOffer(*offer, v1::OFFER_STATE_ENDED, domain.now(), left, writer);
    if (left.order() != 0) YIMA_RETURN_IF_ERROR(EndOrder(decision, snapshot, left, writer));
  }
  ClearEmptyRights(facility);
  return {};
}

}  // namespace yima::server
