#include "server/check/check.h"

#include <fmt/format.h>
#include <unistd.h>

#include "server/store/sqlite_store.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

/// One line on a terminal's stderr, written over again and again; nothing elsewhere.
void ShowProgress(std::string_view what, uint64_t done) {
  static const bool terminal = isatty(STDERR_FILENO) == 1;
  if (terminal) fmt::print(stderr, "\r\x1b[K{} {}", what, done);
}

void ClearProgress() {
  if (isatty(STDERR_FILENO) == 1) fmt::print(stderr, "\r\x1b[K");
}

Result<std::vector<std::string>> Findings(const CheckOptions& options,
                                          std::vector<std::string>& notes) {
  YIMA_RETURN_IF_ERROR(CheckPresent(options.data));
  YIMA_ASSIGN_OR_RETURN(auto findings, store::CheckIntegrity(options.data / "yima.db"));
  // What SQLite itself calls damaged is not worth asking about in words.
  if (!findings.empty()) return findings;
  YIMA_ASSIGN_OR_RETURN(const auto folder, OpenReadOnly(options.data));
  return CheckRegistry(*folder.store->Read(), folder.registry, ShowProgress, &notes);
}

}  // namespace

int RunCheck(const CheckOptions& options) {
  std::vector<std::string> notes;
  const auto findings = Findings(options, notes);
  ClearProgress();
  if (!findings) return Complain(findings.error());
  for (const auto& note : notes) fmt::print(stderr, "{}{}\n", Say("提示：", "note: "), note);
  for (const auto& finding : *findings) fmt::print("{}\n", finding);
  if (!findings->empty()) {
    fmt::print(stderr,
               fmt::runtime(Say("发现 {} 处不一致\n", "{} things are not as they should be\n")),
               findings->size());
    return kFailed;
  }
  fmt::print("{}\n", Say("一切正常", "all is well"));
  return kDone;
}

}  // namespace yima::server
