#ifndef YIMA_SERVER_ISSUANCE_CODE_LIFE_H_
#define YIMA_SERVER_ISSUANCE_CODE_LIFE_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/issuance_service.pb.h"

namespace yima::server {

/// Takes a code out of use for a while. It gives up its facility's place, so that another code may
/// stand in for it; one that is suspended already stays as it is. CODE_NOT_FOUND, CODE_NOT_ACTIVE.
Result<Planned> PlanSuspendCode(const Domain& domain, const Call& call,
                                const v1::SuspendCodeRequest& request,
                                const store::Snapshot& snapshot);
Result<v1::SuspendCodeResponse> AnswerSuspendCode(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot);

/// Back to ACTIVE; a code that is so already stays as it is. CODE_NOT_FOUND, CODE_NOT_SUSPENDED,
/// FACILITY_HAS_CODE when another code took the place, FACILITY_ENDED.
Result<Planned> PlanResumeCode(const Domain& domain, const Call& call,
                               const v1::ResumeCodeRequest& request,
                               const store::Snapshot& snapshot);
Result<v1::ResumeCodeResponse> AnswerResumeCode(const Domain& domain,
                                                const std::vector<RecordRef>& results,
                                                const store::Snapshot& snapshot);

/// Ends an active or suspended code and puts another in its place, in one change: a blank plate
/// that the request names, else a new code, signed today. CODE_NOT_FOUND, CODE_REVOKED, CODE_BLANK,
/// CODE_BOUND, FACILITY_HAS_CODE, FACILITY_ENDED, FACILITY_WITHOUT_CODE, REVOCATION_REASON_MISSING,
/// REASON_NOT_FOR_REPLACING, and what signing refuses.
Result<Planned> PlanReplaceCode(const Domain& domain, const Call& call,
                                const v1::ReplaceCodeRequest& request,
                                const store::Snapshot& snapshot);
Result<v1::ReplaceCodeResponse> AnswerReplaceCode(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_ISSUANCE_CODE_LIFE_H_
