#ifndef YIMA_CLIENT_CLI_RIGHTS_TARGET_H_
#define YIMA_CLIENT_CLI_RIGHTS_TARGET_H_

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "client/cli/rights_run.h"
#include "client/cli/session.h"

namespace yima::cli {

/// On which rights a step of the procedure is taken, and how, as a command line says it.
struct RightsOptions {
  std::string facility;
  std::vector<std::string> where;
  std::string from;  ///< A file with a facility a line; "-": standard input.
  std::filesystem::path rejects;
  std::vector<std::string> kinds;
  std::string frozen_hash;
  RunOptions run;
};

/// --facility, --where, --from, --rejects, --frozen-hash and those of a run. `options` outlives the
/// command.
void AddTargetOptions(CLI::App& command, RightsOptions& options);
/// The same, and --right.
void AddRightsOptions(CLI::App& command, RightsOptions& options);

/// The kinds of rights that are named. ENUM_UNKNOWN.
Result<std::vector<v1::RightKind>> ParseKinds(const std::vector<std::string>& kinds);

/// One step over what the options name.
struct RightsStep {
  RunWords words;
  bool asks = true;  ///< Of many, on a terminal.
  /// Sends a request with this target and run, and tells of each message of the answer.
  std::function<Result<void>(const v1::RightsTarget&, const v1::RightsRun&,
                             const std::function<Result<void>(const v1::RightsProgress&)>&)>
      send;
  /// What the answer says beside its progress, as fields of the JSON object.
  std::function<Json()> more = [] { return Json::object(); };
  /// The same for people.
  std::function<void()> tell = [] {};
};

/// Takes a step: of one facility at once; of many after a dry run, and a question on a terminal.
/// What was refused is told, and written to the file of rejects with its reason. TARGET_MISSING,
/// FILE_*, CONFIRMATION_MISSING, and what the step refuses.
Result<void> TakeStep(Session& session, const RightsOptions& options, const RightsStep& step);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_RIGHTS_TARGET_H_
