#include "client/log/log_watch.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "client/log/state_bytes.h"
#include "codegen/code/facility_code.h"

namespace yima {
namespace {

constexpr size_t kIdDigitsMax = 15;

/// An organization may be called by its id, as everywhere on the command line.
uint64_t IdIn(const std::string& name) {
  uint64_t id = 0;
  const char* const end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data(), end, id);
  return error == std::errc() && at == end && name.size() <= kIdDigitsMax ? id : 0;
}

/// As the registry writes it, where the name is one; else the name.
std::string CreditCodeIn(const std::string& name) {
  const auto code = CreditCode::Parse(name);
  return code ? code->ToString() : name;
}

bool IsCalled(const v1::Organization& organization, const std::string& name) {
  return organization.name() == name ||
         (!name.empty() && organization.credit_code() == CreditCodeIn(name)) ||
         std::ranges::find(organization.aliases(), name) != organization.aliases().end();
}

bool IsNamed(const v1::Facility& facility, const v1::GetFacilityRequest& name) {
  switch (name.name_case()) {
    case v1::GetFacilityRequest::kUid:
      return facility.uid() == name.uid();
    case v1::GetFacilityRequest::kCode:
      return std::ranges::any_of(facility.codes(), [&](const v1::FacilityCode& code) {
        return code.scheme() == name.code().scheme() && code.digits() == name.code().digits();
      });
    case v1::GetFacilityRequest::kExternalCode:
      return std::ranges::any_of(facility.external_codes(), [&](const v1::ExternalCode& code) {
        return code.namespace_() == name.external_code().namespace_() &&
               code.value() == name.external_code().value();
      });
    default:
      return false;
  }
}

void AppendFlags(std::string& bytes, const std::vector<bool>& flags) {
  for (const bool flag : flags) bytes.push_back(flag ? '1' : '0');
}

bool TakeFlags(std::string_view& bytes, std::vector<bool>& flags) {
  if (bytes.size() < flags.size()) return false;
  for (size_t i = 0; i < flags.size(); ++i) flags[i] = bytes[i] == '1';
  bytes.remove_prefix(flags.size());
  return true;
}

}  // namespace

LogWatch::LogWatch(std::vector<v1::GetFacilityRequest> facilities,
                   std::vector<std::string> organizations)
    : facility_names_(std::move(facilities)),
      organization_names_(std::move(organizations)),
      facility_found_(facility_names_.size()),
      organization_found_(organization_names_.size()) {
  // Its plates may stand before a record that says so.
  for (const auto& name : facility_names_) {
    if (name.name_case() == v1::GetFacilityRequest::kUid) facilities_.insert(name.uid());
  }
  for (size_t i = 0; i < organization_names_.size(); ++i) {
    if (const uint64_t id = IdIn(organization_names_[i]); id != 0) organizations_[id] = "";
  }
}

std::string LogWatch::Key() const {
  std::string key;
  for (const auto& name : facility_names_) AppendText(key, name.SerializeAsString());
  AppendText(key, "");
  for (const auto& name : organization_names_) AppendText(key, name);
  return key;
}

LogWatch::Told LogWatch::Take(const v1::LogEntry& entry) {
  switch (entry.record_case()) {
    case v1::LogEntry::kFacility:
      return TakeFacility(entry.facility(), entry.revision());
    case v1::LogEntry::kCode:
      return {TakeCode(entry.code()), {}};
    case v1::LogEntry::kOrganization:
      return {TakeOrganization(entry.organization(), entry.revision()), {}};
    default:
      return {};
  }
}

/// One that is taken away concerns the facility that had it.
bool LogWatch::TakeCode(const v1::Code& code) {
  if (!facilities_.contains(code.facility())) return codes_.erase(code.serial()) > 0;
  codes_.insert(code.serial());
  return true;
}

