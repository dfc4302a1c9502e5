#ifndef YIMA_SERVER_YIMAD_SETTINGS_H_
#define YIMA_SERVER_YIMAD_SETTINGS_H_

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace yima::server {

/// Where options come from when the command line does not name them, the first that does: the
/// environment (`--http-address-file` is YIMAD_HTTP_ADDRESS_FILE), the configuration file, the
/// default. In the file a section is a command ([serve], [trust.export]); what stands above all
/// sections holds for every command that has such an option. Names that no command knows are
/// refused. To be called when all commands have been added.
void UseSettings(CLI::App& app);

/// One option of one command, as it would be taken now.
struct Setting {
  std::string command;  ///< `serve`, `trust export`
  std::string option;   ///< `--listen`
  std::string value;    ///< Empty: not set.
  std::string source;   ///< `YIMAD_LISTEN`, the file's path, `default`
};
/// All settings but those of the command line, for a line that was parsed.
std::vector<Setting> EffectiveSettings(const CLI::App& app);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_SETTINGS_H_
