#ifndef YIMA_CLIENT_CLI_RIGHTS_RUN_H_
#define YIMA_CLIENT_CLI_RIGHTS_RUN_H_

#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "client/cli/outcomes.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/session.h"
#include "client/cli/words.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::cli {

/// How a batch over rights is to be run.
struct RunOptions {
  bool dry_run = false;
  bool yes = false;
  std::string request_id;
};
/// --dry-run, --yes, --request-id. `options` outlives the command.
void AddRunOptions(CLI::App& command, RunOptions& options);

/// What a batch says of itself.
struct RunWords {
  const char* bar;
  const char* done;      ///< 已提供: of the rights on which something was done.
  const char* would;     ///< The same of a dry run.
  std::string question;  ///< With places for rights, facilities, and those refused.
};

/// `more`: fields that the JSON object has beside those of the progress.
void ShowProgress(Session& session, const v1::RightsProgress& progress, const RunWords& words,
                  bool dry_run, const Json& more);

/// The last message of an answer, with all outcomes that are worth a line.
template <typename Response, typename Request>
Result<Response> LastProgress(Session& session, const char* bar, const Request& request,
                              Result<void> (Client::*call)(const Request&,
                                                           const Client::Receiver<Response>&)
                                  const) {
  Response last;
  Outcomes kept;
  Progress shown(bar);
  YIMA_RETURN_IF_ERROR(
      (session.client().*call)(request, [&](const Response& response) -> Result<void> {
        KeepRemarkable(response.progress().facilities(), kept);
        last = response;
        shown.Show(response.progress().done(), response.progress().total());
        return {};
      }));
  *last.mutable_progress()->mutable_facilities() = kept;
  return last;
}

/// What an answer says beside its progress.
template <typename Response>
Json MoreOf(const Response& answer) {
  Json more = Json::object();
  if constexpr (requires { answer.organization(); }) {
    more["organization"] = ToJson(answer.organization());
  }
  return more;
}

/// Sends it under a request id that is kept until the answer is there.
template <typename Response, typename Request>
Result<Response> RunKept(Session& session, const RunOptions& options, const RequestMemory& memory,
                         const RunWords& words, Request request,
                         Result<void> (Client::*call)(const Request&,
                                                      const Client::Receiver<Response>&) const) {
  Response answer;
  YIMA_RETURN_IF_ERROR(
      UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
        request.mutable_run()->set_request_id(id);
        YIMA_ASSIGN_OR_RETURN(answer, LastProgress(session, words.bar, request, call));
        return {};
      }));
  ShowProgress(session, answer.progress(), words, false, MoreOf(answer));
  return answer;
}

/// Looks first, asks on a terminal, then does it: gives the last answer, or that of the dry run.
/// What was begun before, or has a request id of the user's own and --yes, goes on unasked: looked
/// at again it may be refused for what it has done itself.
template <typename Response, typename Request>
Result<Response> RunOverRights(
    Session& session, const RunOptions& options, const RunWords& words, Request request,
    Result<void> (Client::*call)(const Request&, const Client::Receiver<Response>&) const) {
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  const bool begun =
      options.request_id.empty() ? std::filesystem::exists(memory.file()) : options.yes;
  if (begun && !options.dry_run) return RunKept(session, options, memory, words, request, call);
  request.mutable_run()->set_dry_run(true);
  YIMA_ASSIGN_OR_RETURN(auto answer, LastProgress(session, words.bar, request, call));
  if (options.dry_run) {
    ShowProgress(session, answer.progress(), words, true, MoreOf(answer));
    return answer;
  }
  const v1::RightsProgress& found = answer.progress();
  YIMA_ASSIGN_OR_RETURN(const bool confirmed,
                        Confirmed(session, options.yes,
                                  fmt::format(fmt::runtime(words.question), found.rights(),
                                              found.changed(), found.refused())));
  if (!confirmed) return answer;
  request.mutable_run()->set_dry_run(false);
  request.mutable_run()->set_frozen_hash(found.frozen_hash());
  request.mutable_run()->set_frozen_log_size(found.frozen_log_size());
  return RunKept(session, options, memory, words, request, call);
}

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_RIGHTS_RUN_H_
