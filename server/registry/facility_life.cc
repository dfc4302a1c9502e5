#include "server/registry/facility_life.h"

#include <fmt/format.h>

#include "server/registry/facility_rules.h"
#include "server/registry/life.h"
#include "server/registry/wholes.h"
#include "server/rights/end_rights.h"

namespace yima::server {
namespace {

constexpr size_t kNoteMax = 1000;

tl::unexpected<Error> NotForStep(std::string_view what, std::string field) {
  return Invalid("FIELD_NOT_FOR_STEP", std::string(what), std::move(field));
}

/// The day that it is already where the day begins first: 14 hours before UTC.
std::string LastDayOnEarth(TimeUs now) {
  constexpr TimeUs kHour = 3'600'000'000;
  return FormatTime(now + 14 * kHour).substr(0, 10);
}

Result<void> CheckDay(const Domain& domain, const std::string& date) {
  if (date.empty()) return Invalid("FIELD_MISSING", "a step has its day", "step.date");
  if (!IsDate(date)) {
    return Invalid("DATE_MALFORMED",
                   fmt::format("date \"{}\", want YYYY-MM-DD", date.substr(0, 32)), "step.date");
  }
  const std::string today = LastDayOnEarth(domain.now());
  if (date <= today) return {};
  return Invalid("DATE_IN_FUTURE",
                 fmt::format("{} is yet to come: it is {} at the latest", date, today),
                 "step.date");
}

Result<void> CheckOrganization(const store::Snapshot& snapshot, uint64_t id, std::string field) {
  if (id == 0) return {};
  YIMA_ASSIGN_OR_RETURN(const auto found, snapshot.Get(store::Kind::kOrganization, id));
  if (found) return {};
  return Fail(StatusCode::kNotFound, "ORGANIZATION_UNKNOWN",
              fmt::format("no organization has id {}", id), std::move(field));
}

/// What can be said of a request without the facility.
Result<void> CheckStep(const Domain& domain, const v1::RecordLifeStepRequest& request,
                       const store::Snapshot& snapshot) {
  const v1::LifeStep& step = request.step();
  if (step.kind() == v1::LIFE_STEP_KIND_UNSPECIFIED || !v1::LifeStepKind_IsValid(step.kind())) {
    return Invalid("LIFE_STEP_UNKNOWN",
                   fmt::format("{} is no step of a life", static_cast<int>(step.kind())),
                   "step.kind");
  }
  YIMA_RETURN_IF_ERROR(CheckDay(domain, step.date()));
  if (step.has_note()) {
    return Invalid("FIELD_OUTPUT_ONLY", "the note is given beside the step", "step.note");
  }
  YIMA_RETURN_IF_ERROR(CheckLines(request.note(), kNoteMax, "note"));
  const bool hand_over = step.kind() == v1::LIFE_STEP_KIND_HAND_OVER;
  if (!hand_over && step.from_organization() != 0) {
    return NotForStep("only a hand-over is from somebody", "step.from_organization");
  }
  if (!hand_over && step.to_organization() != 0) {
    return NotForStep("only a hand-over is to somebody", "step.to_organization");
  }
  if (step.kind() != v1::LIFE_STEP_KIND_MOVE && request.has_position()) {
    return NotForStep("only what was moved has another position", "position");
  }
  YIMA_RETURN_IF_ERROR(
      CheckOrganization(snapshot, step.from_organization(), "step.from_organization"));
  YIMA_RETURN_IF_ERROR(CheckOrganization(snapshot, step.to_organization(), "step.to_organization"));
  return CheckPosition(request.position());
}

/// The row that allows the step, with its basis looked at.
Result<const LifeRow*> AllowedRow(const v1::LifeStep& step, const v1::Facility& facility) {
  const LifeRow* row = FindLifeRow(step.kind(), facility);
  if (row == nullptr) {
    return Fail(StatusCode::kFailedPrecondition, "LIFE_STEP_OUT_OF_ORDER",
                fmt::format("facility {} is {}; what may follow: {}", facility.uid(),
                            StandingOf(facility), StepsAfter(facility)),
                "step.kind");
  }
  if (row->needs_basis || step.has_basis()) {
    YIMA_RETURN_IF_ERROR(CheckBasis(step.basis(), "step.basis"));
  }
  return row;
}

/// FACILITY_HAS_PARTS: what is scrapped would leave them behind without a word.
Result<void> CheckNoParts(const v1::Facility& facility, Wholes& wholes) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t part, wholes.StandingPart(facility));
  if (part == 0) return {};
  return Fail(StatusCode::kFailedPrecondition, "FACILITY_HAS_PARTS",
              fmt::format("facility {} has parts that stand, such as facility {}: scrap them, or "
                          "give them another parent",
                          facility.uid(), part),
              "facility");
}

