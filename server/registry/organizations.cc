#include "server/registry/organizations.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "codegen/code/facility_code.h"
#include "server/domain/page_scan.h"
#include "server/registry/facility_rules.h"

namespace yima::server {
namespace {

constexpr size_t kNameMax = 100;
constexpr int kAliasesMax = 32;
constexpr int kBatchMax = 1000;

Result<void> CheckTelephone(std::string_view telephone, const std::string& field) {
  const bool sound = telephone.size() <= 32 && std::ranges::all_of(telephone, [](char c) {
                       return (c >= '0' && c <= '9') || c == ' ' || c == '+' || c == '-';
                     });
  if (sound) return {};
  return Invalid("TELEPHONE_MALFORMED",
                 // Not the value itself: a contact's number is withheld, also from logs of errors.
                 fmt::format("telephone of {} bytes, want at most 32 of digits, space, + and -",
                             telephone.size()),
                 field);
}

Result<void> CheckAliases(const v1::Organization& organization, const std::string& field) {
  if (organization.aliases_size() <= kAliasesMax) return {};
  return Invalid(
      "FIELD_TOO_LONG",
      fmt::format("{} aliases, want at most {}", organization.aliases_size(), kAliasesMax), field);
}

/// The record that an input asks for, its contacts withheld; id and times are still to be set.
Result<v1::Organization> FromInput(const v1::OrganizationInput& input, const std::string& prefix) {
  v1::Organization organization = input.organization();
  const auto field = [&](std::string_view name) {
    return fmt::format("{}organization.{}", prefix, name);
  };
  if (organization.id() != 0 || organization.has_contact_name() ||
      organization.has_contact_telephone() || !organization.etag().empty() ||
      organization.create_time_us() != 0 || organization.update_time_us() != 0) {
    return Invalid("FIELD_OUTPUT_ONLY", "id, contacts, etag and times are set by the server",
                   field("id"));
  }
  if (organization.state() != v1::ORGANIZATION_STATE_UNSPECIFIED ||
      !organization.former_names().empty() || !organization.successors().empty() ||
      !organization.ended_on().empty() || organization.has_ended_basis() ||
      organization.follower() != 0) {
    return Invalid("FIELD_OUTPUT_ONLY",
                   "former names, state, successors and the end are what reorganizing sets",
                   field("state"));
  }
  YIMA_RETURN_IF_ERROR(CheckText(organization.name(), kNameMax, field("name"), true));
  YIMA_RETURN_IF_ERROR(CheckAliases(organization, field("aliases")));
  std::set<std::string_view> names = {organization.name()};
  for (int i = 0; i < organization.aliases_size(); ++i) {
    const std::string place = field(fmt::format("aliases[{}]", i));
    YIMA_RETURN_IF_ERROR(CheckText(organization.aliases(i), kNameMax, place, true));
    if (!names.insert(organization.aliases(i)).second) {
      return Invalid("FIELD_TWICE",
                     fmt::format("the name \"{}\" stands twice", organization.aliases(i)), place);
    }
  }
  if (!organization.credit_code().empty()) {
    auto credit = CreditCode::Parse(organization.credit_code());
    if (!credit) {
      Error error = credit.error();
      error.field = field("credit_code");
      return tl::unexpected(std::move(error));
    }
    organization.set_credit_code(credit->ToString());
  }
  YIMA_RETURN_IF_ERROR(CheckTelephone(organization.telephone(), field("telephone")));
  YIMA_RETURN_IF_ERROR(CheckText(input.contact_name(), 50, prefix + "contact_name"));
  YIMA_RETURN_IF_ERROR(CheckTelephone(input.contact_telephone(), prefix + "contact_telephone"));
  if (!input.contact_name().empty()) {
    *organization.mutable_contact_name() = Withhold(input.contact_name());
  }
  if (!input.contact_telephone().empty()) {
    *organization.mutable_contact_telephone() = Withhold(input.contact_telephone());
  }
  return organization;
}

Result<v1::Organization> Shown(const Domain& domain, uint64_t id, const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot, id));
  if (!read) {
    return Fail(StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND",
                fmt::format("no organization has id {}", id), "id");
  }
  return ShownOrganization(domain, read->record, read->revision);
}

