#include "server/rights/standing.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/registry/facility_rules.h"
#include "server/rights/right_of.h"

namespace yima::server {
namespace {

constexpr size_t kReasonMax = 1000;

Result<void> CheckDay(std::string_view date, std::string_view field) {
  if (date.empty() || IsDate(date)) return {};
  return Invalid("DATE_MALFORMED", fmt::format("date \"{}\", want YYYY-MM-DD", date.substr(0, 32)),
                 std::string(field));
}

}  // namespace

Result<void> CheckReachAs(const Call& call, const v1::Facility& facility, v1::RightKind kind,
                          uint64_t organization, std::string_view field) {
  if (call.reach->everywhere()) return {};
  v1::Facility taken = facility;
  MutableRightOf(taken, kind).set_holder(organization);
  return CheckReach(call, taken, field);
}

Result<void> CheckKind(int kind, std::string_view field) {
  if (kind >= v1::RIGHT_KIND_SUPERVISING && kind <= v1::RIGHT_KIND_MAINTAINING) return {};
  return Invalid("RIGHT_KIND_UNKNOWN", fmt::format("{} is no kind of right", kind),
                 std::string(field));
}

Result<void> CheckReason(std::string_view reason, bool required, std::string_view field) {
  if (reason.empty() && required) {
    return Invalid("FIELD_MISSING", "it is done for a reason, which is missing",
                   std::string(field));
  }
  return CheckLines(reason, kReasonMax, field);
}

Result<void> CheckValidity(std::string_view from, std::string_view until) {
  YIMA_RETURN_IF_ERROR(CheckDay(from, "valid_from"));
  YIMA_RETURN_IF_ERROR(CheckDay(until, "valid_until"));
  if (from.empty() || until.empty() || from <= until) return {};
  return Invalid("RIGHT_INVALID",
                 fmt::format("a right from {} does not end before, on {}", from, until),
                 "valid_until");
}

Result<void> CheckMayStand(const v1::Right& right, uint64_t organization, std::string_view field) {
  if (std::ranges::any_of(right.claims(), [&](const v1::StandingClaim& claim) {
        return claim.organization() == organization;
      })) {
    return Fail(StatusCode::kFailedPrecondition, "RIGHT_CLAIMED_ALREADY",
                fmt::format("organization {} claims that right already", organization),
                std::string(field));
  }
  if (right.claims_size() < kClaimsMax) return {};
  return Fail(StatusCode::kFailedPrecondition, "CLAIMS_TOO_MANY",
              fmt::format("{} claims stand on that right, want at most {}", right.claims_size(),
                          kClaimsMax),
              std::string(field));
}

void StandClaim(const v1::Claim& claim, v1::Right& right) {
  auto* standing = right.add_claims();
  standing->set_claim(claim.id());
  standing->set_organization(claim.organization());
  standing->set_notice(claim.notice());
  if (right.state() == v1::RIGHT_STATE_CLAIMED || right.state() == v1::RIGHT_STATE_CONFIRMED) {
    return;
  }
  right.set_unclaimed_state(right.state());
  right.set_state(v1::RIGHT_STATE_CLAIMED);
}

void SupersedeOrder(const Read<v1::Order>& order, const v1::Approval& ended, v1::Right& right,
                    ChangeWriter& writer) {
  v1::Order after = order.record;
  after.set_state(v1::ORDER_STATE_SUPERSEDED);
  *after.mutable_ended() = ended;
  writer.Replace(after.id(), order.revision, order.record, after);
  right.clear_order();
}

bool IsOpenAt(const v1::Offer& offer, TimeUs moment) {
  return offer.state() == v1::OFFER_STATE_OPEN && moment < offer.close_time_us();
}

Result<std::optional<Read<v1::Offer>>> OfferOf(const store::Snapshot& snapshot,
                                               const v1::Right& right) {
  if (right.offer() == 0) return std::nullopt;
  YIMA_ASSIGN_OR_RETURN(auto offer, Get<v1::Offer>(snapshot, right.offer()));
  if (offer) return offer;
  return RecordMissing("offer", right.offer());
}

void EndOffer(const Read<v1::Offer>& offer, v1::OfferState state, TimeUs now, v1::Right& right,
              ChangeWriter& writer) {
  v1::Offer ended = offer.record;
  ended.set_state(state);
  ended.set_end_time_us(now);
  writer.Replace(ended.id(), offer.revision, offer.record, ended);
  right.clear_offer();
}

Result<void> EndOfferGoneBy(const store::Snapshot& snapshot, TimeUs moment, v1::Right& right,
                            ChangeWriter& writer, std::string_view field) {
  YIMA_ASSIGN_OR_RETURN(const auto offer, OfferOf(snapshot, right));
  if (!offer) return {};
  if (IsOpenAt(offer->record, moment)) {
    return Fail(StatusCode::kFailedPrecondition, "OFFER_OPEN",
                fmt::format("offer {} may be answered until {}", offer->record.id(),
                            offer->record.last_day()),
                std::string(field));
  }
  EndOffer(*offer, v1::OFFER_STATE_ENDED, moment, right, writer);
  return {};
}

}  // namespace yima::server
