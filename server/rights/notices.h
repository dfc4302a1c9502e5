#ifndef YIMA_SERVER_RIGHTS_NOTICES_H_
#define YIMA_SERVER_RIGHTS_NOTICES_H_

#include <vector>

#include "server/domain/domain.h"
#include "server/rights/rules.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// A notice's record. NOTICE_NOT_FOUND at that field.
Result<Read<v1::Notice>> FindNotice(const store::Snapshot& snapshot, uint64_t notice,
                                    std::string_view field);
/// The same for who calls: the public knows of none that has not opened.
Result<Read<v1::Notice>> FindNoticeFor(const Call& call, const store::Snapshot& snapshot,
                                       uint64_t notice);
/// Claims that it lists, whatever has become of them.
Result<uint64_t> ClaimsListed(const store::Snapshot& snapshot, uint64_t notice);
/// Opens a draft of so many days at that moment, under those rules. CALENDAR_YEAR_MISSING.
Result<void> OpenNotice(const Rules& rules, TimeUs moment, v1::Notice& notice);

/// Takes a notice back: in one record, to which its claims point. NOTICE_NOT_FOUND,
/// NOTICE_WITHDRAWN, NOTICE_DECIDED, SCOPE_EXCEEDED, FIELD_MISSING, FIELD_TOO_LONG, FIELD_NOT_TEXT.
Result<Planned> PlanWithdrawNotice(const Domain& domain, const Call& call,
                                   const v1::WithdrawNoticeRequest& request,
                                   const store::Snapshot& snapshot);
Result<v1::WithdrawNoticeResponse> AnswerWithdrawNotice(const Domain& domain,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot);

/// NOTICE_NOT_FOUND.
Result<v1::GetNoticeResponse> GetNotice(const Domain& domain, const Call& call,
                                        const v1::GetNoticeRequest& request,
                                        const store::Snapshot& snapshot);
/// Newest first. PAGE_*.
Result<v1::ListNoticesResponse> ListNotices(const Domain& domain, const Call& call,
                                            const v1::ListNoticesRequest& request,
                                            const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_NOTICES_H_
