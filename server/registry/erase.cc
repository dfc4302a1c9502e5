#include "server/registry/erase.h"

#include <algorithm>
#include <set>
#include <string>

#include <fmt/format.h>

#include "server/registry/facility_rules.h"

namespace yima::server {
namespace {

constexpr int kValuesMax = 100;

bool IsErasable(const v1::EraseValuesRequest& request, std::string_view path) {
  if (request.has_organization()) return path == "contact_name" || path == "contact_telephone";
  return path == "remark" || path == "last_step.note" || path == "hand_over.note" ||
         (path.starts_with("personal[") && path.ends_with(']') && path.size() > 10);
}

Result<void> CheckRequest(const v1::EraseValuesRequest& request) {
  if (request.target_case() == v1::EraseValuesRequest::TARGET_NOT_SET) {
    return Invalid("TARGET_MISSING", "neither facility nor organization says whose values",
                   "target");
  }
  if (request.values().empty()) return Invalid("VALUE_MISSING", "no value is named", "values");
  if (request.values_size() > kValuesMax) {
    return Invalid("VALUES_TOO_MANY",
                   fmt::format("{} values, want at most {}", request.values_size(), kValuesMax),
                   "values");
  }
  for (int i = 0; i < request.values_size(); ++i) {
    if (IsErasable(request, request.values(i))) continue;
    return Invalid("VALUE_UNKNOWN",
                   fmt::format("\"{}\" is none of {}", request.values(i).substr(0, 100),
                               request.has_organization()
                                   ? "contact_name, contact_telephone"
                                   : "remark, personal[NAME], last_step.note, hand_over.note"),
                   fmt::format("values[{}]", i));
  }
  return {};
}

/// True when anything was still there.
template <typename R>
Result<bool> Erase(const v1::EraseValuesRequest& request, R& record) {
  // By hash, which the salt makes a value's own: whatever else holds the same value holds it too.
  std::set<std::string> hashes;
  for (int i = 0; i < request.values_size(); ++i) {
    bool found = false;
    EachErasable(record, [&](std::string_view path, const v1::Withheld& value) {
      if (path != request.values(i)) return;
      found = true;
      hashes.insert(value.hash());
    });
    if (found) continue;
    return Fail(StatusCode::kNotFound, "VALUE_NOT_FOUND",
                fmt::format("the record has no {}", request.values(i)),
                fmt::format("values[{}]", i));
  }
  bool erased = false;
  EachErasable(record, [&](std::string_view, v1::Withheld& value) {
    if (!hashes.contains(value.hash())) return;
    erased = erased || !value.value().empty() || !value.salt().empty();
    value.clear_salt();
    value.clear_value();
  });
  return erased;
}

template <typename R>
Result<Planned> PlanErasing(const Domain& domain, const Call& call,
                            const v1::EraseValuesRequest& request, uint64_t id,
                            const Read<R>& read) {
  const store::Kind kind = ChangeWriter::KindOf(read.record);
  R after = read.record;
  YIMA_ASSIGN_OR_RETURN(const bool erased, Erase(request, after));
  ChangeWriter writer(call, request.request_id());
  if (erased) {
    after.set_update_time_us(domain.now());
    writer.Replace(id, read.revision, read.record, after);
  }
  return Planned{writer.Take(), {{kind, id, read.revision + (erased ? 1 : 0)}}};
}

tl::unexpected<Error> NotFound(bool organization, uint64_t id) {
  if (organization) {
    return Fail(StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND",
                fmt::format("no organization has id {}", id), "organization");
  }
  return Fail(StatusCode::kNotFound, "FACILITY_NOT_FOUND",
              fmt::format("no facility has uid {}", id), "facility");
}

}  // namespace

void EachErasable(v1::Facility& facility, const WithheldVisitor& visit) {
  if (facility.has_remark()) visit("remark", *facility.mutable_remark());
  for (auto& field : *facility.mutable_personal()) {
    visit(fmt::format("personal[{}]", field.name()), *field.mutable_value());
  }
  if (facility.last_step().has_note()) {
    visit("last_step.note", *facility.mutable_last_step()->mutable_note());
  }
  if (facility.hand_over().has_note()) {
    visit("hand_over.note", *facility.mutable_hand_over()->mutable_note());
  }
}

void EachErasable(v1::Organization& organization, const WithheldVisitor& visit) {
  if (organization.has_contact_name()) visit("contact_name", *organization.mutable_contact_name());
  if (organization.has_contact_telephone()) {
    visit("contact_telephone", *organization.mutable_contact_telephone());
  }
}

Result<Planned> PlanEraseValues(const Domain& domain, const Call& call,
                                const v1::EraseValuesRequest& request,
                                const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckRequest(request));
  if (request.has_organization()) {
    // As their contacts are shown to.
    YIMA_RETURN_IF_ERROR(CheckEverywhere(call));
    const uint64_t id = request.organization();
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot, id));
    if (!read) return NotFound(true, id);
    return PlanErasing(domain, call, request, id, *read);
  }
  const uint64_t uid = request.facility();
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, uid));
  if (!read) return NotFound(false, uid);
  YIMA_RETURN_IF_ERROR(CheckReach(call, read->record, "facility"));
  return PlanErasing(domain, call, request, uid, *read);
}

Result<v1::EraseValuesResponse> AnswerEraseValues(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot) {
  v1::EraseValuesResponse response;
  const RecordRef& ref = results.at(0);
  if (ref.kind == store::Kind::kOrganization) {
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot, ref.id));
    if (!read) return NotFound(true, ref.id);
    *response.mutable_organization() = ShownOrganization(domain, read->record, read->revision);
    return response;
  }
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, ref.id));
  if (!read) return NotFound(false, ref.id);
  *response.mutable_facility() = ShownFacility(domain, read->record, read->revision);
  return response;
}

}  // namespace yima::server
