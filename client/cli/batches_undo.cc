#include "client/cli/commands.h"
#include "client/cli/outcomes.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

struct UndoOptions {
  std::string batch;
  std::string request_id;
  bool dry_run = false;
};

Result<v1::UndoBatchResponse> Send(Session& session, const v1::UndoBatchRequest& request) {
  return LastAnswer(session, T("撤回", "taking back"), request, &Client::UndoBatch);
}

void ShowAnswer(Session& session, const v1::UndoBatchResponse& answer, bool dry_run) {
  if (session.json) {
    Json object = ToJson(answer);
    object["dryRun"] = dry_run;
    return session.Object(object);
  }
  if (answer.batch() != 0) ShowCount(session, T("批次", "batch"), answer.batch());
  ShowCount(session, T("部件", "facilities"), answer.total());
  ShowCount(session, T("恢复原值", "restored"), answer.restored());
  ShowCount(session, T("撤回新建", "withdrawn"), answer.withdrawn());
  ShowCount(session, T("不变", "unchanged"), answer.unchanged());
  ShowCount(session, T("不能撤回", "refused"), answer.refused());
  if (!dry_run) ShowCount(session, T("其间被改动", "moved"), answer.moved());
  TellOutcomes(session, answer.facilities());
}

Result<void> Undo(Session& session, const UndoOptions& options) {
  v1::UndoBatchRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t batch, ParseNumber(options.batch, "batch"));
  request.set_batch(batch);
  request.set_dry_run(options.dry_run);
  v1::UndoBatchResponse answer;
  const auto send = [&](const std::string& id) -> Result<void> {
    request.set_request_id(id);
    YIMA_ASSIGN_OR_RETURN(answer, Send(session, request));
    return {};
  };
  if (options.dry_run) {
    YIMA_RETURN_IF_ERROR(send(""));
  } else {
    const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
    YIMA_RETURN_IF_ERROR(UnderRequestId(memory, options.request_id, send));
  }
  ShowAnswer(session, answer, options.dry_run);
  return {};
}

}  // namespace

void AddBatchesUndo(CLI::App& batches, Session& session) {
  const auto options = std::make_shared<UndoOptions>();
  auto* undo = AddCommand(
      &batches, session, "undo", T("撤回一次导入或批量改动", "take an import or an edit back"),
      {"yima batches undo 4294967297 --dry-run", "yima batches undo 4294967297 --json"},
      [&session, options] { return Undo(session, *options); });
  undo->add_option("batch", options->batch, T("批次号", "number of the batch"))->required();
  undo->add_flag("--dry-run", options->dry_run, T("只说会做什么", "say what would be done"));
  undo->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

}  // namespace yima::cli
