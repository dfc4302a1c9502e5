#include "server/rights/reorganized_record.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/registry/facility_rules.h"
#include "server/registry/life.h"
#include "server/rights/duties.h"

namespace yima::server {
namespace {

constexpr size_t kNameMax = 100;
constexpr int kFormerNamesMax = 16;
constexpr int kSuccessorsMax = 16;

tl::unexpected<Error> NotForKind(std::string_view what, std::string field) {
  return Invalid("FIELD_NOT_FOR_STEP", std::string(what), std::move(field));
}

Result<void> CheckDay(const std::string& date) {
  if (date.empty()) return Invalid("FIELD_MISSING", "it holds from a day on", "date");
  if (IsDate(date)) return {};
  return Invalid("DATE_MALFORMED", fmt::format("date \"{}\", want YYYY-MM-DD", date.substr(0, 32)),
                 "date");
}

Result<void> CheckSuccessor(const v1::ReorganizeRequest& request) {
  const bool needs = request.kind() == v1::REORGANIZATION_KIND_MERGE ||
                     request.kind() == v1::REORGANIZATION_KIND_SPLIT;
  if (needs && request.to() == 0) {
    return Invalid("SUCCESSOR_MISSING", "another organization follows it: which?", "to");
  }
  if (request.to() == 0 || request.to() != request.organization()) return {};
  return Invalid("TRANSFER_TO_HOLDER",
                 fmt::format("organization {} cannot follow itself", request.to()), "to");
}

/// Every name leads to one organization only.
Result<void> CheckNewName(const v1::Organization& organization, const std::string& name,
                          const store::Snapshot& snapshot) {
  if (name == organization.name()) {
    return Fail(StatusCode::kAlreadyExists, "ORGANIZATION_NAME_TAKEN",
                fmt::format("organization {} is called \"{}\" already", organization.id(), name),
                "new_name");
  }
  if (organization.former_names_size() >= kFormerNamesMax) {
    return Fail(StatusCode::kFailedPrecondition, "FORMER_NAMES_TOO_MANY",
                fmt::format("organization {} had {} names before, want at most {}",
                            organization.id(), organization.former_names_size(), kFormerNamesMax),
                "new_name");
  }
  YIMA_ASSIGN_OR_RETURN(const uint64_t holder,
                        snapshot.Holder(store::Index::kOrganizationName, name));
  if (holder == 0 || holder == organization.id()) return {};
  return Fail(StatusCode::kAlreadyExists, "ORGANIZATION_NAME_TAKEN",
              fmt::format("\"{}\" belongs to organization {}", name, holder), "new_name");
}

/// SUCCESSOR_MISSING while it supervises a facility that stands.
Result<void> CheckSupervisesNone(const Call& call, uint64_t organization,
                                 const store::Snapshot& snapshot) {
  uint64_t supervised = 0;
  YIMA_RETURN_IF_ERROR(
      snapshot.Scan(store::Kind::kFacility, 0, {OrganizationTerm(organization)},
                    [&](uint64_t uid, uint64_t, std::string_view bytes) {
                      v1::Facility facility;
                      facility.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                      const bool supervises =
                          facility.supervising().holder() == organization && !HasEnded(facility);
                      if (supervises) supervised = uid;
                      return !supervises && !call.cancelled();
                    }));
  if (call.cancelled()) return CallEnded();
  if (supervised == 0) return {};
  return Fail(StatusCode::kFailedPrecondition, "SUCCESSOR_MISSING",
              fmt::format("organization {} supervises facility {}, and a facility has a "
                          "supervising department: name who follows",
                          organization, supervised),
              "to");
}

bool HasSuccessor(const v1::Organization& organization, uint64_t to) {
  return std::ranges::find(organization.successors(), to) != organization.successors().end();
}

void AddSuccessor(uint64_t to, v1::Organization& organization) {
  if (to != 0 && !HasSuccessor(organization, to)) organization.add_successors(to);
}

/// The old name leads to it still; one that it had before, or by which it was called every day, is
/// its name now and no other.
void Rename(const v1::ReorganizeRequest& request, v1::Organization& organization) {
  auto& former = *organization.mutable_former_names();
  former.erase(std::remove_if(former.begin(), former.end(),
                              [&](const auto& name) { return name.name() == request.new_name(); }),
               former.end());
  auto& aliases = *organization.mutable_aliases();
  aliases.erase(std::remove(aliases.begin(), aliases.end(), request.new_name()), aliases.end());
  auto* old = former.Add();
  old->set_name(organization.name());
  old->set_until(request.date());
  *old->mutable_basis() = request.basis();
  organization.set_name(request.new_name());
}

v1::OrganizationState StateAfter(v1::ReorganizationKind kind) {
  switch (kind) {
    case v1::REORGANIZATION_KIND_MERGE:
      return v1::ORGANIZATION_STATE_MERGED;
    case v1::REORGANIZATION_KIND_DISSOLVE:
      return v1::ORGANIZATION_STATE_DISSOLVED;
    default:
      return v1::ORGANIZATION_STATE_UNSPECIFIED;
  }
}

}  // namespace

Result<void> CheckReorganization(const v1::ReorganizeRequest& request) {
  const auto kind = request.kind();
  if (!v1::ReorganizationKind_IsValid(kind) || kind == v1::REORGANIZATION_KIND_UNSPECIFIED) {
    return Invalid("REORGANIZATION_UNKNOWN",
                   fmt::format("{} is no way to reorganize", static_cast<int>(kind)), "kind");
  }
  const bool renames = kind == v1::REORGANIZATION_KIND_RENAME;
  YIMA_RETURN_IF_ERROR(CheckText(request.new_name(), kNameMax, "new_name", renames));
  if (!renames && !request.new_name().empty()) {
    return NotForKind("only a renaming gives a new name", "new_name");
  }
  if (renames && request.to() != 0) return NotForKind("nobody follows in a renaming", "to");
  if (kind != v1::REORGANIZATION_KIND_SPLIT && request.has_filter()) {
    return NotForKind("only a split takes what a filter finds", "filter");
  }
  YIMA_RETURN_IF_ERROR(CheckSuccessor(request));
  YIMA_RETURN_IF_ERROR(CheckDay(request.date()));
  return CheckBasis(request.basis(), "basis");
}

Result<void> CheckReorganizable(const Call& call, const v1::ReorganizeRequest& request,
                                const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read,
                        FindActing(snapshot, request.organization(), "organization"));
  if (request.to() != 0) YIMA_RETURN_IF_ERROR(FindActing(snapshot, request.to(), "to"));
  if (request.kind() == v1::REORGANIZATION_KIND_RENAME) {
    return CheckNewName(read.record, request.new_name(), snapshot);
  }
  if (request.to() == 0) return CheckSupervisesNone(call, request.organization(), snapshot);
  if (read.record.successors_size() < kSuccessorsMax || HasSuccessor(read.record, request.to())) {
    return {};
  }
  return Fail(StatusCode::kFailedPrecondition, "SUCCESSORS_TOO_MANY",
              fmt::format("organization {} was split {} times, want at most {}",
                          request.organization(), read.record.successors_size(), kSuccessorsMax),
              "to");
}

bool IsReorganized(const v1::Organization& organization, const v1::ReorganizeRequest& request) {
  if (request.kind() == v1::REORGANIZATION_KIND_RENAME) {
    return organization.name() == request.new_name();
  }
  // Whatever became of it since it was split.
  if (request.kind() == v1::REORGANIZATION_KIND_SPLIT) {
    return HasSuccessor(organization, request.to());
  }
  return organization.state() == StateAfter(request.kind()) &&
         organization.follower() == request.to() && organization.ended_on() == request.date() &&
         organization.ended_basis().SerializeAsString() == request.basis().SerializeAsString();
}

v1::Organization Reorganized(v1::Organization organization, const v1::ReorganizeRequest& request,
                             TimeUs now) {
  organization.set_update_time_us(now);
  if (request.kind() == v1::REORGANIZATION_KIND_RENAME) {
    Rename(request, organization);
    return organization;
  }
  AddSuccessor(request.to(), organization);
  if (request.kind() == v1::REORGANIZATION_KIND_SPLIT) return organization;
  organization.set_state(StateAfter(request.kind()));
  organization.set_follower(request.to());
  organization.set_ended_on(request.date());
  *organization.mutable_ended_basis() = request.basis();
  return organization;
}

}  // namespace yima::server
