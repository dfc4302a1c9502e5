#include <fmt/format.h>

#include "client/cli/changes.h"
#include "client/cli/commands.h"
#include "client/cli/outcomes.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

struct SetOptions {
  std::vector<std::string> changes;
  std::vector<std::string> where;
  std::string request_id;
  bool dry_run = false;
  bool yes = false;
};

/// What is laid over the fields of one facility would be the same for all.
Result<v1::EditFacilitiesRequest> MakeRequest(Session& session, const SetOptions& options) {
  v1::UpdateFacilityRequest parsed;
  YIMA_RETURN_IF_ERROR(ParseChanges(session, options.changes, parsed));
  for (const auto& path : parsed.update_mask()) {
    if (path != "codes" && path != "external_codes" && path != "extra" && path != "personal") {
      continue;
    }
    return Invalid(
        "CHANGE_MALFORMED",
        fmt::format("{} of many cannot be set at once; use yima facilities update", path),
        "change");
  }
  v1::EditFacilitiesRequest request;
  *request.mutable_facility() = parsed.facility();
  *request.mutable_update_mask() = parsed.update_mask();
  request.set_remark(parsed.remark());
  YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), ParseWhere(session, options.where));
  return request;
}

Result<v1::EditFacilitiesResponse> Send(Session& session,
                                        const v1::EditFacilitiesRequest& request) {
  return LastAnswer(session, T("改动", "changing"), request, &Client::EditFacilities);
}

void ShowAnswer(Session& session, const v1::EditFacilitiesResponse& answer, bool dry_run) {
  if (session.json) {
    Json object = ToJson(answer);
    object["dryRun"] = dry_run;
    return session.Object(object);
  }
  if (answer.batch() != 0) ShowCount(session, T("批次", "batch"), answer.batch());
  ShowCount(session, T("部件", "facilities"), answer.total());
  ShowCount(session, dry_run ? T("将改动", "would change") : T("已改动", "changed"),
            answer.changed());
  ShowCount(session, T("不变", "unchanged"), answer.unchanged());
  ShowCount(session, T("拒绝", "refused"), answer.refused());
  if (!dry_run) ShowCount(session, T("其间被改动", "moved"), answer.moved());
  TellOutcomes(session, answer.facilities());
}

Result<void> Set(Session& session, const SetOptions& options) {
  YIMA_ASSIGN_OR_RETURN(auto request, MakeRequest(session, options));
  request.set_dry_run(true);
  YIMA_ASSIGN_OR_RETURN(auto answer, Send(session, request));
  if (options.dry_run) {
    ShowAnswer(session, answer, true);
    return {};
  }
  YIMA_ASSIGN_OR_RETURN(
      const bool confirmed,
      Confirmed(session, options.yes,
                fmt::format(fmt::runtime(T("将改动 {} 个部件，不变 {} 个，拒绝 {} 个。继续吗？",
                                           "{} facilities would change, {} stay, {} refuse. Go "
                                           "on?")),
                            answer.changed(), answer.unchanged(), answer.refused())));
  if (!confirmed) return {};
  request.set_dry_run(false);
  request.set_frozen_hash(answer.frozen_hash());
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  YIMA_RETURN_IF_ERROR(
      UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
        request.set_request_id(id);
        YIMA_ASSIGN_OR_RETURN(answer, Send(session, request));
        return {};
      }));
  ShowAnswer(session, answer, false);
  return {};
}

}  // namespace

void AddFacilitiesSet(CLI::App& facilities, Session& session) {
  const auto options = std::make_shared<SetOptions>();
  auto* set = AddCommand(
      &facilities, session, "set",
      T("改动筛选出的全部部件：先试运行，再询问",
        "change all facilities that a filter finds: a "
        "dry run first, then a question"),
      {"yima facilities set owner=城区排水公司 --where class=01001 division=140502",
       "yima facilities set maintainer= data_source=普查 --where batch=4294967297 --yes --json"},
      [&session, options] { return Set(session, *options); });
  set->add_option("changes", options->changes, ChangesHelp())->required();
  set->add_option("--where", options->where, WhereHelp())->required();
  set->add_flag("--dry-run", options->dry_run, T("只说会做什么", "say what would be done"));
  set->add_flag("--yes", options->yes, T("不再询问", "do not ask"));
  set->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

}  // namespace yima::cli
