#include "server/rights/follow.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/registry/life.h"
#include "server/rights/right_of.h"
#include "server/rights/standing.h"

namespace yima::server {
namespace {

/// A right that nobody holds any more, and of which nothing is left of what was decided.
void Vacate(v1::RightKind kind, v1::Right& right) {
  const auto vacant =
      kind == v1::RIGHT_KIND_OWNING ? v1::RIGHT_STATE_OWNERLESS : v1::RIGHT_STATE_UNSPECIFIED;
  v1::Right left;
  *left.mutable_claims() = right.claims();
  left.set_objections(right.objections());
  left.set_offer(right.offer());
  left.set_order(right.order());
  left.set_state(vacant);
  if (!left.claims().empty()) {
    left.set_unclaimed_state(vacant);
    left.set_state(v1::RIGHT_STATE_CLAIMED);
  }
  right = std::move(left);
}

Result<uint64_t> FollowInHolding(const Succession& succession, v1::RightKind kind,
                                 v1::Facility& facility) {
  if (RightOf(facility, kind).holder() != succession.from) return 0;
  v1::Right& right = MutableRightOf(facility, kind);
  if (succession.to != 0) {
    right.set_holder(succession.to);
    return 1;
  }
  if (kind == v1::RIGHT_KIND_SUPERVISING && HasEnded(facility)) return 0;
  if (kind == v1::RIGHT_KIND_SUPERVISING) {
    return Fail(StatusCode::kFailedPrecondition, "SUCCESSOR_MISSING",
                fmt::format("nobody would supervise facility {}: name who follows", facility.uid()),
                "to");
  }
  Vacate(kind, right);
  return 1;
}

/// The claim goes to who follows, or ends where that one claims already, or nobody follows.
Result<void> FollowInClaim(const Succession& succession, const store::Snapshot& snapshot,
                           v1::Right& right, int place, ChangeWriter& writer) {
  v1::StandingClaim& standing = *right.mutable_claims(place);
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Claim>(snapshot, standing.claim()));
  if (!read) return RecordMissing("claim", standing.claim());
  const bool claims_already = std::ranges::any_of(
      right.claims(), [&](const auto& other) { return other.organization() == succession.to; });
  v1::Claim after = read->record;
  if (succession.to != 0 && !claims_already) {
    after.set_organization(succession.to);
    standing.set_organization(succession.to);
  } else {
    after.set_state(v1::CLAIM_STATE_WITHDRAWN);
    *after.mutable_decision() =
        Decide(succession.actor, succession.moment, succession.rules, "", succession.basis);
    DropClaim(right, after.id());
  }
  writer.Replace(after.id(), read->revision, read->record, after);
  return {};
}

Result<uint64_t> FollowInClaims(const Succession& succession, v1::RightKind kind,
                                const store::Snapshot& snapshot, v1::Facility& facility,
                                ChangeWriter& writer) {
  const auto& claims = RightOf(facility, kind).claims();
  const auto own = std::ranges::find(claims, succession.from, &v1::StandingClaim::organization);
  if (own == claims.end()) return 0;
  // What somebody objects to is settled: with its last claim the objections would lose their right.
  const bool last = claims.size() == 1 && succession.to == 0;
  if (last && RightOf(facility, kind).objections() > 0) return 0;
  const int place = static_cast<int>(own - claims.begin());
  YIMA_RETURN_IF_ERROR(
      FollowInClaim(succession, snapshot, MutableRightOf(facility, kind), place, writer));
  return 1;
}

Result<uint64_t> EndOrder(const Succession& succession, v1::RightKind kind,
                          const store::Snapshot& snapshot, v1::Facility& facility,
                          ChangeWriter& writer) {
  const uint64_t id = RightOf(facility, kind).order();
  if (id == 0) return 0;
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Order>(snapshot, id));
  if (!read) return RecordMissing("order", id);
  if (read->record.from() != succession.from && read->record.to() != succession.from) return 0;
  SupersedeOrder(*read, Approve(succession.actor, succession.moment),
                 MutableRightOf(facility, kind), writer);
  return 1;
}

