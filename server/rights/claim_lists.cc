#include "server/rights/claim_lists.h"

#include <algorithm>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "server/access/roles.h"
#include "server/domain/page_scan.h"
#include "server/rights/duties.h"
#include "server/rights/right_of.h"
#include "server/rights/shown_rights.h"

namespace yima::server {
namespace {

/// One page of records under those terms. `take` gives what is shown of one, or nothing when it is
/// passed over; `add` keeps it.
template <typename R, typename Request>
Result<std::string> Page(const Domain& domain, const Call& call, const Request& request,
                         const store::Snapshot& snapshot, const std::vector<std::string>& terms,
                         const std::function<Result<std::optional<R>>(const R&)>& take,
                         const std::function<void(R)>& add) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  Request asked = request;
  asked.clear_page_size();
  asked.clear_page_token();
  const std::string filter = asked.SerializeAsString() + call.reach->Fingerprint();
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter, request.page_token()));
  const uint64_t after = place.empty() ? 0 : std::stoull(place);
  PageScan page(call, size, after);
  Result<void> failure;
  const auto visit = [&](uint64_t id, uint64_t, std::string_view bytes) {
    if (!page.Look(id)) return false;
    R record;
    if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      failure = Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                     fmt::format("record {} does not parse; run yimad check", id));
      return false;
    }
    auto shown = take(record);
    if (!shown) failure = tl::unexpected(shown.error());
    if (!shown || !*shown) return shown.has_value();
    if (!page.Take((*shown)->ByteSizeLong())) return false;
    add(**std::move(shown));
    return true;
  };
  YIMA_RETURN_IF_ERROR(snapshot.Scan(ChangeWriter::KindOf(R{}), after, terms, visit));
  YIMA_RETURN_IF_ERROR(failure);
  return page.NextToken(domain, filter);
}

/// The facility on which something stands; null when the caller's reach is everywhere, which needs
/// no look at it, and when there is none.
Result<std::optional<v1::Facility>> FacilityToJudge(const Call& call,
                                                    const store::Snapshot& snapshot, uint64_t uid) {
  if (call.reach->everywhere()) return std::nullopt;
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Facility>(snapshot, uid));
  if (!read) return std::nullopt;
  return std::move(read->record);
}

bool IsWithinReach(const Call& call, const std::optional<v1::Facility>& facility) {
  return call.reach->everywhere() || (facility && call.reach->Covers(*facility));
}

bool Claims(const Actor& actor, const std::optional<v1::Facility>& facility, int kind) {
  if (actor.organization == 0 || !facility) return false;
  return std::ranges::any_of(RightOf(*facility, kind).claims(), [&](const auto& claim) {
    return claim.organization() == actor.organization;
  });
}

bool IsOwn(const Actor& actor, uint64_t organization) {
  return actor.organization != 0 && actor.organization == organization;
}

}  // namespace

Result<v1::ListClaimsResponse> ListClaims(const Domain& domain, const Call& call,
                                          const v1::ListClaimsRequest& request,
                                          const store::Snapshot& snapshot) {
  for (int i = 0; i < request.states_size(); ++i) {
    if (v1::ClaimState_IsValid(request.states(i))) continue;
    return Invalid("ENUM_UNKNOWN", fmt::format("{} is no known value", request.states(i)),
                   fmt::format("states[{}]", i));
  }
  YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call, snapshot));
  std::vector<std::string> terms;
  if (request.facility() != 0) terms.push_back(FacilityTerm(request.facility()));
  v1::ListClaimsResponse response;
  const auto take = [&](const v1::Claim& claim) -> Result<std::optional<v1::Claim>> {
    const bool asked =
        (request.organization() == 0 || claim.organization() == request.organization()) &&
        (request.states().empty() ||
         std::ranges::find(request.states(), claim.state()) != request.states().end());
    if (!asked) return std::nullopt;
    YIMA_ASSIGN_OR_RETURN(const auto facility, FacilityToJudge(call, snapshot, claim.facility()));
    if (!IsWithinReach(call, facility) && !IsOwn(actor, claim.organization())) return std::nullopt;
    return ShownClaim(claim);
  };
  YIMA_ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      (Page<v1::Claim>(domain, call, request, snapshot, terms, take,
                       [&](v1::Claim claim) { *response.add_claims() = std::move(claim); })));
  return response;
}

Result<v1::ListObjectionsResponse> ListObjections(const Domain& domain, const Call& call,
                                                  const v1::ListObjectionsRequest& request,
                                                  const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call, snapshot));
  std::vector<std::string> terms;
  if (request.facility() != 0) terms.push_back(FacilityTerm(request.facility()));
  if (request.notice() != 0) terms.push_back(NoticeTerm(request.notice()));
  if (request.open()) terms.push_back(OpenTerm());
  const bool registrar = (call.roles & kRegistrars) != 0;
  v1::ListObjectionsResponse response;
  const auto take = [&](const v1::Objection& objection) -> Result<std::optional<v1::Objection>> {
    const bool own = IsOwn(actor, objection.organization());
    YIMA_ASSIGN_OR_RETURN(const auto facility,
                          FacilityToJudge(call, snapshot, objection.facility()));
    if (!own && !IsWithinReach(call, facility) && !Claims(actor, facility, objection.kind())) {
      return std::nullopt;
    }
    return ShownObjection(objection, registrar || own);
  };
  YIMA_ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                        (Page<v1::Objection>(domain, call, request, snapshot, terms, take,
                                             [&](v1::Objection objection) {
                                               *response.add_objections() = std::move(objection);
                                             })));
  return response;
}

}  // namespace yima::server
