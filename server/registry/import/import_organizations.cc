#include "server/registry/import/import_organizations.h"

#include <fmt/format.h>

#include "codegen/code/facility_code.h"
#include "server/domain/batch_items.h"
#include "server/registry/facility_rules.h"

namespace yima::server {
namespace {

/// Real ids have 48 bits.
constexpr uint64_t kStandIn = uint64_t{1} << 63;
/// A city has hundreds; more means that another column was taken for the organizations, and the
/// report must stay one message.
constexpr size_t kOrganizationsMax = 20'000;
constexpr size_t kNameMax = 100;

}  // namespace

Result<uint64_t> LedgerOrganizations::Find(const store::Snapshot& snapshot, std::string_view text,
                                           std::string_view field) {
  if (text.empty()) return 0;
  YIMA_RETURN_IF_ERROR(CheckText(text, kNameMax, field));
  auto found = by_text_.find(text);
  if (found == by_text_.end()) {
    if (named_.size() == kOrganizationsMax) {
      return Fail(StatusCode::kResourceExhausted, "ORGANIZATIONS_TOO_MANY",
                  fmt::format("the ledger names more than {} organizations", kOrganizationsMax),
                  std::string(field));
    }
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, FindOrganization(snapshot, text));
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot, id));
    if (read) YIMA_RETURN_IF_ERROR(CheckActs(read->record, field));
    found = by_text_.emplace(text, named_.size()).first;
    by_id_.emplace(id != 0 ? id : kStandIn | named_.size(), named_.size());
    const bool has_credit_code = read && !read->record.credit_code().empty();
    named_.push_back({std::string(text), id, 0, 0, has_credit_code});
  }
  Named& named = named_[found->second];
  if (named.id != 0) return named.id;
  if (create_ && !CreditCode::Parse(text)) return kStandIn | found->second;
  ++named.asked;
  return Fail(StatusCode::kNotFound, "ORGANIZATION_UNKNOWN",
              fmt::format("no organization is called \"{}\"", text), std::string(field));
}

bool LedgerOrganizations::HasCreditCode(uint64_t id) const {
  const auto found = by_id_.find(id);
  return found != by_id_.end() && named_[found->second].has_credit_code;
}

void LedgerOrganizations::Count(uint64_t id, int64_t rows) {
  const auto found = by_id_.find(id);
  if (found != by_id_.end()) named_[found->second].rows += rows;
}

Result<bool> LedgerOrganizations::CreateSome(const Domain& domain, const Call& call,
                                             const v1::Batch& batch) {
  const auto snapshot = domain.store.Read();
  ChangeWriter writer(call, batch.request_id(), batch.id());
  std::vector<std::pair<size_t, uint64_t>> created;
  for (size_t i = 0; i < named_.size(); ++i) {
    Named& named = named_[i];
    if (named.id != 0 || named.rows == 0 || created.size() == store::Change::kRecordsMax) continue;
    // Another writer may have created it since the row was read.
    YIMA_ASSIGN_OR_RETURN(named.id, FindOrganization(*snapshot, named.name));
    if (named.id != 0) continue;
    v1::Organization organization;
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain.numbers.NewId(store::Kind::kOrganization));
    organization.set_id(id);
    organization.set_name(named.name);
    organization.set_create_time_us(batch.create_time_us());
    organization.set_update_time_us(batch.create_time_us());
    writer.Create(id, organization);
    created.emplace_back(i, id);
  }
  if (created.empty()) return false;
  const store::Outcome outcome = store::ApplyAndWait(domain.store, writer.Take());
  if (std::holds_alternative<store::TakenKey>(outcome)) return true;
  YIMA_RETURN_IF_ERROR(Settled(outcome));
  for (const auto& [i, id] : created) named_[i].id = id;
  return true;
}

Result<void> LedgerOrganizations::Create(const Domain& domain, const Call& call,
                                         const v1::Batch& batch) {
  constexpr size_t kRoundsMax = kOrganizationsMax / store::Change::kRecordsMax + 10;
  for (size_t round = 0; round < kRoundsMax; ++round) {
    YIMA_ASSIGN_OR_RETURN(const bool more, CreateSome(domain, call, batch));
    if (!more) return {};
  }
  return Fail(StatusCode::kAborted, "CONTENTION",
              "other writers keep creating the organizations that the ledger names");
}

uint64_t LedgerOrganizations::Real(uint64_t id) const {
  if ((id & kStandIn) == 0) return id;
  return named_[id & ~kStandIn].id;
}

Result<void> LedgerOrganizations::Tell(const store::Snapshot& snapshot, const v1::Batch& batch,
                                       v1::ImportReport& report) const {
  for (const auto& named : named_) {
    bool created = false;
    if (named.id != 0 && batch.id() != 0) {
      // Those of a batch bear its time to the microsecond: so a resumed import tells of the ones
      // that it created before it was interrupted.
      YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot, named.id));
      created = read && read->record.create_time_us() == batch.create_time_us();
    }
    if (named.id != 0 && !created) continue;
    if (named.rows + named.asked <= 0) continue;
    auto* missing = report.add_missing_organizations();
    missing->set_name(named.name);
    missing->set_rows(static_cast<uint64_t>(named.rows + named.asked));
    if (created) report.set_organizations_created(report.organizations_created() + 1);
  }
  return {};
}

}  // namespace yima::server
