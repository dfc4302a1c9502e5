#ifndef YIMA_SERVER_ISSUANCE_BLANK_RANGE_H_
#define YIMA_SERVER_ISSUANCE_BLANK_RANGE_H_

#include <functional>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/issuance_service.pb.h"

namespace yima::server {

/// Writes down which blank plates a contractor takes along. Its id is one more than that of the
/// range before it, so two planned at once meet in the store, and the second sees the first when it
/// is planned again. RANGE_BACKWARDS, FIELD_TOO_LONG, FIELD_NOT_TEXT; CODE_NOT_FOUND,
/// ORGANIZATION_UNKNOWN; RANGE_OVERLAPS, RANGE_WITHOUT_BLANKS, RANGE_TOO_LARGE, RANGE_MIXED;
/// SCOPE_EXCEEDED.
Result<Planned> PlanCreateBlankRange(const Domain& domain, const Call& call,
                                     const v1::CreateBlankRangeRequest& request,
                                     const store::Snapshot& snapshot);
Result<v1::CreateBlankRangeResponse> AnswerCreateBlankRange(const Domain& domain,
                                                            const std::vector<RecordRef>& results,
                                                            const store::Snapshot& snapshot);

/// With its account. RANGE_NOT_FOUND.
Result<v1::GetBlankRangeResponse> GetBlankRange(const Domain& domain, const Call& call,
                                                const v1::GetBlankRangeRequest& request,
                                                const store::Snapshot& snapshot);
Result<v1::ListBlankRangesResponse> ListBlankRanges(const Domain& domain, const Call& call,
                                                    const v1::ListBlankRangesRequest& request,
                                                    const store::Snapshot& snapshot);

/// A range that the caller may deal with. RANGE_NOT_FOUND (NOT_FOUND), SCOPE_EXCEEDED unless the
/// caller made it or may act everywhere.
Result<Read<v1::BlankRange>> FindRange(const Call& call, const store::Snapshot& snapshot,
                                       uint64_t id);
/// Counted from the codes themselves: up to 51,000 reads in a row.
Result<v1::BlankRangeAccount> AccountOf(const v1::BlankRange& range,
                                        const store::Snapshot& snapshot);

using CloseRangeSink = std::function<Result<void>(const v1::CloseBlankRangeResponse&)>;

/// Revokes the plates that are still out as LOST, chunk by chunk, and closes the range with the
/// last of them; one that was bound or joined the range meanwhile is left as it is. Waits; for a
/// thread of its own. REQUEST_ID_*, RANGE_NOT_FOUND, RANGE_GREW, SCOPE_EXCEEDED, CALL_ENDED.
Result<void> CloseBlankRange(const Domain& domain, const Call& call,
                             const v1::CloseBlankRangeRequest& request, const CloseRangeSink& sink);

}  // namespace yima::server

#endif  // YIMA_SERVER_ISSUANCE_BLANK_RANGE_H_
