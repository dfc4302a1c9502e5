#include "server/access/principals.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "server/access/roles.h"
#include "server/domain/page_scan.h"
#include "server/registry/facility_rules.h"

namespace yima::server {
namespace {

constexpr size_t kNameMax = 64;
constexpr int kGrantsMax = 16;
constexpr int kValuesMax = 100;
constexpr int kCertificateNamesMax = 8;

Result<void> CheckCount(int count, int max, std::string field) {
  if (count <= max) return {};
  return Invalid("TOO_MANY_VALUES", fmt::format("{} values, want at most {}", count, max),
                 std::move(field));
}

bool IsDivisionPrefix(const std::string& prefix) {
  return (prefix.size() == 2 || prefix.size() == 4 || prefix.size() == 6) &&
         std::ranges::all_of(prefix, [](char c) { return c >= '0' && c <= '9'; });
}

Result<void> CheckOrganization(const store::Snapshot& snapshot, uint64_t id, std::string field) {
  if (id <= INT64_MAX) {
    YIMA_ASSIGN_OR_RETURN(const auto found, snapshot.Get(store::Kind::kOrganization, id));
    if (found) return {};
  }
  return Fail(StatusCode::kNotFound, "ORGANIZATION_UNKNOWN",
              fmt::format("no organization has id {}", id), std::move(field));
}

Result<void> CheckGrant(const store::Snapshot& snapshot, const v1::Grant& grant,
                        const std::string& at) {
  if (!v1::Role_IsValid(grant.role()) || grant.role() == v1::ROLE_UNSPECIFIED) {
    return Invalid("ROLE_UNKNOWN", fmt::format("{} is no role", static_cast<int>(grant.role())),
                   at + "role");
  }
  if (grant.role() == v1::ROLE_ADMIN && grant.divisions_size() + grant.organizations_size() > 0) {
    return Invalid("ROLE_WITHOUT_BOUNDS",
                   "who deals with principals does so for the whole registry", at + "role");
  }
  YIMA_RETURN_IF_ERROR(CheckCount(grant.divisions_size(), kValuesMax, at + "divisions"));
  YIMA_RETURN_IF_ERROR(CheckCount(grant.organizations_size(), kValuesMax, at + "organizations"));
  for (int i = 0; i < grant.divisions_size(); ++i) {
    if (IsDivisionPrefix(grant.divisions(i))) continue;
    return Invalid("DIVISION_MALFORMED",
                   fmt::format("division \"{}\", want a prefix of 2, 4 or 6 digits",
                               grant.divisions(i).substr(0, 32)),
                   fmt::format("{}divisions[{}]", at, i));
  }
  for (int i = 0; i < grant.organizations_size(); ++i) {
    YIMA_RETURN_IF_ERROR(CheckOrganization(snapshot, grant.organizations(i),
                                           fmt::format("{}organizations[{}]", at, i)));
  }
  return {};
}

/// What a request may say of a principal. `id`: whose certificate names it may repeat.
Result<void> CheckPrincipal(const store::Snapshot& snapshot, const v1::Principal& principal,
                            uint64_t id) {
  if (principal.create_time_us() != 0 || principal.update_time_us() != 0) {
    return Invalid("FIELD_OUTPUT_ONLY", "times are set by the server", "principal.create_time_us");
  }
  if (!v1::PrincipalKind_IsValid(principal.kind()) ||
      principal.kind() == v1::PRINCIPAL_KIND_UNSPECIFIED) {
    return Invalid("PRINCIPAL_KIND_UNKNOWN",
                   fmt::format("{} is no kind of principal", static_cast<int>(principal.kind())),
                   "principal.kind");
  }
  YIMA_RETURN_IF_ERROR(CheckText(principal.name().value(), kNameMax, "principal.name.value", true));
  if (principal.organization() != 0) {
    YIMA_RETURN_IF_ERROR(
        CheckOrganization(snapshot, principal.organization(), "principal.organization"));
  }
  YIMA_RETURN_IF_ERROR(CheckCount(principal.grants_size(), kGrantsMax, "principal.grants"));
  for (int i = 0; i < principal.grants_size(); ++i) {
    YIMA_RETURN_IF_ERROR(
        CheckGrant(snapshot, principal.grants(i), fmt::format("principal.grants[{}].", i)));
  }
  YIMA_RETURN_IF_ERROR(CheckCount(principal.certificate_names_size(), kCertificateNamesMax,
                                  "principal.certificate_names"));
  std::set<std::string> names;
  for (int i = 0; i < principal.certificate_names_size(); ++i) {
    const auto& name = principal.certificate_names(i);
    const std::string field = fmt::format("principal.certificate_names[{}]", i);
    YIMA_RETURN_IF_ERROR(CheckText(name, kNameMax, field, true));
    YIMA_ASSIGN_OR_RETURN(const uint64_t holder,
                          snapshot.Holder(store::Index::kCertificateName, name));
    if ((holder == 0 || holder == id) && names.insert(name).second) continue;
    return Fail(StatusCode::kAlreadyExists, "CERTIFICATE_NAME_TAKEN",
                fmt::format("certificate name \"{}\" stands for principal {} already", name,
                            holder != 0 ? holder : id),
                field);
  }
  return {};
}

/// Another administrator, who must still be one when the change is carried out: two who remove each
/// other at the same moment would otherwise both succeed.
Result<void> KeepAnAdmin(const store::Snapshot& snapshot, uint64_t removed, ChangeWriter& writer) {
  uint64_t other = 0;
  uint64_t other_revision = 0;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kPrincipal, 0, {}, [&](uint64_t id, uint64_t revision, std::string_view bytes) {
        v1::Principal principal;
        if (id != removed &&
            principal.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
            IsAdmin(principal)) {
          other = id;
          other_revision = revision;
        }
        return other == 0;
      }));
  if (other == 0) {
    return Fail(
        StatusCode::kFailedPrecondition, "LAST_ADMIN",
        fmt::format("principal {} is the last administrator; make another one first", removed),
        "principal");
  }
  writer.Check(store::Kind::kPrincipal, other, other_revision);
  return {};
}