void TakeStep(const v1::RecordLifeStepRequest& request, const LifeRow& row, TimeUs now,
              v1::Facility& facility) {
  v1::LifeStep step = request.step();
  if (!request.note().empty()) *step.mutable_note() = Withhold(request.note());
  if (row.life_after != v1::LIFE_UNSPECIFIED) facility.set_life(row.life_after);
  if (row.condition_after != v1::CONDITION_UNSPECIFIED) {
    facility.set_condition(row.condition_after);
  }
  if (request.has_position()) *facility.mutable_position() = request.position();
  if (step.kind() == v1::LIFE_STEP_KIND_HAND_OVER) *facility.mutable_hand_over() = step;
  *facility.mutable_last_step() = std::move(step);
  facility.set_update_time_us(now);
}

/// Ends the codes of a facility that is no more, active and suspended ones.
Result<void> RevokeCodes(const store::Snapshot& snapshot, uint64_t facility, ChangeWriter& writer,
                         std::vector<RecordRef>& results) {
  std::vector<uint64_t> serials;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kCode, 0, {FacilityTerm(facility)},
                                     [&](uint64_t serial, uint64_t, std::string_view) {
                                       serials.push_back(serial);
                                       return true;
                                     }));
  bool has_active = false;
  for (const uint64_t serial : serials) {
    YIMA_ASSIGN_OR_RETURN(const auto code, Get<v1::Code>(snapshot, serial));
    if (!code || (code->record.state() != v1::CODE_STATE_ACTIVE &&
                  code->record.state() != v1::CODE_STATE_SUSPENDED)) {
      continue;
    }
    has_active |= code->record.state() == v1::CODE_STATE_ACTIVE;
    v1::Code revoked = code->record;
    revoked.set_state(v1::CODE_STATE_REVOKED);
    revoked.set_reason(v1::REVOCATION_REASON_SCRAPPED);
    writer.Replace(serial, code->revision, code->record, revoked);
    results.push_back({store::Kind::kCode, serial, code->revision + 1});
  }
  // Binding leaves the facility at its revision, so a plate bound meanwhile is seen by its key.
  if (!has_active) writer.CheckFree({store::Index::kActiveCode, ActiveCodeKey(facility)});
  return {};
}

/// Both answers hold the facility and the codes that ended with it.
template <typename Response>
Result<Response> Answer(const Domain& domain, const std::vector<RecordRef>& results,
                        const store::Snapshot& snapshot) {
  Response response;
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, results.at(0).id, "facility"));
  *response.mutable_facility() = ShownFacility(domain, read.record, read.revision);
  for (size_t i = 1; i < results.size(); ++i) response.add_revoked_codes(results[i].id);
  return response;
}

/// Where the day and the document are the request's own, and its kind is in this field.
Result<Planned> WithoutStep(Result<Planned> planned, std::string_view kind) {
  constexpr std::string_view kStep = "step.";
  if (planned || !planned.error().field.starts_with(kStep)) return planned;
  Error error = std::move(planned).error();
  error.field = error.field == "step.kind" ? kind : error.field.substr(kStep.size());
  return tl::unexpected(std::move(error));
}

}  // namespace

