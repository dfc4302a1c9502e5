#ifndef YIMA_SERVER_ISSUANCE_CODES_H_
#define YIMA_SERVER_ISSUANCE_CODES_H_

#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/code.pb.h"
#include "yima/v1/issuance_service.pb.h"

namespace yima::server {

/// RECORD_DAMAGED (DATA_LOSS) unless the record's payload and signature are whole.
Result<void> CheckSound(const v1::Code& record, uint64_t serial);

/// A code's record, sound. CODE_NOT_FOUND (NOT_FOUND) at `field`.
Result<Read<v1::Code>> FindCode(const store::Snapshot& snapshot, uint64_t serial,
                                std::string_view field = "serial");
/// What a kept reply says of a code that was put so many times since it was read.
RecordRef RefTo(const Read<v1::Code>& read, uint64_t revisions_later);

/// A code as callers see it. `record` must be sound.
v1::IssuedCode ToIssued(const Domain& domain, const v1::Code& record, uint64_t revision);

/// SCOPE_EXCEEDED unless the facility that the code has or had is within the caller's reach; of a
/// blank plate, unless the caller began its batch or may act everywhere.
Result<void> CheckReachOfCode(const Call& call, const store::Snapshot& snapshot,
                              const v1::Code& code, std::string_view field);

/// Binds a blank plate to a facility. CODE_NOT_FOUND, CODE_BOUND, CODE_REVOKED, FACILITY_NOT_FOUND,
/// FACILITY_HAS_CODE, FACILITY_DIFFERS when the plate is signed for
/// another, PLATE_NOT_AUTHENTIC when the plate is given by a text that is not its own.
Result<Planned> PlanBindCode(const Domain& domain, const Call& call,
                             const v1::BindCodeRequest& request, const store::Snapshot& snapshot);
Result<v1::BindCodeResponse> AnswerBindCode(const Domain& domain,
                                            const std::vector<RecordRef>& results,
                                            const store::Snapshot& snapshot);

/// Ends a code for good; one that is ended already stays as it is. CODE_NOT_FOUND,
/// REVOCATION_REASON_MISSING, CODE_BOUND when a bound one is called SPOILED.
Result<Planned> PlanRevokeCode(const Domain& domain, const Call& call,
                               const v1::RevokeCodeRequest& request,
                               const store::Snapshot& snapshot);
Result<v1::RevokeCodeResponse> AnswerRevokeCode(const Domain& domain,
                                                const std::vector<RecordRef>& results,
                                                const store::Snapshot& snapshot);

Result<v1::GetCodeResponse> GetCode(const Domain& domain, const Call& call,
                                    const v1::GetCodeRequest& request,
                                    const store::Snapshot& snapshot);
Result<v1::ListCodesResponse> ListCodes(const Domain& domain, const Call& call,
                                        const v1::ListCodesRequest& request,
                                        const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_ISSUANCE_CODES_H_
