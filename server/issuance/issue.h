#ifndef YIMA_SERVER_ISSUANCE_ISSUE_H_
#define YIMA_SERVER_ISSUANCE_ISSUE_H_

#include <functional>

#include "server/domain/domain.h"
#include "yima/v1/issuance_service.pb.h"

namespace yima::server {

/// Takes one message of the answer; an Error when nobody listens. May wait.
using IssueSink = std::function<Result<void>(const v1::IssueCodesResponse&)>;

/// Issues codes as a batch, whatever their number: the list is frozen first, then signed and
/// committed chunk by chunk, and each code is sent only once it is durable. The same request again
/// sends what was done and goes on with the rest. Waits; for a thread of its own.
///
/// REQUEST_ID_*, TARGET_MISSING, what the filter says, BLANK_COUNT_OUT_OF_RANGE,
/// FACILITY_NOT_FOUND, FACILITY_HAS_CODE, FACILITY_WITHOUT_CODE, BATCH_TOO_LARGE, NO_VALID_KEY,
/// CLOCK_BACKWARDS, NUMBERS_USED_UP, CALL_ENDED.
Result<void> IssueCodes(const Domain& domain, const Call& call,
                        const v1::IssueCodesRequest& request, const IssueSink& sink);

}  // namespace yima::server

#endif  // YIMA_SERVER_ISSUANCE_ISSUE_H_