/// The candidates once one follows the other, who may be asked already.
void FollowAmong(const Succession& succession, v1::Offer& offer) {
  auto& candidates = *offer.mutable_candidates();
  const bool asked = std::ranges::find(candidates, succession.to, &v1::Candidate::organization) !=
                     candidates.end();
  const auto own = std::ranges::find(candidates, succession.from, &v1::Candidate::organization);
  if (succession.to == 0 || asked) {
    candidates.erase(own);
    return;
  }
  own->set_organization(succession.to);
  std::sort(candidates.begin(), candidates.end(),
            [](const auto& a, const auto& b) { return a.organization() < b.organization(); });
}

Result<uint64_t> FollowInOffer(const Succession& succession, const store::Snapshot& snapshot,
                               v1::Facility& facility, ChangeWriter& writer) {
  YIMA_ASSIGN_OR_RETURN(const auto read, OfferOf(snapshot, facility.owning()));
  if (!read) return 0;
  const auto& candidates = read->record.candidates();
  const auto own = std::ranges::find(candidates, succession.from, &v1::Candidate::organization);
  // What it has answered stays its answer.
  if (own == candidates.end() || own->answer() != v1::CANDIDATE_ANSWER_UNSPECIFIED) return 0;
  v1::Offer after = read->record;
  FollowAmong(succession, after);
  const bool all_declined =
      std::ranges::all_of(after.candidates(), [](const v1::Candidate& candidate) {
        return candidate.answer() == v1::CANDIDATE_ANSWER_DECLINED;
      });
  if (all_declined) {
    after.set_state(v1::OFFER_STATE_DECLINED);
    after.set_end_time_us(succession.moment);
    facility.mutable_owning()->clear_offer();
  }
  writer.Replace(after.id(), read->revision, read->record, after);
  return 1;
}

}  // namespace

Result<uint64_t> Follow(const Succession& succession, const store::Snapshot& snapshot,
                        v1::Facility& facility, ChangeWriter& writer) {
  // A part that was split off may have come back to it.
  if (succession.to == succession.from) return 0;
  uint64_t done = 0;
  // What may be refused comes first: a step that is refused has put nothing.
  for (const v1::RightKind kind : kRightKinds) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t held, FollowInHolding(succession, kind, facility));
    done += held;
  }
  for (const v1::RightKind kind : kRightKinds) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t claimed,
                          FollowInClaims(succession, kind, snapshot, facility, writer));
    YIMA_ASSIGN_OR_RETURN(const uint64_t ordered,
                          EndOrder(succession, kind, snapshot, facility, writer));
    done += claimed + ordered;
  }
  YIMA_ASSIGN_OR_RETURN(const uint64_t offered,
                        FollowInOffer(succession, snapshot, facility, writer));
  ClearEmptyRights(facility);
  return done + offered;
}

Result<std::set<uint64_t>> FacilitiesOf(const Call& call, const store::Snapshot& snapshot,
                                        uint64_t organization) {
  std::set<uint64_t> facilities;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kFacility, 0, {OrganizationTerm(organization)},
                                     [&](uint64_t uid, uint64_t, std::string_view) {
                                       facilities.insert(uid);
                                       return !call.cancelled();
                                     }));
  YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kOffer, 0, {OrganizationTerm(organization)},
                                     [&](uint64_t, uint64_t, std::string_view bytes) {
                                       v1::Offer offer;
                                       offer.ParseFromArray(bytes.data(),
                                                            static_cast<int>(bytes.size()));
                                       facilities.insert(offer.facility());
                                       return !call.cancelled();
                                     }));
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kOrder, 0, {OpenTerm()}, [&](uint64_t, uint64_t, std::string_view bytes) {
        v1::Order order;
        order.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        if (order.from() == organization || order.to() == organization) {
          facilities.insert(order.facility());
        }
        return !call.cancelled();
      }));
  if (call.cancelled()) return CallEnded();
  return facilities;
}

}  // namespace yima::server