LogWatch::Told LogWatch::TakeFacility(const v1::Facility& facility, uint64_t revision) {
  for (size_t i = 0; i < facility_names_.size(); ++i) {
    if (!IsNamed(facility, facility_names_[i])) continue;
    facility_found_[i] = true;
    const bool added = facilities_.insert(facility.uid()).second;
    again_ = again_ || (added && revision > 1);
  }
  const std::array<std::pair<v1::RightKind, uint64_t>, 3> rights{
      {{v1::RIGHT_KIND_SUPERVISING, facility.supervising().holder()},
       {v1::RIGHT_KIND_OWNING, facility.owning().holder()},
       {v1::RIGHT_KIND_MAINTAINING, facility.maintaining().holder()}}};
  const auto known = held_.find(facility.uid());
  const Holders before = known == held_.end() ? Holders{} : known->second;
  Told told{facilities_.contains(facility.uid()), {}};
  Holders now{};
  for (size_t i = 0; i < rights.size(); ++i) {
    const auto [kind, holder] = rights[i];
    if (organizations_.contains(holder)) now[i] = holder;
    if (before[i] != 0 && before[i] != holder) {
      told.left.push_back({kind, before[i], organizations_[before[i]]});
    }
    told.concerns = told.concerns || now[i] != 0 || before[i] != 0;
  }
  if (now != Holders{}) {
    held_[facility.uid()] = now;
  } else if (known != held_.end()) {
    held_.erase(known);
  }
  return told;
}

bool LogWatch::TakeOrganization(const v1::Organization& organization, uint64_t revision) {
  bool called = false;
  for (size_t i = 0; i < organization_names_.size(); ++i) {
    const uint64_t id = IdIn(organization_names_[i]);
    const bool meant =
        IsCalled(organization, organization_names_[i]) || (id != 0 && id == organization.id());
    if (meant) organization_found_[i] = true;
    called = called || meant;
  }
  const auto watched = organizations_.find(organization.id());
  if (watched != organizations_.end()) {
    watched->second = organization.name();
    return true;
  }
  if (!called) return false;
  organizations_.emplace(organization.id(), organization.name());
  again_ = again_ || revision > 1;
  return true;
}

void LogWatch::BeginAgain() {
  held_.clear();
  codes_.clear();
  again_ = false;
}

Result<void> LogWatch::CheckFound() const {
  const auto unknown = [](const std::string& what, const char* option) {
    return Fail(StatusCode::kNotFound, "WATCHED_UNKNOWN",
                fmt::format("no entry of the log names {}", what), option);
  };
  for (size_t i = 0; i < organization_names_.size(); ++i) {
    if (!organization_found_[i]) {
      return unknown(fmt::format("an organization \"{}\"", organization_names_[i]),
                     "--organization");
    }
  }
  for (size_t i = 0; i < facility_names_.size(); ++i) {
    if (facility_found_[i]) continue;
    return unknown(fmt::format("a facility {{{}}}", facility_names_[i].ShortDebugString()),
                   "--facility");
  }
  return {};
}

void LogWatch::AppendTo(std::string& bytes) const {
  AppendFlags(bytes, facility_found_);
  AppendFlags(bytes, organization_found_);
  AppendNumber(bytes, facilities_.size());
  for (const uint64_t uid : facilities_) AppendNumber(bytes, uid);
  AppendNumber(bytes, codes_.size());
  for (const uint64_t serial : codes_) AppendNumber(bytes, serial);
  AppendNumber(bytes, organizations_.size());
  for (const auto& [id, name] : organizations_) {
    AppendNumber(bytes, id);
    AppendText(bytes, name);
  }
  AppendNumber(bytes, held_.size());
  for (const auto& [uid, holders] : held_) {
    AppendNumber(bytes, uid);
    for (const uint64_t holder : holders) AppendNumber(bytes, holder);
  }
}

bool LogWatch::TakeFrom(std::string_view& bytes) {
  uint64_t count = 0;
  uint64_t id = 0;
  std::string name;
  if (!TakeFlags(bytes, facility_found_) || !TakeFlags(bytes, organization_found_) ||
      !TakeNumber(bytes, count)) {
    return false;
  }
  for (; count > 0; --count) {
    if (!TakeNumber(bytes, id)) return false;
    facilities_.insert(id);
  }
  if (!TakeNumber(bytes, count)) return false;
  for (; count > 0; --count) {
    if (!TakeNumber(bytes, id)) return false;
    codes_.insert(id);
  }
  if (!TakeNumber(bytes, count)) return false;
  for (; count > 0; --count) {
    if (!TakeNumber(bytes, id) || !TakeText(bytes, name)) return false;
    organizations_[id] = name;
  }
  if (!TakeNumber(bytes, count)) return false;
  for (; count > 0; --count) {
    if (!TakeNumber(bytes, id)) return false;
    for (uint64_t& holder : held_[id]) {
      if (!TakeNumber(bytes, holder)) return false;
    }
  }
  return true;
}

}  // namespace yima
