#include "server/yimad/settings.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "server/yimad/words.h"

namespace yima::server {
namespace {

constexpr const char* kFile = "/etc/yima/yimad.toml";

std::string FromEnvironment(const std::string& name) {
  const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

std::string DefaultFile() {
  const std::string named = FromEnvironment("YIMAD_CONFIG");
  return named.empty() ? kFile : named;
}

/// Options that are said and not set: help, version, the file itself; positionals.
bool IsSetting(const CLI::App& app, const CLI::Option& option) {
  return !option.get_lnames().empty() && &option != app.get_help_ptr() &&
         &option != app.get_version_ptr() && option.get_lnames().front() != "config";
}

std::string VariableOf(const CLI::Option& option) {
  std::string name = "YIMAD_" + option.get_lnames().front();
  for (char& c : name)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<uint8_t>(c)));
  return name;
}

void NameVariables(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (IsSetting(app, *option)) option->envname(VariableOf(*option));
  }
  for (CLI::App* command : app.get_subcommands({})) NameVariables(*command);
}

/// The app that a section's names lead to; null when there is none.
const CLI::App* Section(const CLI::App& app, const std::vector<std::string>& names) {
  const CLI::App* at = &app;
  for (const auto& name : names) {
    const auto commands =
        at->get_subcommands([&](const CLI::App* c) { return c->check_name(name); });
    if (commands.empty()) return nullptr;
    at = commands.front();
  }
  return at;
}

/// CLI11's TOML, with the environment before the file and values that hold for all commands.
class SettingsFile : public CLI::ConfigTOML {
 public:
  explicit SettingsFile(const CLI::App& app) : app_(app) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::vector<CLI::ConfigItem> taken;
    for (auto& item : CLI::ConfigTOML::from_config(input)) {
      if (item.parents.empty() && app_.get_option_no_throw("--" + item.name) == nullptr) {
        const size_t before = taken.size();
        Spread(app_, {}, item, taken);
        // Of no command: CLI11 says so.
        if (taken.size() == before && !spread_) taken.push_back(std::move(item));
        spread_ = false;
      } else if (!IsOverridden(Section(app_, item.parents), item.name)) {
        taken.push_back(std::move(item));
      }
    }
    return taken;
  }

 private:
  static bool IsOverridden(const CLI::App* command, const std::string& name) {
    const auto* option = command == nullptr ? nullptr : command->get_option_no_throw("--" + name);
    return option != nullptr && !FromEnvironment(option->get_envname()).empty();
  }

  /// Gives the item to each command below that has such an option.
  void Spread(const CLI::App& app, const std::vector<std::string>& names,
              const CLI::ConfigItem& item, std::vector<CLI::ConfigItem>& taken) const {
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      auto below = names;
      below.push_back(command->get_name());
      if (command->get_option_no_throw("--" + item.name) != nullptr) {
        spread_ = true;
        if (!IsOverridden(command, item.name)) taken.push_back({below, item.name, item.inputs});
      }
      Spread(*command, below, item, taken);
    }
  }

  const CLI::App& app_;
  mutable bool spread_ = false;
};

std::string Joined(const std::vector<std::string>& values) {
  std::string joined;
  for (const auto& value : values) joined += (joined.empty() ? "" : ",") + value;
  return joined;
}

void Collect(const CLI::App& root, const CLI::App& app, const std::string& command,
             std::vector<Setting>& settings) {
  for (const CLI::Option* option : app.get_options()) {
    if (!IsSetting(app, *option)) continue;
    Setting setting{command, "--" + option->get_lnames().front(), option->get_default_str(),
                    "default"};
    const std::string value = FromEnvironment(option->get_envname());
    if (!value.empty()) {
      setting.value = value;
      setting.source = option->get_envname();
    } else if (option->count() > 0) {
      setting.value = Joined(option->results());
      setting.source = root.get_config_ptr()->as<std::string>();
    }
    settings.push_back(std::move(setting));
  }
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (below->get_name() == "config") continue;
    Collect(root, *below, command.empty() ? below->get_name() : command + " " + below->get_name(),
            settings);
  }
}

}  // namespace

void UseSettings(CLI::App& app) {
  app.set_config("--config", DefaultFile(),
                 Say("配置文件（TOML），每个命令一节，如 [serve]；节外的设置用于各命令",
                     "file of options (TOML), a section for each command: [serve]; what stands "
                     "above them holds for all"));
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.config_formatter(std::make_shared<SettingsFile>(app));
  NameVariables(app);
}

std::vector<Setting> EffectiveSettings(const CLI::App& app) {
  std::vector<Setting> settings;
  Collect(app, app, "", settings);
  return settings;
}

}  // namespace yima::server
