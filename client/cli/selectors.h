#ifndef YIMA_CLIENT_CLI_SELECTORS_H_
#define YIMA_CLIENT_CLI_SELECTORS_H_

#include <string>
#include <vector>

#include "client/cli/session.h"

namespace yima::cli {

/// One at least, and nothing else.
bool IsDigits(std::string_view text);

/// What `--where` may say, for --help.
std::string WhereHelp();

/// `key=value[,value…]` each: division, class, organization (id, name or credit code: looked up on
/// the server), scheme, condition, life, right, right-state, coded (yes, no), handed-over (no),
/// parent (a facility by any name: looked up), batch, uid.
/// WHERE_MALFORMED, ENUM_UNKNOWN, and what looking up an organization refuses.
Result<v1::FacilityFilter> ParseWhere(Session& session, const std::vector<std::string>& where);

/// A facility as a user names it: `uid:N` or up to 15 digits, 16 or 17 digits of a standard code,
/// `SCHEME:DIGITS`, or `NAMESPACE:VALUE` of an external code. FACILITY_NAME_MALFORMED.
Result<v1::GetFacilityRequest> ParseFacilityName(std::string_view text);

/// The same, looked up. FACILITY_NOT_FOUND.
Result<v1::GetFacilityResponse> FindFacility(Session& session, std::string_view text);

/// The id of an organization from its id, name, alias or credit code, looked up.
/// ORGANIZATION_NOT_FOUND.
Result<uint64_t> FindOrganization(Session& session, const std::string& text);

/// A plate's serial, from its decimal digits, its short number or its whole text.
Result<uint64_t> ParsePlate(std::string_view text);

/// Decimal digits of a number of the registry (batch, uid); NUMBER_MALFORMED names `place`.
Result<uint64_t> ParseNumber(std::string_view text, const std::string& place);

/// Calls `list` page after page and `take` for each answer, until the last page.
template <typename Request, typename Response>
Result<void> EachPage(Request request, const std::function<Result<Response>(const Request&)>& list,
                      const std::function<Result<void>(const Response&)>& take) {
  constexpr int kPageSize = 1000;
  request.set_page_size(kPageSize);
  while (true) {
    YIMA_ASSIGN_OR_RETURN(const Response page, list(request));
    YIMA_RETURN_IF_ERROR(take(page));
    if (page.next_page_token().empty()) return {};
    request.set_page_token(page.next_page_token());
  }
}

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_SELECTORS_H_
