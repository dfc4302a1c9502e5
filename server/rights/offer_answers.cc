#include <algorithm>

#include <fmt/format.h>

#include "server/domain/page_scan.h"
#include "server/registry/facility_rules.h"
#include "server/registry/life.h"
#include "server/rights/duties.h"
#include "server/rights/offers.h"
#include "server/rights/rules.h"
#include "server/rights/standing.h"

namespace yima::server {
namespace {

Result<Read<v1::Offer>> FindOffer(const store::Snapshot& snapshot, uint64_t id) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Offer>(snapshot, id));
  if (read) return *std::move(read);
  return Fail(StatusCode::kNotFound, "OFFER_NOT_FOUND", fmt::format("no offer has id {}", id),
              "offer");
}

/// An offer under the eyes of a candidate.
struct Case {
  Read<v1::Offer> offer;
  Read<v1::Facility> facility;
  Actor actor;
  TimeUs moment = 0;
  int candidate = 0;  ///< Its place in the list.
};

int PlaceOf(uint64_t organization, const v1::Offer& offer) {
  const auto found =
      std::ranges::find(offer.candidates(), organization, &v1::Candidate::organization);
  return found == offer.candidates().end() ? -1
                                           : static_cast<int>(found - offer.candidates().begin());
}

Result<void> CheckAnswerable(const v1::Offer& offer, int candidate, TimeUs moment) {
  if (offer.state() == v1::OFFER_STATE_ACCEPTED) {
    return Fail(StatusCode::kFailedPrecondition, "OFFER_TAKEN",
                fmt::format("offer {} was taken: claim {} came of it", offer.id(), offer.claim()),
                "offer");
  }
  if (!IsOpenAt(offer, moment)) {
    return Fail(
        StatusCode::kFailedPrecondition, "OFFER_ENDED",
        fmt::format("offer {} has ended: its last day was {}", offer.id(), offer.last_day()),
        "offer");
  }
  if (offer.candidates(candidate).answer() == v1::CANDIDATE_ANSWER_UNSPECIFIED) return {};
  return Fail(StatusCode::kFailedPrecondition, "OFFER_ANSWERED",
              fmt::format("your organization has declined offer {}", offer.id()), "offer");
}

Result<Case> Open(const Domain& domain, const Call& call, uint64_t id,
                  const store::Snapshot& snapshot) {
  Case open;
  YIMA_ASSIGN_OR_RETURN(open.offer, FindOffer(snapshot, id));
  YIMA_ASSIGN_OR_RETURN(open.actor, ActorOf(call, snapshot));
  const uint64_t organization = open.actor.organization;
  open.candidate = organization == 0 ? -1 : PlaceOf(organization, open.offer.record);
  if (open.candidate < 0) {
    return Fail(StatusCode::kPermissionDenied, "NOT_A_CANDIDATE",
                organization == 0
                    ? fmt::format("you belong to no organization, and offer {} is put to some", id)
                    : fmt::format("offer {} was not put to organization {}", id, organization),
                "offer");
  }
  YIMA_ASSIGN_OR_RETURN(open.facility,
                        FindFacility(snapshot, open.offer.record.facility(), "offer"));
  YIMA_RETURN_IF_ERROR(
      CheckReachAs(call, open.facility.record, v1::RIGHT_KIND_OWNING, organization, "offer"));
  YIMA_ASSIGN_OR_RETURN(open.moment, Moment(domain, snapshot));
  YIMA_RETURN_IF_ERROR(CheckAnswerable(open.offer.record, open.candidate, open.moment));
  return open;
}

v1::Candidate& Answered(const Case& open, v1::CandidateAnswer answer, v1::Offer& offer) {
  v1::Candidate& candidate = *offer.mutable_candidates(open.candidate);
  candidate.set_answer(answer);
  candidate.set_principal(open.actor.principal);
  candidate.set_time_us(open.moment);
  return candidate;
}

v1::Claim ClaimOf(const Case& open, const v1::Basis& basis, uint64_t rules) {
  v1::Claim claim;
  claim.set_facility(open.facility.record.uid());
  claim.set_kind(v1::RIGHT_KIND_OWNING);
  claim.set_organization(open.actor.organization);
  *claim.mutable_basis() = basis;
  claim.set_state(v1::CLAIM_STATE_OPEN);
  claim.set_offer(open.offer.record.id());
  claim.set_principal(open.actor.principal);
  claim.set_principal_organization(open.actor.organization);
  claim.set_rules(rules);
  claim.set_create_time_us(open.moment);
  return claim;
}

/// Puts the offer, and the facility when the offer has ended.
Result<Planned> Put(const Domain& domain, const store::Snapshot& snapshot, const Case& open,
                    const v1::Offer& offer, v1::Facility facility, ChangeWriter& writer) {
  writer.Replace(offer.id(), open.offer.revision, open.offer.record, offer);
  if (offer.state() != v1::OFFER_STATE_OPEN) {
    facility.mutable_owning()->clear_offer();
    facility.set_update_time_us(domain.now());
    writer.Replace(facility.uid(), open.facility.revision, open.facility.record, facility);
  }
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), {{store::Kind::kOffer, offer.id(), open.offer.revision + 1}}};
}

template <typename Response>
Result<Response> AnswerOffer(const std::vector<RecordRef>& results,
                             const store::Snapshot& snapshot) {
  Response response;
  YIMA_ASSIGN_OR_RETURN(const auto read, FindOffer(snapshot, results.at(0).id));
  *response.mutable_offer() = WithValuesAlone(read.record);
  return response;
}

}  // namespace