/// Organizations as one request leaves them: what stands, and what this request made of it.
class Merge {
 public:
  Merge(const Domain& domain, const store::Snapshot& snapshot)
      : domain_(domain), snapshot_(snapshot) {}

  Result<void> Add(v1::Organization offered, const std::string& prefix) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, Find(offered, prefix));
    if (id == 0) return Create(std::move(offered), prefix);
    return Complete(id, offered, prefix);
  }

  /// One that must not be there yet: any name that is taken refuses it.
  Result<void> Create(v1::Organization offered, const std::string& prefix) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain_.numbers.NewId(store::Kind::kOrganization));
    offered.set_id(id);
    offered.set_create_time_us(domain_.now());
    offered.set_update_time_us(offered.create_time_us());
    YIMA_RETURN_IF_ERROR(TakeKeys(offered, prefix));
    entries_[id] = {0, {}, std::move(offered)};
    order_.push_back(id);
    return {};
  }

  Result<Planned> Finish(const Call& call, std::string_view request_id) {
    ChangeWriter writer(call, request_id);
    Planned planned;
    for (const uint64_t id : order_) {
      const Entry& entry = entries_.at(id);
      const bool created = entry.revision == 0;
      const bool changed =
          created || entry.after.SerializeAsString() != entry.before.SerializeAsString();
      if (created) {
        writer.Create(id, entry.after);
      } else if (changed) {
        // It may act in divisions that the caller has no say in.
        YIMA_RETURN_IF_ERROR(CheckEverywhere(call));
        v1::Organization after = entry.after;
        after.set_update_time_us(domain_.now());
        writer.Replace(id, entry.revision, entry.before, after);
      }
      planned.results.push_back(
          {store::Kind::kOrganization, id, entry.revision + (changed ? 1 : 0)});
      ++(created ? counts.created : changed ? counts.updated : counts.unchanged);
    }
    planned.change = writer.Take();
    return planned;
  }

  struct Counts {
    uint64_t created = 0;
    uint64_t updated = 0;
    uint64_t unchanged = 0;
  };
  Counts counts;

 private:
  struct Entry {
    uint64_t revision = 0;
    v1::Organization before;
    v1::Organization after;
  };

  Result<uint64_t> Holder(store::Index index, const std::string& key) {
    const auto here = keys_.find({index, key});
    if (here != keys_.end()) return here->second;
    return snapshot_.Holder(index, key);
  }

  /// Which organization an input means: by credit code, else by name or alias.
  Result<uint64_t> Find(const v1::Organization& offered, const std::string& prefix) {
    uint64_t by_credit = 0;
    if (!offered.credit_code().empty()) {
      YIMA_ASSIGN_OR_RETURN(by_credit, Holder(store::Index::kCreditCode, offered.credit_code()));
    }
    YIMA_ASSIGN_OR_RETURN(const uint64_t by_name,
                          Holder(store::Index::kOrganizationName, offered.name()));
    if (by_credit != 0 && by_name != 0 && by_credit != by_name) {
      return Fail(StatusCode::kAlreadyExists, "ORGANIZATION_CONFLICT",
                  fmt::format("name \"{}\" belongs to organization {}, credit code {} to {}",
                              offered.name(), by_name, offered.credit_code(), by_credit),
                  prefix + "organization.name");
    }
    return by_credit != 0 ? by_credit : by_name;
  }

  Result<void> Complete(uint64_t id, const v1::Organization& offered, const std::string& prefix) {
    if (!entries_.contains(id)) {
      YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot_, id));
      if (!read) return RecordMissing("organization", id);
      entries_[id] = {read->revision, read->record, read->record};
      order_.push_back(id);
    }
    v1::Organization& stands = entries_.at(id).after;
    const auto fill = [&](const char* name, const std::string& value, const std::string& now,
                          auto set) -> Result<void> {
      if (value.empty() || value == now) return {};
      if (now.empty()) {
        set(value);
        return {};
      }
      return Fail(StatusCode::kAlreadyExists, "ORGANIZATION_CONFLICT",
                  fmt::format("organization \"{}\" has {} \"{}\", not \"{}\"", stands.name(), name,
                              now, value),
                  fmt::format("{}organization.{}", prefix, name));
    };
    YIMA_RETURN_IF_ERROR(fill("credit_code", offered.credit_code(), stands.credit_code(),
                              [&](const auto& v) { stands.set_credit_code(v); }));
    YIMA_RETURN_IF_ERROR(fill("telephone", offered.telephone(), stands.telephone(),
                              [&](const auto& v) { stands.set_telephone(v); }));
    const auto add_name = [&](const std::string& name) {
      const auto& former = stands.former_names();
      if (name == stands.name() ||
          std::ranges::find(stands.aliases(), name) != stands.aliases().end() ||
          std::ranges::find(former, name, &v1::FormerName::name) != former.end()) {
        return;
      }
      stands.add_aliases(name);
    };
    add_name(offered.name());
    for (const auto& alias : offered.aliases()) add_name(alias);
    YIMA_RETURN_IF_ERROR(CheckAliases(stands, prefix + "organization.aliases"));
    YIMA_RETURN_IF_ERROR(FillContact(offered.contact_name(), prefix + "contact_name",
                                     *stands.mutable_contact_name()));
    YIMA_RETURN_IF_ERROR(FillContact(offered.contact_telephone(), prefix + "contact_telephone",
                                     *stands.mutable_contact_telephone()));
    if (stands.contact_name().hash().empty()) stands.clear_contact_name();
    if (stands.contact_telephone().hash().empty()) stands.clear_contact_telephone();
    return TakeKeys(stands, prefix);
  }

  /// The message names no value: these are personal.
  static Result<void> FillContact(const v1::Withheld& offered, const std::string& field,
                                  v1::Withheld& stands) {
    if (offered.value().empty() || offered.value() == stands.value()) return {};
    if (!stands.value().empty()) {
      return Fail(StatusCode::kAlreadyExists, "ORGANIZATION_CONFLICT",
                  "the organization has another contact", field);
    }
    stands = offered;
    return {};
  }

  /// Every name leads to one organization only.
  Result<void> TakeKeys(const v1::Organization& organization, const std::string& prefix) {
    for (const auto& key : Derive(organization).keys) {
      YIMA_ASSIGN_OR_RETURN(const uint64_t holder, Holder(key.index, key.key));
      if (holder != 0 && holder != organization.id()) {
        const bool credit = key.index == store::Index::kCreditCode;
        const char* field = credit                           ? "credit_code"
                            : key.key == organization.name() ? "name"
                                                             : "aliases";
        return Fail(StatusCode::kAlreadyExists,
                    credit ? "CREDIT_CODE_TAKEN" : "ORGANIZATION_NAME_TAKEN",
                    fmt::format("\"{}\" belongs to organization {}", key.key, holder),
                    fmt::format("{}organization.{}", prefix, field));
      }
      keys_[key] = organization.id();
    }
    return {};
  }

  const Domain& domain_;
  const store::Snapshot& snapshot_;
  std::map<uint64_t, Entry> entries_;
  std::vector<uint64_t> order_;
  std::map<Key, uint64_t> keys_;
};

}  // namespace

