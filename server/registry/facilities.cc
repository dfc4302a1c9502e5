#include "server/registry/facilities.h"

#include <set>

#include <fmt/format.h>

#include "server/domain/page_scan.h"
#include "server/registry/facility_rules.h"
#include "server/registry/filter.h"
#include "server/registry/wholes.h"
#include "server/registry/withheld.h"

namespace yima::server {
namespace {

constexpr int kBatchMax = 1000;

tl::unexpected<Error> Within(std::string_view prefix, Error error) {
  error.field = fmt::format("{}{}", prefix, error.field);
  return tl::unexpected(std::move(error));
}

/// Keys that some facility has already, or that stood in this request before.
Result<void> CheckFree(const store::Snapshot& snapshot, const v1::Facility& facility,
                       std::set<Key>& taken_here) {
  const auto check = [&](Key key, const char* reason, std::string what,
                         std::string field) -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(const uint64_t holder, snapshot.Holder(key.index, key.key));
    const bool repeated = !taken_here.insert(std::move(key)).second;
    if (holder == 0 && !repeated) return {};
    return Fail(StatusCode::kAlreadyExists, reason,
                repeated ? fmt::format("{} stands twice in this request", what)
                         : fmt::format("{} belongs to facility {}", what, holder),
                std::move(field));
  };
  for (int i = 0; i < facility.codes_size(); ++i) {
    const auto& code = facility.codes(i);
    YIMA_RETURN_IF_ERROR(
        check({store::Index::kFacilityCode, FacilityCodeKey(code.scheme(), code.digits())},
              "FACILITY_CODE_TAKEN", fmt::format("facility code {}", code.digits()),
              fmt::format("codes[{}].digits", i)));
  }
  for (int i = 0; i < facility.external_codes_size(); ++i) {
    const auto& code = facility.external_codes(i);
    YIMA_RETURN_IF_ERROR(
        check({store::Index::kExternalCode, ExternalCodeKey(code.namespace_(), code.value())},
              "EXTERNAL_CODE_TAKEN",
              fmt::format("external code {} of {}", code.value(), code.namespace_()),
              fmt::format("external_codes[{}].value", i)));
  }
  return {};
}

/// What the facility itself must obey; fields are relative to it.
Result<void> CheckAndNumber(const Domain& domain, const store::Snapshot& snapshot, bool assign_code,
                            v1::Facility& facility, std::set<Key>& taken_here) {
  YIMA_RETURN_IF_ERROR(CheckFacility(domain.classes, facility));
  YIMA_RETURN_IF_ERROR(CheckRights(facility));
  YIMA_RETURN_IF_ERROR(CheckHolders(snapshot, facility));
  if (facility.codes().empty() && assign_code) {
    YIMA_RETURN_IF_ERROR(AssignCode(domain, snapshot, facility));
  }
  if (facility.codes().empty() && facility.external_codes().empty()) {
    return Invalid("IDENTITY_MISSING",
                   "a facility has a code or an external code; assign_code gives it one", "codes");
  }
  return CheckFree(snapshot, facility, taken_here);
}

/// The record that a request asks for, ready to be put; fields begin with `prefix`.
Result<v1::Facility> Prepare(const Domain& domain, const store::Snapshot& snapshot,
                             const v1::CreateFacilityRequest& request, const std::string& prefix,
                             std::set<Key>& taken_here) {
  v1::Facility facility = request.facility();
  const auto sound = CheckAndNumber(domain, snapshot, request.assign_code(), facility, taken_here);
  if (!sound) return Within(prefix + "facility.", sound.error());
  const auto taken = TakeWithheld(request.remark(), request.personal(), facility);
  if (!taken) return Within(prefix, taken.error());
  const bool withheld = facility.has_remark() || !facility.personal().empty();
  YIMA_RETURN_IF_ERROR(
      CheckWholeSize(facility, prefix + (withheld ? "personal" : "facility.extra")));
  WithholdNew(facility);
  YIMA_ASSIGN_OR_RETURN(const uint64_t uid, domain.numbers.NewId(store::Kind::kFacility));
  facility.set_uid(uid);
  facility.set_create_time_us(domain.now());
  facility.set_update_time_us(facility.create_time_us());
  return facility;
}

/// A new one has its uid by now, which nobody knows: the message names its place instead.
Result<void> MayMake(const Call& call, const v1::Facility& facility, std::string_view field) {
  if (call.reach->Covers(facility)) return {};
  v1::Facility unnumbered = facility;
  unnumbered.clear_uid();
  return CheckReach(call, unnumbered, field);
}

Result<v1::Facility> Shown(const Domain& domain, uint64_t uid, const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, uid, "uid"));
  return ShownFacility(domain, read.record, read.revision);
}

/// The uid that a request names by one of a facility's names; 0 when nothing bears it.
Result<uint64_t> FindByName(const v1::GetFacilityRequest& request,
                            const store::Snapshot& snapshot) {
  switch (request.name_case()) {
    case v1::GetFacilityRequest::kUid:
      return request.uid();
    case v1::GetFacilityRequest::kCode:
      YIMA_RETURN_IF_ERROR(CheckCode(request.code(), "code."));
      return snapshot.Holder(store::Index::kFacilityCode,
                             FacilityCodeKey(request.code().scheme(), request.code().digits()));
    case v1::GetFacilityRequest::kExternalCode:
      YIMA_RETURN_IF_ERROR(CheckExternalCode(request.external_code(), "external_code."));
      return snapshot.Holder(
          store::Index::kExternalCode,
          ExternalCodeKey(request.external_code().namespace_(), request.external_code().value()));
    default:
      return Invalid("NAME_MISSING", "neither uid nor code nor external_code names the facility",
                     "name");
  }
}

}  // namespace