Result<Planned> PlanRecordLifeStep(const Domain& domain, const Call& call,
                                   const v1::RecordLifeStepRequest& request,
                                   const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckStep(domain, request, snapshot));
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, request.facility(), "facility"));
  YIMA_RETURN_IF_ERROR(CheckReach(call, read.record, "facility"));
  YIMA_RETURN_IF_ERROR(CheckEtag(domain, request.etag(), read.revision, "etag"));
  YIMA_ASSIGN_OR_RETURN(const LifeRow* row, AllowedRow(request.step(), read.record));
  const bool scraps = row->life_after == v1::LIFE_SCRAPPED;
  Wholes wholes(call, snapshot);
  if (scraps) YIMA_RETURN_IF_ERROR(CheckNoParts(read.record, wholes));
  v1::Facility after = read.record;
  TakeStep(request, *row, domain.now(), after);
  YIMA_RETURN_IF_ERROR(CheckStoredSize(after, "facility"));
  ChangeWriter writer(call, request.request_id());
  if (scraps) {
    YIMA_RETURN_IF_ERROR(EndRights(domain, call, snapshot, request.step().basis(), after, writer));
  }
  writer.Replace(request.facility(), read.revision, read.record, after);
  YIMA_RETURN_IF_ERROR(wholes.Put(writer));
  std::vector<RecordRef> results = {
      {store::Kind::kFacility, request.facility(), read.revision + 1}};
  if (scraps) {
    YIMA_RETURN_IF_ERROR(RevokeCodes(snapshot, request.facility(), writer, results));
  }
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), std::move(results)};
}

Result<v1::RecordLifeStepResponse> AnswerRecordLifeStep(const Domain& domain,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot) {
  return Answer<v1::RecordLifeStepResponse>(domain, results, snapshot);
}

Result<Planned> PlanRetireFacility(const Domain& domain, const Call& call,
                                   const v1::RetireFacilityRequest& request,
                                   const store::Snapshot& snapshot) {
  v1::RecordLifeStepRequest scrap;
  scrap.set_request_id(request.request_id());
  scrap.set_facility(request.facility());
  scrap.set_etag(request.etag());
  scrap.mutable_step()->set_kind(v1::LIFE_STEP_KIND_SCRAP);
  scrap.mutable_step()->set_date(request.date());
  *scrap.mutable_step()->mutable_basis() = request.basis();
  scrap.set_note(request.note());
  return WithoutStep(PlanRecordLifeStep(domain, call, scrap, snapshot), "facility");
}

Result<v1::RetireFacilityResponse> AnswerRetireFacility(const Domain& domain,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot) {
  return Answer<v1::RetireFacilityResponse>(domain, results, snapshot);
}

Result<Planned> PlanReportCondition(const Domain& domain, const Call& call,
                                    const v1::ReportConditionRequest& request,
                                    const store::Snapshot& snapshot) {
  if (request.kind() != v1::LIFE_STEP_KIND_DAMAGE && request.kind() != v1::LIFE_STEP_KIND_LOSE &&
      request.kind() != v1::LIFE_STEP_KIND_REPAIR) {
    return Invalid(
        "CONDITION_NOT_REPORTED",
        fmt::format("step {} is none of DAMAGE, LOSE and REPAIR", static_cast<int>(request.kind())),
        "kind");
  }
  v1::RecordLifeStepRequest step;
  step.set_request_id(request.request_id());
  step.set_facility(request.facility());
  step.set_etag(request.etag());
  step.mutable_step()->set_kind(request.kind());
  step.mutable_step()->set_date(request.date());
  step.set_note(request.note());
  return WithoutStep(PlanRecordLifeStep(domain, call, step, snapshot), "kind");
}

Result<v1::ReportConditionResponse> AnswerReportCondition(const Domain& domain,
                                                          const std::vector<RecordRef>& results,
                                                          const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, results.at(0).id, "facility"));
  v1::ReportConditionResponse response;
  *response.mutable_facility() = ShownFacility(domain, read.record, read.revision);
  return response;
}

}  // namespace yima::server
