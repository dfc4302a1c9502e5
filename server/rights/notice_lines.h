#ifndef YIMA_SERVER_RIGHTS_NOTICE_LINES_H_
#define YIMA_SERVER_RIGHTS_NOTICE_LINES_H_

#include "server/domain/domain.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// What a notice lists, by rising claim, as everybody may see it: whoever asks. NOTICE_NOT_FOUND,
/// FIELD_TOO_LONG, FIELD_NOT_TEXT, PAGE_*.
Result<v1::ListNoticeClaimsResponse> ListNoticeClaims(const Domain& domain, const Call& call,
                                                      const v1::ListNoticeClaimsRequest& request,
                                                      const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_NOTICE_LINES_H_
