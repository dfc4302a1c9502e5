#include "server/yimad/command_line.h"

#include "server/yimad/words.h"

namespace yima::server {

CLI::App* AddCommand(CLI::App& app, const char* name, const char* what, const char* examples) {
  auto* command = app.add_subcommand(name, what);
  command->group(Say("命令", "Commands"));
  if (*examples != '\0') command->footer(Say("例：", "Examples:") + std::string(examples) + "\n");
  return command;
}

void AddData(CLI::App* command, std::filesystem::path& data) {
  command->add_option("--data", data, Say("数据目录", "data folder"))
      ->required()
      ->envname("YIMAD_DATA");
}

void AddPassphrase(CLI::App* command, std::filesystem::path& file) {
  command
      ->add_option("--passphrase-file", file,
                   Say("口令文件，密钥以其加密", "file with the passphrase that seals the keys"))
      ->envname("YIMAD_PASSPHRASE_FILE");
}

}  // namespace yima::server
