#include "server/rights/publicity.h"

#include <fmt/format.h>

namespace yima::server {

Publicity PublicityOf(const Read<v1::Notice>* notice, TimeUs moment) {
  if (notice == nullptr || notice->record.state() == v1::NOTICE_STATE_WITHDRAWN) {
    return Publicity::kNone;
  }
  if (notice->record.state() == v1::NOTICE_STATE_DRAFT) return Publicity::kDraft;
  return moment < notice->record.close_time_us() ? Publicity::kRunning : Publicity::kOver;
}

Result<void> CheckNotRunning(Publicity publicity, const Read<v1::Notice>* notice,
                             std::string_view field) {
  if (publicity != Publicity::kRunning) return {};
  return Fail(StatusCode::kFailedPrecondition, "PERIOD_RUNNING",
              fmt::format("notice {} is open until the end of {}", notice->record.id(),
                          notice->record.last_day()),
              std::string(field));
}

Result<void> CheckPublished(Publicity publicity, const Read<v1::Notice>* notice, uint64_t claim,
                            bool without_notice, std::string_view field) {
  YIMA_RETURN_IF_ERROR(CheckNotRunning(publicity, notice, field));
  if (publicity == Publicity::kOver) return {};
  if (publicity == Publicity::kNone && without_notice) return {};
  return Fail(
      StatusCode::kFailedPrecondition, "CLAIM_NOT_PUBLISHED",
      publicity == Publicity::kDraft
          ? fmt::format("notice {} of claim {} has not opened yet", notice->record.id(), claim)
          : fmt::format("no notice lists claim {}", claim),
      std::string(field));
}

}  // namespace yima::server
