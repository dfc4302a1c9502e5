#include "client/cli/printing.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/cli/records.h"
#include "client/cli/words.h"

namespace yima::cli {

const char* ReprintHelp() {
  return T("重印原因：misprint、spoiled、lost、worn",
           "why plates are printed once more: misprint, spoiled, lost, worn");
}

Result<void> MarkPrinted(Session& session, const std::vector<uint64_t>& serials,
                         const std::string& reprint, const std::string& request_id) {
  constexpr size_t kSerialsACall = 1000;
  int reason = 0;
  if (!reprint.empty()) {
    YIMA_ASSIGN_OR_RETURN(reason, ParseEnum(v1::ReprintReason_descriptor(), reprint, "--reprint"));
  }
  uint64_t marked = 0;
  {
    Progress progress(T("标记已印", "marking"));
    for (size_t first = 0; first < serials.size(); first += kSerialsACall) {
      const size_t end = std::min(serials.size(), first + kSerialsACall);
      v1::MarkPrintedRequest request;
      request.set_request_id(fmt::format("{}.{}", request_id, first));
      for (size_t i = first; i < end; ++i) request.add_serials(serials[i]);
      request.set_reprint_reason(static_cast<v1::ReprintReason>(reason));
      YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().MarkPrinted(request));
      marked += answer.marked();
      progress.Show(end, serials.size());
    }
  }
  session.Tell(
      fmt::format(fmt::runtime(T("{} 枚铭牌已标记为已印", "{} plates marked as printed")), marked));
  return {};
}

}  // namespace yima::cli
