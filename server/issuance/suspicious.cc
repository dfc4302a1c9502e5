#include "server/issuance/suspicious.h"

#include <fmt/format.h>

#include "server/domain/page_scan.h"
#include "server/issuance/codes.h"

namespace yima::server {
namespace {

/// One more for the page; nothing when the caller may not see the code.
Result<std::optional<v1::SuspiciousCode>> Shown(const Domain& domain, const Call& call,
                                                const store::Snapshot& snapshot, uint64_t serial,
                                                std::string_view bytes) {
  YIMA_ASSIGN_OR_RETURN(const auto code, FindCode(snapshot, serial));
  const auto seen = CheckReachOfCode(call, snapshot, code.record, "");
  if (!seen && seen.error().reason == "SCOPE_EXCEEDED") return std::nullopt;
  if (!seen) return tl::unexpected(seen.error());
  v1::SuspiciousCode shown;
  *shown.mutable_code() = ToIssued(domain, code.record, code.revision);
  if (shown.mutable_sightings()->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return shown;
  }
  return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
              fmt::format("the sightings of code {} do not parse; run yimad check", serial));
}

}  // namespace

Result<v1::ListSuspiciousCodesResponse> ListSuspiciousCodes(
    const Domain& domain, const Call& call, const v1::ListSuspiciousCodesRequest& request,
    const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, "", request.page_token()));
  const uint64_t after = place.empty() ? 0 : std::stoull(place);
  PageScan page(call, size, after);
  v1::ListSuspiciousCodesResponse response;
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kSighting, after, {SuspiciousTerm()},
                                     [&](uint64_t serial, uint64_t, std::string_view bytes) {
                                       if (!page.Look(serial)) return false;
                                       auto shown = Shown(domain, call, snapshot, serial, bytes);
                                       if (!shown) failure = tl::unexpected(shown.error());
                                       if (!shown || !*shown) return shown.has_value();
                                       if (!page.Take((*shown)->ByteSizeLong())) return false;
                                       *response.add_codes() = **std::move(shown);
                                       return true;
                                     }));
  YIMA_RETURN_IF_ERROR(failure);
  YIMA_ASSIGN_OR_RETURN(*response.mutable_next_page_token(), page.NextToken(domain, ""));
  return response;
}

}  // namespace yima::server
