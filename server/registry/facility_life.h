#ifndef YIMA_SERVER_REGISTRY_FACILITY_LIFE_H_
#define YIMA_SERVER_REGISTRY_FACILITY_LIFE_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// Records a step of a facility's life: what it may follow and what it leaves stands in life.h.
/// SCRAP revokes the facility's active and suspended codes in the same change. FACILITY_NOT_FOUND,
/// ETAG_STALE (ABORTED), LIFE_STEP_UNKNOWN, LIFE_STEP_OUT_OF_ORDER, FACILITY_HAS_PARTS,
/// BASIS_MISSING, DATE_MALFORMED, DATE_IN_FUTURE, FIELD_NOT_FOR_STEP, ORGANIZATION_UNKNOWN,
/// FACILITY_TOO_LARGE.
Result<Planned> PlanRecordLifeStep(const Domain& domain, const Call& call,
                                   const v1::RecordLifeStepRequest& request,
                                   const store::Snapshot& snapshot);
Result<v1::RecordLifeStepResponse> AnswerRecordLifeStep(const Domain& domain,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot);

/// The step SCRAP under its own name: one rule for both, and people look for the word.
Result<Planned> PlanRetireFacility(const Domain& domain, const Call& call,
                                   const v1::RetireFacilityRequest& request,
                                   const store::Snapshot& snapshot);
Result<v1::RetireFacilityResponse> AnswerRetireFacility(const Domain& domain,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot);

/// What a crew may record of those steps: DAMAGE, LOSE, REPAIR. CONDITION_NOT_REPORTED for others.
Result<Planned> PlanReportCondition(const Domain& domain, const Call& call,
                                    const v1::ReportConditionRequest& request,
                                    const store::Snapshot& snapshot);
Result<v1::ReportConditionResponse> AnswerReportCondition(const Domain& domain,
                                                          const std::vector<RecordRef>& results,
                                                          const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_FACILITY_LIFE_H_