Result<Planned> PlanCreateFacility(const Domain& domain, const Call& call,
                                   const v1::CreateFacilityRequest& request,
                                   const store::Snapshot& snapshot) {
  std::set<Key> taken_here;
  YIMA_ASSIGN_OR_RETURN(const auto facility, Prepare(domain, snapshot, request, "", taken_here));
  YIMA_RETURN_IF_ERROR(MayMake(call, facility, "facility"));
  Wholes wholes(call, snapshot);
  YIMA_RETURN_IF_ERROR(wholes.Join(facility, "facility.parent"));
  ChangeWriter writer(call, request.request_id());
  writer.Create(facility.uid(), facility);
  YIMA_RETURN_IF_ERROR(wholes.Put(writer));
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), {{store::Kind::kFacility, facility.uid(), 1}}};
}

Result<v1::CreateFacilityResponse> AnswerCreateFacility(const Domain& domain,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot) {
  v1::CreateFacilityResponse response;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_facility(), Shown(domain, results.at(0).id, snapshot));
  return response;
}

Result<Planned> PlanBatchCreateFacilities(const Domain& domain, const Call& call,
                                          const v1::BatchCreateFacilitiesRequest& request,
                                          const store::Snapshot& snapshot) {
  if (request.requests_size() < 1 || request.requests_size() > kBatchMax) {
    return Invalid("BATCH_SIZE",
                   fmt::format("{} requests, want 1 to {}", request.requests_size(), kBatchMax),
                   "requests");
  }
  ChangeWriter writer(call, request.request_id());
  std::vector<RecordRef> results;
  std::set<Key> taken_here;
  Wholes wholes(call, snapshot);
  for (int i = 0; i < request.requests_size(); ++i) {
    const auto& one = request.requests(i);
    if (!one.request_id().empty()) {
      return Invalid("FIELD_OUTPUT_ONLY", "the whole batch has one request_id",
                     fmt::format("requests[{}].request_id", i));
    }
    YIMA_ASSIGN_OR_RETURN(
        const auto facility,
        Prepare(domain, snapshot, one, fmt::format("requests[{}].", i), taken_here));
    const std::string at = fmt::format("requests[{}].facility", i);
    YIMA_RETURN_IF_ERROR(MayMake(call, facility, at));
    YIMA_RETURN_IF_ERROR(wholes.Join(facility, at + ".parent"));
    writer.Create(facility.uid(), facility);
    results.push_back({store::Kind::kFacility, facility.uid(), 1});
  }
  YIMA_RETURN_IF_ERROR(wholes.Put(writer));
  if (writer.puts() > store::Change::kRecordsMax) {
    return Invalid("BATCH_SIZE",
                   fmt::format("{} facilities and their wholes, which get their first part, are "
                               "more than {} records",
                               request.requests_size(), store::Change::kRecordsMax),
                   "requests");
  }
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), std::move(results)};
}

Result<v1::BatchCreateFacilitiesResponse> AnswerBatchCreateFacilities(
    const Domain& domain, const std::vector<RecordRef>& results, const store::Snapshot& snapshot) {
  v1::BatchCreateFacilitiesResponse response;
  for (const auto& ref : results) {
    YIMA_ASSIGN_OR_RETURN(*response.add_facilities(), Shown(domain, ref.id, snapshot));
  }
  return response;
}

Result<v1::GetFacilityResponse> GetFacility(const Domain& domain, const Call& call,
                                            const v1::GetFacilityRequest& request,
                                            const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t uid, FindByName(request, snapshot));
  v1::GetFacilityResponse response;
  const auto read = Get<v1::Facility>(snapshot, uid);
  if (!read) return tl::unexpected(read.error());
  if (!*read) {
    return Fail(StatusCode::kNotFound, "FACILITY_NOT_FOUND", "no facility bears that name", "name");
  }
  YIMA_RETURN_IF_ERROR(CheckReach(call, (*read)->record, "name"));
  *response.mutable_facility() = ShownFacility(domain, (*read)->record, (*read)->revision);
  YIMA_ASSIGN_OR_RETURN(const uint64_t active,
                        snapshot.Holder(store::Index::kActiveCode, ActiveCodeKey(uid)));
  response.set_active_code(active);
  const v1::Facility& facility = (*read)->record;
  YIMA_ASSIGN_OR_RETURN(auto related,
                        RelatedTo(snapshot, uid, facility.parent(), facility.has_parts()));
  if (related.parent) *response.mutable_parent() = *std::move(related.parent);
  for (auto& child : related.children) *response.add_children() = std::move(child);
  return response;
}

Result<v1::ListFacilitiesResponse> ListFacilities(const Domain& domain, const Call& call,
                                                  const v1::ListFacilitiesRequest& request,
                                                  const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(call, request.filter()));
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  const std::string filter = request.filter().SerializeAsString();
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter, request.page_token()));
  v1::ListFacilitiesResponse response;
  const uint64_t after = place.empty() ? 0 : std::stoull(place);
  PageScan page(call, size, after);
  YIMA_RETURN_IF_ERROR(matcher.Scan(
      snapshot, after, [&](uint64_t uid) { return page.Look(uid); },
      [&](uint64_t revision, const v1::Facility& facility) {
        if (!page.Take(facility.ByteSizeLong())) return false;
        *response.add_facilities() = ShownFacility(domain, facility, revision);
        return true;
      }));
  YIMA_ASSIGN_OR_RETURN(*response.mutable_next_page_token(), page.NextToken(domain, filter));
  return response;
}

}  // namespace yima::server
