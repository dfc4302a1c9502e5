#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "server/yimad/commands.h"
#include "server/yimad/settings.h"
#include "server/yimad/words.h"

namespace yima::server {

int RunConfigShow(const CLI::App& app, bool json) {
  std::string section;
  for (const auto& setting : EffectiveSettings(app)) {
    if (json) {
      const nlohmann::ordered_json object = {{"command", setting.command},
                                             {"option", setting.option},
                                             {"value", setting.value},
                                             {"source", setting.source}};
      fmt::print("{}\n", object.dump());
      continue;
    }
    if (setting.command != section) {
      section = setting.command;
      std::string name = section;
      for (char& c : name) c = c == ' ' ? '.' : c;
      fmt::print("\n[{}]\n", name);
    }
    const std::string name = setting.option.substr(2);
    if (setting.value.empty() && setting.source == "default") {
      fmt::print("# {}: {}\n", name, Say("未设置", "not set"));
    } else {
      fmt::print("{} = {}  # {}\n", name, nlohmann::json(setting.value).dump(),
                 setting.source == "default" ? Say("缺省", "default") : setting.source);
    }
  }
  return kDone;
}

}  // namespace yima::server