namespace {

/// Who may act for some organizations only has no say in which there are.
Result<void> MayMakeOrganizations(const Call& call) {
  if (call.reach->AllOrganizations()) return {};
  return Fail(StatusCode::kPermissionDenied, "SCOPE_EXCEEDED",
              "your scope names organizations, so others must enter new ones");
}

}  // namespace

Result<Planned> PlanCreateOrganization(const Domain& domain, const Call& call,
                                       const v1::CreateOrganizationRequest& request,
                                       const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(MayMakeOrganizations(call));
  YIMA_ASSIGN_OR_RETURN(auto organization, FromInput(request.input(), "input."));
  Merge merge(domain, snapshot);
  YIMA_RETURN_IF_ERROR(merge.Create(std::move(organization), "input."));
  return merge.Finish(call, request.request_id());
}

Result<v1::CreateOrganizationResponse> AnswerCreateOrganization(
    const Domain& domain, const std::vector<RecordRef>& results, const store::Snapshot& snapshot) {
  v1::CreateOrganizationResponse response;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_organization(),
                        Shown(domain, results.at(0).id, snapshot));
  return response;
}

Result<Planned> PlanImportOrganizations(const Domain& domain, const Call& call,
                                        const v1::ImportOrganizationsRequest& request,
                                        const store::Snapshot& snapshot) {
  if (request.inputs_size() < 1 || request.inputs_size() > kBatchMax) {
    return Invalid("BATCH_SIZE",
                   fmt::format("{} inputs, want 1 to {}", request.inputs_size(), kBatchMax),
                   "inputs");
  }
  YIMA_RETURN_IF_ERROR(MayMakeOrganizations(call));
  Merge merge(domain, snapshot);
  for (int i = 0; i < request.inputs_size(); ++i) {
    const std::string prefix = fmt::format("inputs[{}].", i);
    YIMA_ASSIGN_OR_RETURN(auto organization, FromInput(request.inputs(i), prefix));
    YIMA_RETURN_IF_ERROR(merge.Add(std::move(organization), prefix));
  }
  YIMA_ASSIGN_OR_RETURN(Planned planned, merge.Finish(call, request.request_id()));
  planned.dry_run = request.dry_run();
  // A kept reply holds references alone, so the counts ride in front as one of no kind.
  planned.results.insert(planned.results.begin(),
                         {store::Kind{}, merge.counts.created, merge.counts.updated});
  return planned;
}

