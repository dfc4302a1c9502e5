#include "server/registry/facility_update.h"

#include "server/registry/facility_rules.h"

namespace yima::server {

Result<std::optional<v1::Facility>> UpdatedFacility(const Domain& domain, const Call& call,
                                                    const FacilityEdit& edit,
                                                    const store::Snapshot& snapshot,
                                                    const v1::Facility& stands, Wholes& wholes) {
  YIMA_ASSIGN_OR_RETURN(v1::Facility after, edit.Over(domain, snapshot, stands));
  if (after.SerializeAsString() == stands.SerializeAsString()) return std::nullopt;
  // Nobody gives a facility away to where he could not have taken it from.
  YIMA_RETURN_IF_ERROR(CheckReach(call, after, "facility"));
  if (after.parent() != stands.parent()) {
    YIMA_RETURN_IF_ERROR(wholes.Join(after, "facility.parent"));
  }
  after.set_update_time_us(domain.now());
  return after;
}

Result<Planned> PlanUpdateFacility(const Domain& domain, const Call& call,
                                   const v1::UpdateFacilityRequest& request,
                                   const store::Snapshot& snapshot) {
  const v1::Facility& given = request.facility();
  YIMA_ASSIGN_OR_RETURN(const auto edit, FacilityEdit::Parse(request.update_mask(), given,
                                                             request.remark(), request.personal()));
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, given.uid(), "facility.uid"));
  YIMA_RETURN_IF_ERROR(CheckReach(call, read.record, "facility.uid"));
  YIMA_RETURN_IF_ERROR(CheckEtag(domain, given.etag(), read.revision, "facility.etag"));
  RecordRef result{store::Kind::kFacility, given.uid(), read.revision};
  Wholes wholes(call, snapshot);
  YIMA_ASSIGN_OR_RETURN(const auto after,
                        UpdatedFacility(domain, call, edit, snapshot, read.record, wholes));
  if (!after) return Planned{{}, {result}};
  ChangeWriter writer(call, request.request_id());
  writer.Replace(given.uid(), read.revision, read.record, *after);
  YIMA_RETURN_IF_ERROR(wholes.Put(writer));
  ++result.revision;
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), {result}};
}

Result<v1::UpdateFacilityResponse> AnswerUpdateFacility(const Domain& domain,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot) {
  v1::UpdateFacilityResponse response;
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, results.at(0).id, "facility.uid"));
  *response.mutable_facility() = ShownFacility(domain, read.record, read.revision);
  return response;
}

}  // namespace yima::server
