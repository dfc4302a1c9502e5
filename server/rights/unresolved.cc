#include "server/rights/unresolved.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/domain/entry_view.h"
#include "server/domain/page_scan.h"
#include "server/registry/filter.h"
#include "server/registry/life.h"
#include "server/rights/right_of.h"
#include "server/rights/rules.h"
#include "server/rights/standing.h"

namespace yima::server {
namespace {

/// What all rights of one page are held against.
struct View {
  const store::Snapshot& snapshot;
  v1::RightKind kind;
  Rules rules;
  TimeUs moment = 0;
  uint64_t log_size = 0;
};

/// The latest moment at which a notice of these claims closes: 0 when all are over; nothing when
/// one of them has not opened.
Result<std::optional<TimeUs>> ClosesAt(const View& view, const v1::Right& right) {
  TimeUs latest = 0;
  for (const auto& claim : right.claims()) {
    if (claim.notice() == 0) return std::nullopt;
    YIMA_ASSIGN_OR_RETURN(const auto notice, Get<v1::Notice>(view.snapshot, claim.notice()));
    if (!notice || notice->record.state() != v1::NOTICE_STATE_OPEN) return std::nullopt;
    latest = std::max<TimeUs>(latest, notice->record.close_time_us());
  }
  return latest > view.moment ? latest : 0;
}

Result<const char*> ClaimedWaitsFor(const View& view, const v1::Facility& facility,
                                    const v1::Right& right) {
  if (right.objections() > 0) return "OBJECTION";
  const char* decision = right.claims_size() > 1 ? "SETTLEMENT" : "CONFIRMATION";
  if (view.rules.ForClass(facility.class_code()).no_publicity()) return decision;
  YIMA_ASSIGN_OR_RETURN(const auto closes, ClosesAt(view, right));
  if (!closes) return "NOTICE";
  return *closes > 0 ? "PERIOD" : decision;
}

Result<bool> WasOffered(const View& view, uint64_t facility) {
  bool was = false;
  YIMA_RETURN_IF_ERROR(view.snapshot.Scan(store::Kind::kOffer, 0, {FacilityTerm(facility)},
                                          [&](uint64_t, uint64_t, std::string_view) {
                                            was = true;
                                            return false;
                                          }));
  return was;
}

/// Offered first; when nobody took it, given to a custodian; and from then on to whoever claims it.
Result<const char*> OwnerlessWaitsFor(const View& view, const v1::Facility& facility) {
  YIMA_ASSIGN_OR_RETURN(const auto offer, OfferOf(view.snapshot, facility.owning()));
  if (offer && IsOpenAt(offer->record, view.moment)) return "OFFER";
  if (facility.maintaining().order() != 0) return "ORDER";
  if (facility.maintaining().by_order()) return "CLAIM";
  YIMA_ASSIGN_OR_RETURN(const bool offered, WasOffered(view, facility.uid()));
  return offered ? "CUSTODIAN" : "OFFER";
}

Result<const char*> WaitsFor(const View& view, const v1::Facility& facility,
                             const v1::Right& right) {
  if (right.order() != 0) return "ORDER";
  if (right.state() == v1::RIGHT_STATE_CLAIMED) return ClaimedWaitsFor(view, facility, right);
  if (right.state() == v1::RIGHT_STATE_OWNERLESS) return OwnerlessWaitsFor(view, facility);
  return "CLAIM";
}

/// When the right took the form that it has: the time of the oldest of the newest entries that all
/// show it so.
Result<TimeUs> Since(const View& view, uint64_t uid, const v1::Right& right) {
  const std::string stands = right.SerializeAsString();
  TimeUs since = 0;
  v1::Facility then;
  YIMA_RETURN_IF_ERROR(view.snapshot.ScanHistory(
      store::Kind::kFacility, uid, view.log_size, [&](const store::LogRecord& record) {
        const auto entry = ViewEntry(record.entry);
        if (!entry ||
            !then.ParseFromArray(entry->record.data(), static_cast<int>(entry->record.size()))) {
          return false;
        }
        if (RightOf(then, view.kind).SerializeAsString() != stands) return false;
        since = static_cast<TimeUs>(entry->time_us);
        return true;
      }));
  return since;
}

Result<v1::UnresolvedRight> Unresolved(const View& view, const v1::Facility& facility) {
  const v1::Right& right = RightOf(facility, view.kind);
  v1::UnresolvedRight shown;
  shown.set_facility(facility.uid());
  if (!facility.codes().empty()) *shown.mutable_code() = *facility.codes().rbegin();
  shown.set_name(facility.name());
  shown.set_division(facility.division());
  *shown.mutable_right() = right;
  YIMA_ASSIGN_OR_RETURN(const TimeUs since, Since(view, facility.uid(), right));
  shown.set_since_us(since);
  YIMA_ASSIGN_OR_RETURN(const char* waits_for, WaitsFor(view, facility, right));
  shown.set_waits_for(waits_for);
  return shown;
}

bool IsUnresolved(const View& view, const v1::Facility& facility) {
  return !HasEnded(facility) && RightOf(facility, view.kind).state() != v1::RIGHT_STATE_CONFIRMED;
}

Result<View> ViewOf(const Domain& domain, v1::RightKind kind, const store::Snapshot& snapshot) {
  View view{snapshot, kind == v1::RIGHT_KIND_UNSPECIFIED ? v1::RIGHT_KIND_OWNING : kind, {}};
  YIMA_RETURN_IF_ERROR(CheckKind(view.kind, "kind"));
  YIMA_ASSIGN_OR_RETURN(view.rules, ReadRules(snapshot));
  YIMA_ASSIGN_OR_RETURN(view.moment, Moment(domain, snapshot));
  YIMA_ASSIGN_OR_RETURN(view.log_size, snapshot.LogSize());
  return view;
}

}  // namespace

Result<v1::ListUnresolvedResponse> ListUnresolved(const Domain& domain, const Call& call,
                                                  const v1::ListUnresolvedRequest& request,
                                                  const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(call, request.filter()));
  YIMA_ASSIGN_OR_RETURN(const View view, ViewOf(domain, request.kind(), snapshot));
  const std::string filter =
      fmt::format("{} {}", static_cast<int>(view.kind), request.filter().SerializeAsString());
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter, request.page_token()));
  const uint64_t after = place.empty() ? 0 : std::stoull(place);
  PageScan page(call, size, after);
  v1::ListUnresolvedResponse response;
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(matcher.Scan(
      snapshot, after, [&](uint64_t uid) { return page.Look(uid); },
      [&](uint64_t, const v1::Facility& facility) {
        if (!IsUnresolved(view, facility)) return true;
        auto shown = Unresolved(view, facility);
        if (!shown) failure = tl::unexpected(shown.error());
        if (!shown || !page.Take(shown->ByteSizeLong())) return false;
        *response.add_rights() = *std::move(shown);
        return true;
      }));
  YIMA_RETURN_IF_ERROR(failure);
  YIMA_ASSIGN_OR_RETURN(*response.mutable_next_page_token(), page.NextToken(domain, filter));
  return response;
}

}  // namespace yima::server