v1::Principal ShownPrincipal(const Domain& domain, v1::Principal principal, uint64_t revision) {
  principal.mutable_name()->clear_salt();
  principal.mutable_name()->clear_hash();
  principal.set_etag(Etag(domain, revision));
  return principal;
}

Result<Read<v1::Principal>> Find(const store::Snapshot& snapshot, uint64_t id,
                                 std::string_view field) {
  std::optional<Read<v1::Principal>> read;
  if (id <= INT64_MAX) {
    YIMA_ASSIGN_OR_RETURN(read, Get<v1::Principal>(snapshot, id));
  }
  if (read) return *std::move(read);
  return Fail(StatusCode::kNotFound, "PRINCIPAL_NOT_FOUND",
              fmt::format("no principal has id {}", id), std::string(field));
}

Result<v1::Principal> Shown(const Domain& domain, const store::Snapshot& snapshot, uint64_t id,
                            std::string_view field) {
  YIMA_ASSIGN_OR_RETURN(auto read, Find(snapshot, id, field));
  return ShownPrincipal(domain, std::move(read.record), read.revision);
}

}  // namespace

bool IsAdmin(const v1::Principal& principal) {
  return !principal.disabled() &&
         std::ranges::any_of(principal.grants(),
                             [](const v1::Grant& grant) { return grant.role() == v1::ROLE_ADMIN; });
}

Result<Planned> PlanCreatePrincipal(const Domain& domain, const Call& call,
                                    const v1::CreatePrincipalRequest& request,
                                    const store::Snapshot& snapshot) {
  v1::Principal principal = request.principal();
  if (principal.id() != 0 || !principal.etag().empty()) {
    return Invalid("FIELD_OUTPUT_ONLY", "id and etag are set by the server", "principal.id");
  }
  YIMA_RETURN_IF_ERROR(CheckPrincipal(snapshot, principal, 0));
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain.numbers.NewId(store::Kind::kPrincipal));
  principal.set_id(id);
  *principal.mutable_name() = Withhold(request.principal().name().value());
  principal.set_create_time_us(domain.now());
  principal.set_update_time_us(principal.create_time_us());
  ChangeWriter writer(call, request.request_id());
  writer.Create(id, principal);
  return Planned{writer.Take(), {{store::Kind::kPrincipal, id, 1}}};
}

Result<v1::CreatePrincipalResponse> AnswerCreatePrincipal(const Domain& domain,
                                                          const std::vector<RecordRef>& results,
                                                          const store::Snapshot& snapshot) {
  domain.access_changes->fetch_add(1, std::memory_order_release);
  v1::CreatePrincipalResponse response;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_principal(),
                        Shown(domain, snapshot, results.at(0).id, "principal.id"));
  return response;
}