Result<Planned> PlanAcceptOffer(const Domain& domain, const Call& call,
                                const v1::AcceptOfferRequest& request,
                                const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckBasis(request.basis(), "basis"));
  YIMA_ASSIGN_OR_RETURN(const Case open, Open(domain, call, request.offer(), snapshot));
  YIMA_ASSIGN_OR_RETURN(const auto taker, FindActing(snapshot, open.actor.organization, "offer"));
  YIMA_RETURN_IF_ERROR(CheckNotEnded(open.facility.record, "offer"));
  v1::Facility facility = open.facility.record;
  YIMA_RETURN_IF_ERROR(CheckMayStand(facility.owning(), open.actor.organization, "offer"));
  YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
  v1::Claim claim = ClaimOf(open, request.basis(), rules.version);
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain.numbers.NewId(store::Kind::kClaim));
  claim.set_id(id);
  StandClaim(claim, *facility.mutable_owning());
  v1::Offer offer = open.offer.record;
  Answered(open, v1::CANDIDATE_ANSWER_ACCEPTED, offer);
  offer.set_state(v1::OFFER_STATE_ACCEPTED);
  offer.set_claim(id);
  offer.set_end_time_us(open.moment);
  ChangeWriter writer(call, request.request_id());
  writer.Check(store::Kind::kOrganization, open.actor.organization, taker.revision);
  writer.Create(id, claim);
  return Put(domain, snapshot, open, offer, std::move(facility), writer);
}

Result<v1::AcceptOfferResponse> AnswerAcceptOffer(const Domain&,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot) {
  return AnswerOffer<v1::AcceptOfferResponse>(results, snapshot);
}

Result<Planned> PlanDeclineOffer(const Domain& domain, const Call& call,
                                 const v1::DeclineOfferRequest& request,
                                 const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckReason(request.reason(), true, "reason"));
  YIMA_ASSIGN_OR_RETURN(const Case open, Open(domain, call, request.offer(), snapshot));
  v1::Offer offer = open.offer.record;
  *Answered(open, v1::CANDIDATE_ANSWER_DECLINED, offer).mutable_reason() =
      Withhold(request.reason());
  const bool last = std::ranges::all_of(offer.candidates(), [](const v1::Candidate& candidate) {
    return candidate.answer() == v1::CANDIDATE_ANSWER_DECLINED;
  });
  if (last) {
    offer.set_state(v1::OFFER_STATE_DECLINED);
    offer.set_end_time_us(open.moment);
  }
  ChangeWriter writer(call, request.request_id());
  return Put(domain, snapshot, open, offer, open.facility.record, writer);
}

Result<v1::DeclineOfferResponse> AnswerDeclineOffer(const Domain&,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot& snapshot) {
  return AnswerOffer<v1::DeclineOfferResponse>(results, snapshot);
}

namespace {

/// What the caller may see of an offer; nothing when that is nothing.
Result<std::optional<v1::Offer>> Seen(const Call& call, const Actor& actor, v1::Offer offer,
                                      const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto facility, Get<v1::Facility>(snapshot, offer.facility()));
  if (!facility) return std::nullopt;
  if (call.reach->Covers(facility->record)) return WithValuesAlone(std::move(offer));
  const bool put_to_it = actor.organization != 0 && PlaceOf(actor.organization, offer) >= 0;
  if (!put_to_it ||
      !CheckReachAs(call, facility->record, v1::RIGHT_KIND_OWNING, actor.organization, "")) {
    return std::nullopt;
  }
  // What the others said is for those who decide.
  for (auto& candidate : *offer.mutable_candidates()) {
    if (candidate.organization() == actor.organization) continue;
    const uint64_t organization = candidate.organization();
    candidate.Clear();
    candidate.set_organization(organization);
  }
  return WithValuesAlone(std::move(offer));
}

std::vector<std::string> TermsOf(const v1::ListOffersRequest& request) {
  std::vector<std::string> terms;
  if (request.facility() != 0) terms.push_back(FacilityTerm(request.facility()));
  if (request.organization() != 0) terms.push_back(OrganizationTerm(request.organization()));
  if (request.open()) terms.push_back(OpenTerm());
  return terms;
}

}  // namespace

Result<v1::ListOffersResponse> ListOffers(const Domain& domain, const Call& call,
                                          const v1::ListOffersRequest& request,
                                          const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  const std::string filter =
      fmt::format("{} {} {}", request.facility(), request.organization(), request.open());
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter, request.page_token()));
  YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call, snapshot));
  YIMA_ASSIGN_OR_RETURN(const TimeUs moment, Moment(domain, snapshot));
  // Who is asked for is asked about what can be answered still.
  const bool open_alone = request.open() || request.organization() != 0;
  const uint64_t after = place.empty() ? 0 : std::stoull(place);
  PageScan page(call, size, after);
  v1::ListOffersResponse response;
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(
      snapshot.Scan(store::Kind::kOffer, after, TermsOf(request),
                    [&](uint64_t id, uint64_t, std::string_view bytes) {
                      if (!page.Look(id)) return false;
                      v1::Offer offer;
                      offer.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                      if (open_alone && !IsOpenAt(offer, moment)) return true;
                      auto seen = Seen(call, actor, std::move(offer), snapshot);
                      if (!seen) failure = tl::unexpected(seen.error());
                      if (!seen || !*seen) return seen.has_value();
                      if (!page.Take(bytes.size())) return false;
                      if ((*seen)->state() == v1::OFFER_STATE_OPEN && !IsOpenAt(**seen, moment)) {
                        (*seen)->set_state(v1::OFFER_STATE_ENDED);
                      }
                      *response.add_offers() = **std::move(seen);
                      return true;
                    }));
  YIMA_RETURN_IF_ERROR(failure);
  YIMA_ASSIGN_OR_RETURN(*response.mutable_next_page_token(), page.NextToken(domain, filter));
  return response;
}

}  // namespace yima::server
