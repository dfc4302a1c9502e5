#include "client/cli/rights_run.h"

#include "codegen/code/signature.h"

namespace yima::cli {

void AddRunOptions(CLI::App& command, RunOptions& options) {
  command.add_flag("--dry-run", options.dry_run, T("只说会做什么", "say what would be done"));
  command.add_flag("--yes", options.yes, T("不再询问", "do not ask"));
  command.add_option("--request-id", options.request_id, T("请求号", "id of the request"));
}

void ShowProgress(Session& session, const v1::RightsProgress& progress, const RunWords& words,
                  bool dry_run, const Json& more) {
  if (session.json) {
    Json object = ToJson(progress);
    object["dryRun"] = dry_run;
    object.update(more);
    return session.Object(object);
  }
  if (progress.batch() != 0) ShowCount(session, T("批次", "batch"), progress.batch());
  ShowCount(session, T("部件", "facilities"), progress.total());
  ShowCount(session, dry_run ? words.would : words.done, progress.rights());
  ShowCount(session, T("不变", "unchanged"), progress.unchanged());
  ShowCount(session, T("拒绝", "refused"), progress.refused());
  if (!dry_run) ShowCount(session, T("其间被改动", "moved"), progress.moved());
  if (!progress.frozen_hash().empty()) {
    const std::string& hash = progress.frozen_hash();
    session.Line(fmt::format(
        "{}: {}{}", T("结果哈希", "frozen hash"),
        ToHex({reinterpret_cast<const uint8_t*>(hash.data()), hash.size()}),
        progress.frozen_log_size() == 0 ? "" : fmt::format("-{}", progress.frozen_log_size())));
  }
  TellOutcomes(session, progress.facilities());
}

}  // namespace yima::cli
