#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/cli/writes.h"
#include "codegen/code/day.h"

namespace yima::cli {
namespace {

/// A file of rules is some kilobytes.
constexpr size_t kFileMax = size_t{1} << 20;

struct ShowOptions {
  std::string version;
};

struct SetOptions {
  std::string file;
  bool dry_run = false;
  std::string request_id;
};

Result<std::string> ReadFile(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::istream& source = file == "-" ? std::cin : stream;
  std::string text(kFileMax + 1, '\0');
  if (file == "-" || stream) source.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!source.eof() && !source.good()) {
    return Fail(StatusCode::kNotFound, "FILE_UNREADABLE", fmt::format("cannot read {}", file),
                "--file");
  }
  text.resize(static_cast<size_t>(source.gcount()));
  if (text.size() <= kFileMax) return text;
  return Invalid("FILE_TOO_LARGE", fmt::format("{} takes more than {} bytes", file, kFileMax),
                 "--file");
}

/// RULES_MALFORMED: not JSON, or with a field that rules do not have; the message names the place.
Result<v1::RightsRules> ParseRules(const std::string& text, const std::string& file) {
  v1::RightsRules rules;
  const auto read = google::protobuf::util::JsonStringToMessage(text, &rules);
  if (read.ok()) return rules;
  return Invalid("RULES_MALFORMED", fmt::format("{}: {}", file, std::string(read.message())),
                 "--file");
}

/// As a file for `set` holds them: with the etag, so that who changes what was read overwrites
/// nobody's change.
Result<std::string> FileOf(v1::RightsRules rules) {
  rules.clear_update_time_us();
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string text;
  const auto made = google::protobuf::util::MessageToJsonString(rules, &text, options);
  if (made.ok()) return text;
  return Fail(StatusCode::kInternal, "RULES_MALFORMED", std::string(made.message()));
}

Result<void> ShowRules(Session& session, const ShowOptions& options) {
  v1::GetRightsRulesRequest request;
  if (!options.version.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t version, ParseNumber(options.version, "--version"));
    request.set_version(version);
  }
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().GetRightsRules(request));
  if (session.json) {
    session.Object(ToJson(answer));
    return {};
  }
  if (answer.version() == 0) {
    session.Tell(T("尚未制定规则，以下为缺省值", "no rules were set; these hold by themselves"));
  } else {
    session.Tell(fmt::format("{} {}, {}", T("版本", "version"), answer.version(),
                             FormatTime(answer.rules().update_time_us())));
  }
  YIMA_ASSIGN_OR_RETURN(std::string text, FileOf(answer.rules()));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  session.Line(text);
  return {};
}

Result<void> SetRules(Session& session, const SetOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.file));
  v1::SetRightsRulesRequest request;
  YIMA_ASSIGN_OR_RETURN(*request.mutable_rules(), ParseRules(text, options.file));
  request.set_dry_run(options.dry_run);
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::SetRightsRules));
  if (session.json) {
    Json object = ToJson(answer);
    object["dryRun"] = options.dry_run;
    session.Object(object);
    return {};
  }
  session.Line(fmt::format("{}: {}",
                           options.dry_run
                               ? T("规则无误；现行版本", "the rules are sound; in force is version")
                               : T("现行版本", "in force is version"),
                           answer.version()));
  return {};
}

}  // namespace

void AddRightsRules(CLI::App& rights, Session& session) {
  auto* group = AddGroup(rights, "rules",
                         T("本市的确权规则：期限、日历、谁可确认、候选单位",
                           "the city's rules: periods, calendars, who may confirm, candidates"));
  const auto shown = std::make_shared<ShowOptions>();
  auto* show = AddCommand(group, session, "show",
                          T("显示规则，即 set 所用文件的内容", "show the rules, as a file for set"),
                          {"yima rights rules show", "yima rights rules show --version 3 --json"},
                          [&session, shown] { return ShowRules(session, *shown); });
  show->add_option("--version", shown->version, T("某一版本", "as they were in that version"));
  const auto given = std::make_shared<SetOptions>();
  auto* set = AddCommand(group, session, "set",
                         T("以文件中的规则取代现行规则，记为新版本",
                           "put the rules of a file in place of those in force, as a new version"),
                         {"yima rights rules set --file rights_rules.json --dry-run",
                          "yima rights rules set --file - --json"},
                         [&session, given] { return SetRules(session, *given); });
  set->add_option("--file", given->file,
                  T("JSON 文件，- 为标准输入", "a JSON file; - is standard input"))
      ->required();
  set->add_flag("--dry-run", given->dry_run, T("只检查", "look at them only"));
  set->add_option("--request-id", given->request_id, T("请求号", "id of the request"));
}

}  // namespace yima::cli
