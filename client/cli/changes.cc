#include "client/cli/changes.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

/// Texts, by the names that columns of a ledger have too.
constexpr std::pair<std::string_view, const char*> kTexts[] = {
    {"division", "division"},
    {"class", "class_code"},
    {"name", "name"},
    {"grid_code", "grid_code"},
    {"surveyed_on", "surveyed_on"},
    {"changed_on", "changed_on"},
    {"data_source", "data_source"},
    {"subdistrict_code", "subdistrict_code"},
    {"subdistrict_name", "subdistrict_name"},
    {"community_code", "community_code"},
    {"community_name", "community_name"},
    {"address", "address"}};

tl::unexpected<Error> Malformed(std::string message) {
  return Invalid("CHANGE_MALFORMED", std::move(message), "change");
}

void AddPath(const char* path, v1::UpdateFacilityRequest& request) {
  if (std::ranges::find(request.update_mask(), path) == request.update_mask().end()) {
    request.add_update_mask(path);
  }
}

bool SetText(std::string_view key, const std::string& value, v1::UpdateFacilityRequest& request) {
  const auto found = std::ranges::find(kTexts, key, [](const auto& text) { return text.first; });
  if (found == std::end(kTexts)) return false;
  v1::Facility& facility = *request.mutable_facility();
  facility.GetReflection()->SetString(
      &facility, v1::Facility::descriptor()->FindFieldByName(found->second), value);
  AddPath(found->second, request);
  return true;
}

/// Whoever held it before is forgotten with the right.
Result<void> SetRight(Session& session, const char* path, const std::string& value,
                      v1::Right* right, v1::UpdateFacilityRequest& request) {
  right->Clear();
  AddPath(path, request);
  if (value == "ownerless" || value == "无主") {
    right->set_state(v1::RIGHT_STATE_OWNERLESS);
  } else if (!value.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t holder, FindOrganization(session, value));
    right->set_holder(holder);
  }
  return {};
}

Result<double> ParseDegrees(std::string_view text) {
  double degrees = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), degrees);
  if (error == std::errc() && end == text.data() + text.size()) return degrees;
  return Malformed(fmt::format("position: \"{}\" is no number of degrees", text));
}

Result<void> SetPosition(const std::string& value, v1::UpdateFacilityRequest& request) {
  request.mutable_facility()->clear_position();
  AddPath("position", request);
  if (value.empty()) return {};
  const size_t comma = value.find(',');
  if (comma == std::string::npos) {
    return Malformed(fmt::format("position={}: want LONGITUDE,LATITUDE", value));
  }
  YIMA_ASSIGN_OR_RETURN(const double longitude, ParseDegrees({value.data(), comma}));
  YIMA_ASSIGN_OR_RETURN(const double latitude,
                        ParseDegrees(std::string_view(value).substr(comma + 1)));
  request.mutable_facility()->mutable_position()->set_longitude(longitude);
  request.mutable_facility()->mutable_position()->set_latitude(latitude);
  return {};
}

Result<void> SetParent(Session& session, const std::string& value,
                       v1::UpdateFacilityRequest& request) {
  AddPath("parent", request);
  request.mutable_facility()->clear_parent();
  if (value.empty()) return {};
  YIMA_ASSIGN_OR_RETURN(const auto whole, cli::FindFacility(session, value));
  request.mutable_facility()->set_parent(whole.facility().uid());
  return {};
}

/// A code, or an external code, that it gets beside those it has.
Result<void> AddCode(const std::string& value, v1::UpdateFacilityRequest& request) {
  YIMA_ASSIGN_OR_RETURN(const auto name, ParseFacilityName(value));
  if (name.has_code()) {
    AddPath("codes", request);
    *request.mutable_facility()->add_codes() = name.code();
  } else if (name.has_external_code()) {
    AddPath("external_codes", request);
    *request.mutable_facility()->add_external_codes() = name.external_code();
  } else {
    return Malformed(fmt::format("code={}: want a code or NAMESPACE:VALUE", value));
  }
  return {};
}

/// One of many fields by name; without a value it is taken away.
void SetNamed(const std::string& name, const std::string& value,
              google::protobuf::RepeatedPtrField<v1::ExtraField>& fields) {
  const auto found = std::ranges::find(fields, name, &v1::ExtraField::name);
  if (value.empty()) {
    if (found != fields.end()) fields.erase(found);
    return;
  }
  auto* field = found == fields.end() ? fields.Add() : &*found;
  field->set_name(name);
  field->set_value(value);
}

Result<bool> SetOfMany(Session& session, const std::string& key, const std::string& value,
                       v1::UpdateFacilityRequest& request) {
  v1::Facility& facility = *request.mutable_facility();
  if (key == "supervisor") {
    YIMA_RETURN_IF_ERROR(
        SetRight(session, "supervising", value, facility.mutable_supervising(), request));
  } else if (key == "owner") {
    YIMA_RETURN_IF_ERROR(SetRight(session, "owning", value, facility.mutable_owning(), request));
  } else if (key == "maintainer") {
    YIMA_RETURN_IF_ERROR(
        SetRight(session, "maintaining", value, facility.mutable_maintaining(), request));
  } else if (key == "position") {
    YIMA_RETURN_IF_ERROR(SetPosition(value, request));
  } else if (key == "parent") {
    YIMA_RETURN_IF_ERROR(SetParent(session, value, request));
  } else if (key == "code") {
    YIMA_RETURN_IF_ERROR(AddCode(value, request));
  } else if (key == "remark") {
    AddPath("remark", request);
    request.set_remark(value);
  } else if (key.starts_with("extra:")) {
    AddPath("extra", request);
    SetNamed(key.substr(key.find(':') + 1), value, *facility.mutable_extra());
  } else if (key.starts_with("personal:")) {
    AddPath("personal", request);
    SetNamed(key.substr(key.find(':') + 1), value, *request.mutable_personal());
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string ChangesHelp() {
  std::string help;
  for (const auto& [key, path] : kTexts) help += fmt::format("{}= ", key);
  return help +
         "supervisor= owner= maintainer= position=LON,LAT parent= code= remark= extra:NAME= "
         "personal:NAME=";
}

Result<void> ParseChanges(Session& session, const std::vector<std::string>& words,
                          v1::UpdateFacilityRequest& request) {
  std::set<std::string> seen;
  for (const auto& word : words) {
    const size_t equals = word.find('=');
    const std::string key = word.substr(0, equals);
    if (equals == std::string::npos || key.empty()) {
      return Malformed(fmt::format("\"{}\": want FIELD=VALUE with {}", word, ChangesHelp()));
    }
    if (!seen.insert(key).second && key != "code") {
      return Malformed(fmt::format("{}= stands twice", key));
    }
    const std::string value = word.substr(equals + 1);
    if (SetText(key, value, request)) continue;
    YIMA_ASSIGN_OR_RETURN(const bool known, SetOfMany(session, key, value, request));
    if (!known) {
      return Malformed(fmt::format("{}= is no field: want {}", key, ChangesHelp()));
    }
  }
  return {};
}

}  // namespace yima::cli
