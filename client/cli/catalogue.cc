#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/day.h"

namespace yima::cli {
namespace {

Result<void> ListClasses(Session& session, const std::string& prefix) {
  v1::ListFacilityClassesRequest request;
  request.set_prefix(prefix);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().ListFacilityClasses(request));
  for (const auto& row : answer.facility_classes()) {
    if (session.json) {
      session.Object(ToJson(row));
    } else {
      session.Line(fmt::format("{}\t{}\t{}\t{}\t{}", row.code(), row.group_name_zh(), row.name_zh(),
                               row.name_en(), row.edition()));
    }
  }
  return {};
}

void ShowBatchLine(Session& session, const v1::Batch& batch) {
  if (session.json) return session.Object(ToJson(batch));
  session.Line(fmt::format(
      "{}\t{}\t{}\t{}/{}\t{}\t{}", batch.id(), EnumName(v1::BatchKind_descriptor(), batch.kind()),
      EnumName(v1::BatchState_descriptor(), batch.state()), batch.counts().done(),
      batch.counts().total(), FormatTime(batch.create_time_us()), Printable(batch.source())));
}

Result<void> ListBatches(Session& session) {
  return EachPage<v1::ListBatchesRequest, v1::ListBatchesResponse>(
      {}, [&](const auto& request) { return session.client().ListBatches(request); },
      [&](const auto& page) -> Result<void> {
        for (const auto& batch : page.batches()) ShowBatchLine(session, batch);
        return session.Flush();
      });
}

Result<void> ShowBatch(Session& session, const std::string& number) {
  v1::GetBatchRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t batch, ParseNumber(number, "batch"));
  request.set_batch(batch);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().GetBatch(request));
  Show(session, answer.batch());
  return {};
}

}  // namespace

void AddClasses(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "classes", T("部件分类目录", "the catalogue of facility classes"));
  const auto prefix = std::make_shared<std::string>();
  auto* list = AddCommand(group, session, "list",
                          T("列出部件小类：代码、大类、名称、英文名、版本",
                            "list the classes: code, group, name, English name, edition"),
                          {"yima classes list", "yima classes list 01 --json"},
                          [&session, prefix] { return ListClasses(session, *prefix); });
  list->add_option("prefix", *prefix, T("代码前缀", "prefix of the code"));
}

void AddBatches(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "batches", T("批次", "work done in batches"));
  AddCommand(group, session, "list",
             T("列出批次，新的在前：编号、种类、状态、进度、时间、来源",
               "list batches, newest first: number, kind, state, progress, time, source"),
             {"yima batches list", "yima batches list --json"},
             [&session] { return ListBatches(session); });
  const auto number = std::make_shared<std::string>();
  auto* show = AddCommand(group, session, "show", T("显示一个批次", "show one batch"),
                          {"yima batches show 4294967297", "yima batches show 4294967297 --json"},
                          [&session, number] { return ShowBatch(session, *number); });
  show->add_option("batch", *number, T("批次号", "number of the batch"))->required();
  AddBatchesUndo(*group, session);
}

}  // namespace yima::cli
