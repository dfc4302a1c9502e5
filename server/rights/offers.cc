#include "server/rights/offers.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/registry/life.h"
#include "server/rights/duties.h"
#include "server/rights/rights_batch.h"
#include "server/rights/rules.h"
#include "server/rights/standing.h"

namespace yima::server {
namespace {

constexpr v1::RightKind kOwning = v1::RIGHT_KIND_OWNING;

/// One batch of offers.
class OfferBatch final : public RightsBatch {
 public:
  OfferBatch(const Domain& domain, const Call& call, const v1::OfferFacilitiesRequest& request,
             const OfferSink& sink)
      : RightsBatch(domain, call, request.run(), request.target()), sink_(sink) {}

 private:
  /// The facility, its new offer, and the one whose deadline has passed.
  size_t PutsMax() const override { return 3; }

  /// Without its deadline nothing of it could be done.
  Result<void> MayBegin(const store::Snapshot& snapshot) override { return BeginChange(snapshot); }

  Result<void> BeginChange(const store::Snapshot& snapshot) override {
    YIMA_ASSIGN_OR_RETURN(moment_, Moment(domain_, snapshot));
    YIMA_ASSIGN_OR_RETURN(rules_, ReadRules(snapshot));
    YIMA_ASSIGN_OR_RETURN(period_, PeriodFrom(rules_.record, moment_, rules_.OfferDays()));
    return {};
  }

  Result<uint64_t> Step(const store::Snapshot& snapshot, v1::Facility& facility,
                        ChangeWriter& writer) override {
    YIMA_RETURN_IF_ERROR(CheckOfferable(facility));
    YIMA_ASSIGN_OR_RETURN(v1::Offer offer, NewOffer(snapshot, facility));
    v1::Right& owning = *facility.mutable_owning();
    YIMA_RETURN_IF_ERROR(EndOfferGoneBy(snapshot, moment_, owning, writer, "target.facility"));
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, NewId(store::Kind::kOffer));
    offer.set_id(id);
    writer.Create(id, offer);
    owning.set_offer(id);
    return 1;
  }

  Result<void> CheckOfferable(const v1::Facility& facility) const {
    YIMA_RETURN_IF_ERROR(CheckNotEnded(facility, "target.facility"));
    const v1::Right& owning = facility.owning();
    if (!owning.claims().empty()) {
      return Fail(StatusCode::kFailedPrecondition, "RIGHT_CLAIMED",
                  fmt::format("facility {} is claimed already", facility.uid()), "target.facility");
    }
    if (owning.state() == v1::RIGHT_STATE_OWNERLESS) return {};
    return Fail(StatusCode::kFailedPrecondition, "RIGHT_NOT_OWNERLESS",
                fmt::format("facility {} is not known to be ownerless", facility.uid()),
                "target.facility");
  }

  /// CANDIDATES_MISSING.
  Result<v1::Offer> NewOffer(const store::Snapshot& snapshot, const v1::Facility& facility) const {
    v1::Offer offer;
    offer.set_facility(facility.uid());
    offer.set_state(v1::OFFER_STATE_OPEN);
    const auto& named = rules_.ForClass(facility.class_code()).candidates();
    std::vector<uint64_t> candidates(named.begin(), named.end());
    std::ranges::sort(candidates);
    for (const uint64_t candidate : candidates) {
      // One that ended since the rules were set is passed over.
      if (FindActing(snapshot, candidate, "")) offer.add_candidates()->set_organization(candidate);
    }
    if (offer.candidates().empty()) {
      return Fail(StatusCode::kFailedPrecondition, "CANDIDATES_MISSING",
                  fmt::format("the rules name nobody who may own class {}", facility.class_code()),
                  "target.facility");
    }
    offer.set_last_day(period_.last_day);
    offer.set_close_time_us(period_.close_us);
    offer.set_principal(call_.principal);
    offer.set_batch(batch_);
    offer.set_rules(rules_.version);
    offer.set_create_time_us(moment_);
    return offer;
  }

  Result<void> Say(v1::RightsProgress progress) override {
    v1::OfferFacilitiesResponse response;
    *response.mutable_progress() = std::move(progress);
    return sink_(response);
  }

  const OfferSink& sink_;
  TimeUs moment_ = 0;
  Rules rules_;
  Period period_;
};

/// The request with owning for its kind, which may be left out.
Result<v1::OfferFacilitiesRequest> OfOwning(v1::OfferFacilitiesRequest request) {
  auto& target = *request.mutable_target();
  for (int i = 0; i < target.kinds_size(); ++i) {
    if (target.kinds(i) == kOwning) continue;
    return Invalid("RIGHT_KIND_UNKNOWN", "ownerless facilities are offered to be owned",
                   fmt::format("target.kinds[{}]", i));
  }
  if (target.kinds().empty()) target.add_kinds(kOwning);
  return request;
}

}  // namespace

Result<void> OfferFacilities(const Domain& domain, const Call& call,
                             const v1::OfferFacilitiesRequest& request, const OfferSink& sink) {
  YIMA_ASSIGN_OR_RETURN(const auto owning, OfOwning(request));
  return OfferBatch(domain, call, owning, sink)
      .Serve(v1::BATCH_KIND_OFFER, MarkedRequest(owning), KeptRequest(owning));
}

}  // namespace yima::server
