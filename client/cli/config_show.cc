#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

/// Where an option's value is from: `--server` when the line names it, its variable, the
/// configuration file, or `default`.
std::string SourceOf(const CLI::App& app, const CLI::Option& option,
                     const std::vector<std::string>& line) {
  const std::string name = "--" + option.get_lnames().front();
  const bool named = std::ranges::any_of(
      line, [&](const std::string& word) { return word == name || word.starts_with(name + "="); });
  if (named) return name;
  const std::string& variable = option.get_envname();
  const char* const value = variable.empty() ? nullptr : std::getenv(variable.c_str());
  if (value != nullptr && *value != '\0') return variable;
  return option.count() > 0 ? app.get_config_ptr()->as<std::string>() : "default";
}

Result<void> ShowConfig(Session& session, const CLI::App& app,
                        const std::vector<std::string>& line) {
  for (const CLI::Option* option : app.get_options()) {
    const auto& names = option->get_lnames();
    // Help, version and the file itself are no settings.
    if (names.empty() || option == app.get_help_ptr() || option == app.get_version_ptr() ||
        option == app.get_config_ptr()) {
      continue;
    }
    const std::string source = SourceOf(app, *option, line);
    const std::string value =
        option->count() > 0 ? option->results().back() : option->get_default_str();
    if (session.json) {
      session.Object({{"option", "--" + names.front()}, {"value", value}, {"source", source}});
    } else {
      session.Line(fmt::format("{} = {}  # {}", names.front(), Json(value).dump(),
                               source == "default" ? T("缺省", "default") : source));
    }
  }
  return {};
}

}  // namespace

void AddConfig(CLI::App& app, Session& session, const std::vector<std::string>& line) {
  auto* group = AddGroup(app, "config", T("设置", "settings"));
  AddCommand(group, session, "show",
             T("打印设置及其来源", "print the settings and where each is from"),
             {"yima config show", "yima config show --json"},
             [&session, &app, &line] { return ShowConfig(session, app, line); });
}

}  // namespace yima::cli
