#include "client/cli/rights_target.h"

#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <sodium.h>

#include "client/cli/facility_list.h"
#include "client/cli/outcomes.h"
#include "client/cli/reasons.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/import/csv.h"
#include "codegen/code/signature.h"
#include "codegen/label/output_file.h"

namespace yima::cli {
namespace {

/// As many as a filter may name.
constexpr size_t kListMax = 200'000;

/// What the file of rejects holds: a line for each facility that was left, and why; such that it
/// may be given as --from again. It appears when the step was taken.
class Rejects {
 public:
  /// REJECTS_IS_LEDGER when it would replace the list.
  Result<void> Open(const RightsOptions& options) {
    if (options.rejects.empty()) return {};
    std::error_code ignored;
    if (std::filesystem::equivalent(options.from, options.rejects, ignored)) {
      return Invalid("REJECTS_IS_LEDGER", "the rejects would replace the list", "--rejects");
    }
    YIMA_ASSIGN_OR_RETURN(file_, label::OutputFile::Create(options.rejects));
    return file_->Write("facility,reason\r\n");
  }

  void Add(std::string_view facility, std::string_view reason) {
    ledger::AppendCsvField(lines_, facility);
    lines_.append(",").append(reason).append("\r\n");
  }

  Result<void> Close() {
    if (!file_) return {};
    YIMA_RETURN_IF_ERROR(file_->Write(lines_));
    YIMA_RETURN_IF_ERROR(file_->Close());
    return file_->Publish();
  }

 private:
  std::optional<label::OutputFile> file_;
  std::string lines_;
};

/// Without a file of rejects, a line that leads nowhere stops the command before anything is done.
Result<void> TakeLost(Session& session, const RightsOptions& options, const FacilityList& list,
                      Rejects& rejects) {
  for (const auto& lost : list.lost) {
    Error error = lost.error;
    error.field = fmt::format("{}:{}", options.from, lost.line);
    // Left behind is what was asked for, when there is a file of rejects.
    if (options.rejects.empty()) {
      session.Complain(error);
    } else {
      session.Tell(fmt::format("{}: {}", error.field, error.message));
    }
    rejects.Add(lost.text, lost.error.reason);
  }
  if (list.lost.empty() || !options.rejects.empty()) return {};
  return Invalid("BAD_ROWS",
                 fmt::format("{}: {} lines lead to no facility: nothing was done", options.from,
                             list.lost.size()),
                 "--from");
}

Result<v1::RightsTarget> MakeTarget(Session& session, const RightsOptions& options,
                                    Rejects& rejects) {
  v1::RightsTarget target;
  YIMA_ASSIGN_OR_RETURN(const auto kinds, ParseKinds(options.kinds));
  for (const auto kind : kinds) target.add_kinds(kind);
  const int ways = static_cast<int>(!options.facility.empty()) +
                   static_cast<int>(!options.where.empty()) +
                   static_cast<int>(!options.from.empty());
  if (ways != 1) {
    return Invalid("TARGET_MISSING", "want one of --facility, --where and --from", "--where");
  }
  if (!options.facility.empty()) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
    target.set_facility(found.facility().uid());
    return target;
  }
  if (!options.where.empty()) {
    YIMA_ASSIGN_OR_RETURN(*target.mutable_filter(), ParseWhere(session, options.where));
    return target;
  }
  YIMA_ASSIGN_OR_RETURN(const auto list, ReadFacilityList(session, options.from));
  YIMA_RETURN_IF_ERROR(TakeLost(session, options, list, rejects));
  if (list.uids.empty() || list.uids.size() > kListMax) {
    return Invalid("TOO_MANY_UIDS",
                   fmt::format("{} lists {} facilities, want 1 to {}", options.from,
                               list.uids.size(), kListMax),
                   "--from");
  }
  target.mutable_filter()->mutable_uids()->Add(list.uids.begin(), list.uids.end());
  return target;
}

Result<v1::RightsProgress> Send(const RightsStep& step, const v1::RightsTarget& target,
                                const v1::RightsRun& run) {
  v1::RightsProgress answer;
  Outcomes kept;
  Progress progress(step.words.bar);
  YIMA_RETURN_IF_ERROR(step.send(target, run, [&](const v1::RightsProgress& told) -> Result<void> {
    KeepRemarkable(told.facilities(), kept);
    answer = told;
    progress.Show(told.done(), told.total());
    return {};
  }));
  *answer.mutable_facilities() = kept;
  return answer;
}

void ShowAnswer(Session& session, const RightsStep& step, const v1::RightsProgress& answer,
                bool dry_run, Rejects& rejects) {
  for (const auto& outcome : answer.facilities()) {
    rejects.Add(fmt::format("uid:{}", outcome.facility()),
                outcome.kind() == v1::FACILITY_OUTCOME_KIND_MOVED ? "MOVED" : outcome.reason());
  }
  ShowProgress(session, answer, step.words, dry_run, step.more());
  if (!session.json) step.tell();
}

Result<v1::RightsProgress> RunUnderId(const RequestMemory& memory, const RightsOptions& options,
                                      const RightsStep& step, const v1::RightsTarget& target,
                                      v1::RightsRun run) {
  v1::RightsProgress answer;
  YIMA_RETURN_IF_ERROR(
      UnderRequestId(memory, options.run.request_id, [&](const std::string& id) -> Result<void> {
        run.set_request_id(id);
        YIMA_ASSIGN_OR_RETURN(answer, Send(step, target, run));
        return {};
      }));
  return answer;
}

/// What was begun before, or has a request id of the user's own and --yes, goes on unasked: looked
/// at again it may be refused for what it has done itself.
bool IsBegun(const RightsOptions& options, const RequestMemory& memory) {
  return options.run.request_id.empty() ? std::filesystem::exists(memory.file()) : options.run.yes;
}

/// HASH, or HASH-ENTRIES with the entries that the log had, by which a refusal names what changed.
Result<v1::RightsRun> FrozenRun(const std::string& text) {
  v1::RightsRun run;
  const size_t dash = text.find('-');
  std::string& hash = *run.mutable_frozen_hash();
  hash.assign(crypto_hash_sha256_BYTES, '\0');
  const auto read =
      FromHex(text.substr(0, dash), {reinterpret_cast<uint8_t*>(hash.data()), hash.size()});
  if (!read) return Invalid("HEX_MALFORMED", read.error().message, "--frozen-hash");
  if (dash == std::string::npos) return run;
  YIMA_ASSIGN_OR_RETURN(const uint64_t entries,
                        ParseNumber(text.substr(dash + 1), "--frozen-hash"));
  run.set_frozen_log_size(entries);
  return run;
}

}  // namespace

