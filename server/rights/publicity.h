#ifndef YIMA_SERVER_RIGHTS_PUBLICITY_H_
#define YIMA_SERVER_RIGHTS_PUBLICITY_H_

#include "server/domain/domain.h"
#include "yima/v1/notice.pb.h"

namespace yima::server {

/// How far the publicity of a claim has come.
enum class Publicity {
  kNone,     ///< In no notice, or in one that was withdrawn.
  kDraft,    ///< Its notice has not opened yet.
  kRunning,  ///< Objections may come in.
  kOver,
};

/// `notice`: of the claim; null when there is none. `moment`: see Moment().
Publicity PublicityOf(const Read<v1::Notice>* notice, TimeUs moment);

/// PERIOD_RUNNING (FAILED_PRECONDITION) at that field.
Result<void> CheckNotRunning(Publicity publicity, const Read<v1::Notice>* notice,
                             std::string_view field);
/// The same, and CLAIM_NOT_PUBLISHED unless the period is over, or the rules want none and no
/// notice lists the claim.
Result<void> CheckPublished(Publicity publicity, const Read<v1::Notice>* notice, uint64_t claim,
                            bool without_notice, std::string_view field);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_PUBLICITY_H_
