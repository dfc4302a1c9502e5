#include "client/cli/selectors.h"

#include <charconv>
#include <set>

#include <fmt/format.h>

#include "client/cli/records.h"
#include "client/cli/words.h"
#include "codegen/code/code_text.h"
#include "codegen/code/serial.h"

namespace yima::cli {

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

namespace {

std::vector<std::string> SplitValues(std::string_view text) {
  std::vector<std::string> values;
  while (true) {
    const size_t comma = text.find(',');
    values.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return values;
    text.remove_prefix(comma + 1);
  }
}

/// Facets whose values are names of an enum, or facilities; false when the key is none of these.
Result<bool> AddFacet(Session& session, const std::string& key, const std::string& value,
                      v1::FacilityFilter& filter) {
  if (key == "condition") {
    YIMA_ASSIGN_OR_RETURN(const int n, ParseEnum(v1::Condition_descriptor(), value, key));
    filter.add_conditions(static_cast<v1::Condition>(n));
  } else if (key == "life") {
    YIMA_ASSIGN_OR_RETURN(const int n, ParseEnum(v1::Life_descriptor(), value, key));
    filter.add_lives(static_cast<v1::Life>(n));
  } else if (key == "parent") {
    YIMA_ASSIGN_OR_RETURN(const auto whole, FindFacility(session, value));
    filter.set_parent(whole.facility().uid());
  } else if (key == "handed-over" && value == "no") {
    filter.set_not_handed_over(true);
  } else {
    return false;
  }
  return true;
}

Result<void> AddCondition(Session& session, const std::string& key, const std::string& value,
                          v1::FacilityFilter& filter) {
  YIMA_ASSIGN_OR_RETURN(const bool added, AddFacet(session, key, value, filter));
  if (added) return {};
  if (key == "division") {
    filter.add_divisions(value);
  } else if (key == "class") {
    filter.add_class_codes(value);
  } else if (key == "organization") {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, FindOrganization(session, value));
    filter.add_organizations(id);
  } else if (key == "scheme") {
    YIMA_ASSIGN_OR_RETURN(const uint64_t scheme, ParseNumber(value, key));
    filter.add_schemes(static_cast<uint32_t>(std::min<uint64_t>(scheme, UINT32_MAX)));
  } else if (key == "right") {
    YIMA_ASSIGN_OR_RETURN(const int n, ParseEnum(v1::RightKind_descriptor(), value, key));
    filter.set_right_kind(static_cast<v1::RightKind>(n));
  } else if (key == "right-state") {
    YIMA_ASSIGN_OR_RETURN(const int n, ParseEnum(v1::RightState_descriptor(), value, key));
    filter.add_right_states(static_cast<v1::RightState>(n));
  } else if (key == "coded" && (value == "yes" || value == "no")) {
    filter.set_coded(value == "yes" ? v1::CODED_FILTER_CODED : v1::CODED_FILTER_UNCODED);
  } else if (key == "batch") {
    YIMA_ASSIGN_OR_RETURN(const uint64_t batch, ParseNumber(value, key));
    filter.set_batch(batch);
  } else if (key == "uid") {
    YIMA_ASSIGN_OR_RETURN(const uint64_t uid, ParseNumber(value, key));
    filter.add_uids(uid);
  } else {
    return Invalid("WHERE_MALFORMED",
                   fmt::format("--where {}={}: want {}", key, value, WhereHelp()), "--where");
  }
  return {};
}

}  // namespace

std::string WhereHelp() {
  return "division= class= organization= scheme= condition= life= right= right-state= coded=yes|no "
         "handed-over=no parent= batch= uid=";
}

Result<uint64_t> ParseNumber(std::string_view text, const std::string& place) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && IsDigits(text)) return value;
  return Invalid("NUMBER_MALFORMED", fmt::format("{} \"{}\" is not a number", place, text), place);
}