void AddTargetOptions(CLI::App& command, RightsOptions& options) {
  command.add_option("--facility", options.facility, T("一个部件", "one facility"));
  command.add_option("--where", options.where, WhereHelp());
  command.add_option(
      "--from", options.from,
      T("文件，每行一个部件；- 为标准输入", "a file, a facility a line; - is stdin"));
  command.add_option(
      "--rejects", options.rejects,
      T("把未处理的部件及原因写入此文件", "write what was left, and why, to this file"));
  command.add_option("--frozen-hash", options.frozen_hash,
                     T("试运行所得；结果有变则拒绝，不再询问",
                       "from a dry run: refuse when the filter finds something else by now, and do "
                       "not ask"));
  AddRunOptions(command, options.run);
}

void AddRightsOptions(CLI::App& command, RightsOptions& options) {
  AddTargetOptions(command, options);
  command
      .add_option("--right,--kind", options.kinds,
                  T("哪些权利：supervising、owning、maintaining",
                    "which: supervising, owning, maintaining"))
      ->required()
      ->delimiter(',');
}

Result<std::vector<v1::RightKind>> ParseKinds(const std::vector<std::string>& kinds) {
  std::vector<v1::RightKind> parsed;
  for (const auto& kind : kinds) {
    YIMA_ASSIGN_OR_RETURN(const int n, ParseEnum(v1::RightKind_descriptor(), kind, "--right"));
    parsed.push_back(static_cast<v1::RightKind>(n));
  }
  return parsed;
}

Result<void> TakeStep(Session& session, const RightsOptions& options, const RightsStep& step) {
  Rejects rejects;
  YIMA_RETURN_IF_ERROR(rejects.Open(options));
  YIMA_ASSIGN_OR_RETURN(const auto target, MakeTarget(session, options, rejects));
  YIMA_ASSIGN_OR_RETURN(auto run, options.frozen_hash.empty()
                                      ? Result<v1::RightsRun>(v1::RightsRun())
                                      : FrozenRun(options.frozen_hash));
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  const bool of_one = target.has_facility() || !options.frozen_hash.empty();
  v1::RightsProgress answer;
  if (options.run.dry_run || !(of_one || IsBegun(options, memory))) {
    v1::RightsRun look;
    look.set_dry_run(true);
    YIMA_ASSIGN_OR_RETURN(answer, Send(step, target, look));
    run.set_frozen_hash(answer.frozen_hash());
    run.set_frozen_log_size(answer.frozen_log_size());
    if (!options.run.dry_run) {
      YIMA_ASSIGN_OR_RETURN(
          const bool confirmed,
          Confirmed(session, options.run.yes || !step.asks,
                    fmt::format(fmt::runtime(step.words.question), answer.rights(),
                                answer.changed(), answer.refused())));
      if (!confirmed) return {};
    }
  }
  if (!options.run.dry_run) {
    YIMA_ASSIGN_OR_RETURN(answer, RunUnderId(memory, options, step, target, run));
  }
  ShowAnswer(session, step, answer, options.run.dry_run, rejects);
  return rejects.Close();
}

}  // namespace yima::cli