Result<Planned> PlanUpdatePrincipal(const Domain& domain, const Call& call,
                                    const v1::UpdatePrincipalRequest& request,
                                    const store::Snapshot& snapshot) {
  v1::Principal principal = request.principal();
  YIMA_ASSIGN_OR_RETURN(const auto stands, Find(snapshot, principal.id(), "principal.id"));
  if (!principal.etag().empty() && principal.etag() != Etag(domain, stands.revision)) {
    return Fail(StatusCode::kAborted, "ETAG_MISMATCH",
                fmt::format("principal {} was changed since it was read", principal.id()),
                "principal.etag");
  }
  principal.clear_etag();
  // They come back as they were shown.
  principal.clear_create_time_us();
  principal.clear_update_time_us();
  YIMA_RETURN_IF_ERROR(CheckPrincipal(snapshot, principal, principal.id()));
  *principal.mutable_name() = stands.record.name().value() == principal.name().value()
                                  ? stands.record.name()
                                  : Withhold(request.principal().name().value());
  principal.set_create_time_us(stands.record.create_time_us());
  principal.set_update_time_us(stands.record.update_time_us());
  const RecordRef ref{store::Kind::kPrincipal, principal.id(), stands.revision};
  if (principal.SerializeAsString() == stands.record.SerializeAsString()) {
    return Planned{{}, {ref}};
  }
  principal.set_update_time_us(domain.now());
  ChangeWriter writer(call, request.request_id());
  if (IsAdmin(stands.record) && !IsAdmin(principal)) {
    YIMA_RETURN_IF_ERROR(KeepAnAdmin(snapshot, principal.id(), writer));
  }
  writer.Replace(principal.id(), stands.revision, stands.record, principal);
  return Planned{writer.Take(), {{ref.kind, ref.id, ref.revision + 1}}};
}

Result<v1::UpdatePrincipalResponse> AnswerUpdatePrincipal(const Domain& domain,
                                                          const std::vector<RecordRef>& results,
                                                          const store::Snapshot& snapshot) {
  domain.access_changes->fetch_add(1, std::memory_order_release);
  v1::UpdatePrincipalResponse response;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_principal(),
                        Shown(domain, snapshot, results.at(0).id, "principal.id"));
  return response;
}

Result<v1::GetPrincipalResponse> GetPrincipal(const Domain& domain, const Call& call,
                                              const v1::GetPrincipalRequest& request,
                                              const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckEverywhere(call));
  v1::GetPrincipalResponse response;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_principal(), Shown(domain, snapshot, request.id(), "id"));
  return response;
}

Result<v1::ListPrincipalsResponse> ListPrincipals(const Domain& domain, const Call& call,
                                                  const v1::ListPrincipalsRequest& request,
                                                  const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckEverywhere(call));
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, "", request.page_token()));
  const uint64_t after = place.empty() ? 0 : std::stoull(place);
  v1::ListPrincipalsResponse response;
  PageScan page(call, size, after);
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kPrincipal, after, {},
      [&](uint64_t id, uint64_t revision, std::string_view bytes) {
        if (!page.Look(id) || !page.Take(bytes.size())) return false;
        v1::Principal principal;
        if (!principal.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          failure = Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                         fmt::format("principal {} does not parse; run yimad check", id));
          return false;
        }
        *response.add_principals() = ShownPrincipal(domain, std::move(principal), revision);
        return true;
      }));
  YIMA_RETURN_IF_ERROR(failure);
  YIMA_ASSIGN_OR_RETURN(*response.mutable_next_page_token(), page.NextToken(domain, ""));
  return response;
}

Result<v1::GetCallerResponse> GetCaller(const Domain& domain, const Call& call,
                                        const v1::GetCallerRequest&,
                                        const store::Snapshot& snapshot) {
  v1::GetCallerResponse response;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_principal(),
                        Shown(domain, snapshot, call.principal_id, ""));
  response.set_token(call.token);
  if (call.token == 0) return response;
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kToken, call.token));
  v1::Token token;
  if (stored && token.ParseFromString(stored->bytes)) {
    response.set_expire_time_us(token.expire_time_us());
  }
  return response;
}

}  // namespace yima::server