Result<v1::FacilityFilter> ParseWhere(Session& session, const std::vector<std::string>& where) {
  v1::FacilityFilter filter;
  std::set<std::string> seen;
  for (const auto& condition : where) {
    const size_t equals = condition.find('=');
    const std::string key = condition.substr(0, equals);
    if (equals == std::string::npos || equals + 1 == condition.size()) {
      return Invalid("WHERE_MALFORMED",
                     fmt::format("--where \"{}\": want key=value with {}", condition, WhereHelp()),
                     "--where");
    }
    const auto values = SplitValues(std::string_view(condition).substr(equals + 1));
    const bool single = key == "right" || key == "coded" || key == "batch" || key == "parent";
    // Said twice, it would not mean what it seems to.
    if (!seen.insert(key).second || (single && values.size() > 1)) {
      return Invalid("WHERE_MALFORMED",
                     single ? fmt::format("--where {}= takes one value", key)
                            : fmt::format("--where {}= stands twice; write {}=a,b", key, key),
                     "--where");
    }
    for (const auto& value : values) {
      YIMA_RETURN_IF_ERROR(AddCondition(session, key, value, filter));
    }
  }
  return filter;
}

Result<v1::GetFacilityRequest> ParseFacilityName(std::string_view text) {
  constexpr size_t kUidDigitsMax = 15;
  v1::GetFacilityRequest request;
  const auto set_code = [&](uint32_t scheme, std::string_view digits) {
    request.mutable_code()->set_scheme(scheme);
    request.mutable_code()->set_digits(std::string(digits));
    return request;
  };
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    if (IsDigits(text) && text.size() == 17) return set_code(kSchemeGbt47678, text);
    if (IsDigits(text) && text.size() == 16) return set_code(kSchemeGbt30428, text);
    if (IsDigits(text) && text.size() <= kUidDigitsMax) {
      YIMA_ASSIGN_OR_RETURN(const uint64_t uid, ParseNumber(text, "facility"));
      request.set_uid(uid);
      return request;
    }
    return Invalid("FACILITY_NAME_MALFORMED",
                   fmt::format("facility \"{}\": want a code of 16 or 17 digits, uid:N, "
                               "SCHEME:DIGITS or NAMESPACE:VALUE",
                               text),
                   "facility");
  }
  const std::string_view before = text.substr(0, colon);
  const std::string_view after = text.substr(colon + 1);
  if (before == "uid") {
    YIMA_ASSIGN_OR_RETURN(const uint64_t uid, ParseNumber(after, "facility"));
    request.set_uid(uid);
  } else if (IsDigits(before)) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t scheme, ParseNumber(before, "scheme"));
    return set_code(static_cast<uint32_t>(std::min<uint64_t>(scheme, UINT32_MAX)), after);
  } else {
    request.mutable_external_code()->set_namespace_(std::string(before));
    request.mutable_external_code()->set_value(std::string(after));
  }
  return request;
}

Result<v1::GetFacilityResponse> FindFacility(Session& session, std::string_view text) {
  YIMA_ASSIGN_OR_RETURN(const auto request, ParseFacilityName(text));
  return session.client().GetFacility(request);
}

Result<uint64_t> FindOrganization(Session& session, const std::string& text) {
  v1::GetOrganizationRequest request;
  if (IsDigits(text) && text.size() < 16) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, ParseNumber(text, "organization"));
    return id;
  }
  request.set_text(text);
  YIMA_ASSIGN_OR_RETURN(const auto found, session.client().GetOrganization(request));
  return found.organization().id();
}

Result<uint64_t> ParsePlate(std::string_view text) {
  if (const auto parts = SplitCodeText(text)) {
    const auto bytes = DecodeBody(parts->digits);
    if (!bytes) {
      return Invalid("CODE_MALFORMED", fmt::format("code \"{}\" is malformed", text), "serial");
    }
    return DecodePayload(std::span(*bytes).first<kPayloadSize>()).serial.value();
  }
  if (IsDigits(text)) {
    YIMA_ASSIGN_OR_RETURN(const Serial serial, Serial::Parse(text));
    return serial.value();
  }
  YIMA_ASSIGN_OR_RETURN(const Serial serial, Serial::ParseShortNumber(text));
  return serial.value();
}

}  // namespace yima::cli
