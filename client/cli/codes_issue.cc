#include <fmt/format.h>

#include "client/cli/code_lines.h"
#include "client/cli/commands.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

struct IssueOptions {
  std::string facility;
  std::vector<std::string> where;
  std::string blank;
  std::string request_id;
};

Result<v1::IssueCodesRequest> MakeRequest(Session& session, const IssueOptions& options) {
  v1::IssueCodesRequest request;
  const int targets = static_cast<int>(!options.facility.empty()) +
                      static_cast<int>(!options.where.empty()) +
                      static_cast<int>(!options.blank.empty());
  if (targets != 1) {
    return Invalid("TARGET_MISSING", "want one of --facility, --where and --blank", "--where");
  }
  if (!options.blank.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t blank, ParseNumber(options.blank, "--blank"));
    request.set_blank(blank);
  } else if (!options.facility.empty()) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
    request.set_facility(found.facility().uid());
  } else {
    YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), ParseWhere(session, options.where));
  }
  return request;
}

Result<void> Issue(Session& session, const IssueOptions& options) {
  YIMA_ASSIGN_OR_RETURN(auto request, MakeRequest(session, options));
  uint64_t batch = 0;
  uint64_t skipped = 0;
  uint64_t printed = 0;
  const auto work = [&](const std::string& id) -> Result<void> {
    request.set_request_id(id);
    Progress progress(T("发码", "issuing"));
    YIMA_RETURN_IF_ERROR(session.client().IssueCodes(
        request, [&](const v1::IssueCodesResponse& response) -> Result<void> {
          if (response.batch() != 0) batch = response.batch();
          skipped += response.skipped();
          for (const auto& code : response.codes()) ShowCode(session, code);
          printed += static_cast<uint64_t>(response.codes_size());
          progress.Show(printed, response.total());
          return session.Flush();
        }));
    return session.Flush();
  };
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  YIMA_RETURN_IF_ERROR(UnderRequestId(memory, options.request_id, work));
  session.Tell(fmt::format(fmt::runtime(T("批次 {}：{} 个码，{} 个部件已有码而略过",
                                          "batch {}: {} codes, {} facilities had one already")),
                           batch, printed, skipped));
  return {};
}

}  // namespace

void AddCodesIssue(CLI::App& codes, Session& session) {
  const auto options = std::make_shared<IssueOptions>();
  auto* issue = AddCommand(
      &codes, session, "issue",
      T("发码；中断后同一命令接着做，并打印整批",
        "issue codes; after a break the same command goes on and prints the whole batch"),
      {"yima codes issue --where class=01001 division=140502 --json > codes.jsonl",
       "yima codes issue --blank 500"},
      [&session, options] { return Issue(session, *options); });
  issue->add_option("--facility", options->facility,
                    T("一个部件：代码、uid:N 或 命名空间:值",
                      "one facility: its code, uid:N or NAMESPACE:VALUE"));
  issue->add_option("--where", options->where, WhereHelp());
  issue->add_option("--blank", options->blank, T("空白码个数", "this many blank plates"));
  issue->add_option("--request-id", options->request_id,
                    T("请求号；缺省由本机记住", "id of the request; kept for you when left out"));
}

}  // namespace yima::cli
