#ifndef YIMA_SERVER_RIGHTS_OFFERS_H_
#define YIMA_SERVER_RIGHTS_OFFERS_H_

#include <functional>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// Takes one message of the answer; an Error when nobody listens. May wait.
using OfferSink = std::function<Result<void>(const v1::OfferFacilitiesResponse&)>;

/// Puts ownerless facilities to the candidates of their class; an offer whose deadline has passed
/// ends with the new one. Waits; for a thread of its own. Of the whole: what RightsBatch says,
/// RIGHT_KIND_UNKNOWN for any right but owning, CALENDAR_YEAR_MISSING. Of a facility:
/// FACILITY_ENDED, RIGHT_CLAIMED, RIGHT_NOT_OWNERLESS, OFFER_OPEN, CANDIDATES_MISSING.
Result<void> OfferFacilities(const Domain& domain, const Call& call,
                             const v1::OfferFacilitiesRequest& request, const OfferSink& sink);

/// For the caller's own organization: OFFER_NOT_FOUND, NOT_A_CANDIDATE, SCOPE_EXCEEDED,
/// OFFER_TAKEN, OFFER_ENDED (also when its deadline has passed), OFFER_ANSWERED,
/// ORGANIZATION_ENDED, FACILITY_ENDED, RIGHT_CLAIMED_ALREADY, CLAIMS_TOO_MANY, BASIS_*.
Result<Planned> PlanAcceptOffer(const Domain& domain, const Call& call,
                                const v1::AcceptOfferRequest& request,
                                const store::Snapshot& snapshot);
Result<v1::AcceptOfferResponse> AnswerAcceptOffer(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot);

/// The same with FIELD_MISSING for its reason. The last of the candidates ends the offer.
Result<Planned> PlanDeclineOffer(const Domain& domain, const Call& call,
                                 const v1::DeclineOfferRequest& request,
                                 const store::Snapshot& snapshot);
Result<v1::DeclineOfferResponse> AnswerDeclineOffer(const Domain& domain,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot& snapshot);

/// Those of facilities within the caller's reach, by rising id, and those put to its own
/// organization, without what the others answered. One whose deadline has passed is shown as ENDED.
Result<v1::ListOffersResponse> ListOffers(const Domain& domain, const Call& call,
                                          const v1::ListOffersRequest& request,
                                          const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_OFFERS_H_