Result<v1::ImportOrganizationsResponse> AnswerImportOrganizations(
    const Domain& domain, const std::vector<RecordRef>& results, const store::Snapshot& snapshot) {
  v1::ImportOrganizationsResponse response;
  const RecordRef& counts = results.at(0);
  response.set_created(counts.id);
  response.set_updated(counts.revision);
  response.set_unchanged(results.size() - 1 - counts.id - counts.revision);
  for (size_t i = 1; i < results.size(); ++i) {
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot, results[i].id));
    if (!read) continue;  // a dry run would have created it
    *response.add_organizations() = ShownOrganization(domain, read->record, read->revision);
  }
  return response;
}

namespace {

/// Persons and their numbers are for those who look after the whole registry.
void HideContacts(const Call& call, v1::Organization& organization) {
  if (call.reach->everywhere()) return;
  organization.clear_contact_name();
  organization.clear_contact_telephone();
}

}  // namespace

Result<v1::GetOrganizationResponse> GetOrganization(const Domain& domain, const Call& call,
                                                    const v1::GetOrganizationRequest& request,
                                                    const store::Snapshot& snapshot) {
  uint64_t id = request.id();
  if (request.name_case() == v1::GetOrganizationRequest::kText) {
    YIMA_ASSIGN_OR_RETURN(id, FindOrganization(snapshot, request.text()));
    if (id == 0) {
      return Fail(StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND",
                  fmt::format("no organization is called \"{}\"", request.text().substr(0, 100)),
                  "text");
    }
  } else if (request.name_case() != v1::GetOrganizationRequest::kId) {
    return Invalid("NAME_MISSING", "neither id nor text names the organization", "name");
  }
  v1::GetOrganizationResponse response;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_organization(), Shown(domain, id, snapshot));
  HideContacts(call, *response.mutable_organization());
  return response;
}

Result<v1::ListOrganizationsResponse> ListOrganizations(const Domain& domain, const Call& call,
                                                        const v1::ListOrganizationsRequest& request,
                                                        const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, "", request.page_token()));
  v1::ListOrganizationsResponse response;
  const uint64_t after = place.empty() ? 0 : std::stoull(place);
  PageScan page(call, size, after);
  YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kOrganization, after, {},
                                     [&](uint64_t id, uint64_t revision, std::string_view bytes) {
                                       if (!page.Look(id) || !page.Take(bytes.size())) return false;
                                       v1::Organization organization;
                                       organization.ParseFromArray(bytes.data(),
                                                                   static_cast<int>(bytes.size()));
                                       auto& shown = *response.add_organizations();
                                       shown = ShownOrganization(domain, organization, revision);
                                       HideContacts(call, shown);
                                       return true;
                                     }));
  YIMA_ASSIGN_OR_RETURN(*response.mutable_next_page_token(), page.NextToken(domain, ""));
  return response;
}

}  // namespace yima::server
