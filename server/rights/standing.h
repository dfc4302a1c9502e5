#ifndef YIMA_SERVER_RIGHTS_STANDING_H_
#define YIMA_SERVER_RIGHTS_STANDING_H_

#include <optional>
#include <string>
#include <string_view>

#include "server/domain/domain.h"
#include "yima/v1/claim.pb.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/offer.pb.h"

namespace yima::server {

/// Claims that may stand on one right.
constexpr int kClaimsMax = 16;

/// A record whose withheld values are shown alone: hash and salt are the log's.
template <typename R>
R WithValuesAlone(R record) {
  EachWithheld(record, [](v1::Withheld& withheld) {
    withheld.clear_hash();
    withheld.clear_salt();
  });
  return record;
}

/// SCOPE_EXCEEDED unless the facility would lie within the caller's reach once the organization
/// held that right: who is to take it may act on it, and within its own bounds alone.
Result<void> CheckReachAs(const Call& call, const v1::Facility& facility, v1::RightKind kind,
                          uint64_t organization, std::string_view field);

/// RIGHT_KIND_UNKNOWN unless it is one of the three.
Result<void> CheckKind(int kind, std::string_view field);

/// Free text by persons, at most 1,000 characters: FIELD_MISSING when required, FIELD_TOO_LONG,
/// FIELD_NOT_TEXT; messages do not repeat it.
Result<void> CheckReason(std::string_view reason, bool required, std::string_view field);

/// DATE_MALFORMED, RIGHT_INVALID: it does not end before it begins.
Result<void> CheckValidity(std::string_view from, std::string_view until);

/// RIGHT_CLAIMED_ALREADY by that organization; CLAIMS_TOO_MANY above kClaimsMax.
Result<void> CheckMayStand(const v1::Right& right, uint64_t organization, std::string_view field);
/// Lets a new claim stand on a right; one that is confirmed stays so.
void StandClaim(const v1::Claim& claim, v1::Right& right);

/// Ends an order that is not carried out, since its right was decided another way, and takes it off
/// its right. Both that and the order are put: the order here, the right with its facility.
void SupersedeOrder(const Read<v1::Order>& order, const v1::Approval& ended, v1::Right& right,
                    ChangeWriter& writer);

/// Whether candidates may still answer.
bool IsOpenAt(const v1::Offer& offer, TimeUs moment);
/// The offer that a right names; nothing when it names none. RECORD_MISSING.
Result<std::optional<Read<v1::Offer>>> OfferOf(const store::Snapshot& snapshot,
                                               const v1::Right& right);
/// Ends an offer that nobody took, and takes it off its right. The right is to be put too.
void EndOffer(const Read<v1::Offer>& offer, v1::OfferState state, TimeUs now, v1::Right& right,
              ChangeWriter& writer);
/// Ends the offer of a right when its deadline has passed; OFFER_OPEN before.
Result<void> EndOfferGoneBy(const store::Snapshot& snapshot, TimeUs moment, v1::Right& right,
                            ChangeWriter& writer, std::string_view field);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_STANDING_H_
