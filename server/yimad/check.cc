#include "server/check/check.h"

#include <fmt/format.h>

#include "server/store/sqlite_store.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

Result<std::vector<std::string>> Findings(const CheckOptions& options) {
  YIMA_ASSIGN_OR_RETURN(auto findings, store::CheckIntegrity(options.data / "yima.db"));
  // What SQLite itself calls damaged is not worth asking about in words.
  if (!findings.empty()) return findings;
  YIMA_ASSIGN_OR_RETURN(const auto folder, OpenReadOnly(options.data));
  return CheckRegistry(*folder.store->Read(), folder.registry);
}

}  // namespace

int RunCheck(const CheckOptions& options) {
  const auto findings = Findings(options);
  if (!findings) return Complain(findings.error());
  for (const auto& finding : *findings) fmt::print("{}\n", finding);
  if (!findings->empty()) {
    fmt::print(stderr, Say("发现 {} 处不一致\n", "{} things are not as they should be\n"),
               findings->size());
    return kFailed;
  }
  fmt::print("{}\n", Say("一切正常", "all is well"));
  return kDone;
}

}  // namespace yima::server
