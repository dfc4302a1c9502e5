#include <CLI/CLI.hpp>

#include "server/yimad/commands.h"
#include "server/yimad/words.h"

namespace {

using yima::server::Say;

int exit_code = yima::server::kDone;

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

void AddInit(CLI::App& app) {
  auto* command = app.add_subcommand("init", Say("建立登记库", "make a new registry"));
  const auto options = std::make_shared<yima::server::InitOptions>();
  AddData(command, options->data);
  command
      ->add_option("--origin", options->origin,
                   Say("码前的网址，印在每块铭牌上，不可更改",
                       "what stands before the digits of every code, for ever"))
      ->required();
  AddPassphrase(command, options->passphrase_file);
  command->add_flag("--allow-test-origin", options->allow_test_origin,
                    Say("允许测试地址（IP 或单段主机名）", "allow an address or one-label host"));
  command->footer(Say("例：", "Examples:") +
                  std::string("\n  yimad init --data /var/lib/yima --origin HTTPS://QR.EXAMPLE.CN/"
                              "\n  yimad init --data demo --origin HTTPS://LOCALHOST/ "
                              "--allow-test-origin --passphrase-file pass.txt"));
  command->callback([options] { exit_code = yima::server::RunInit(*options); });
}

void AddServe(CLI::App& app) {
  auto* command = app.add_subcommand("serve", Say("提供服务", "serve until told to stop"));
  const auto options = std::make_shared<yima::server::ServeOptions>();
  AddData(command, options->data);
  command
      ->add_option("--listen", options->listen,
                   Say("监听地址，端口 0 为任意空闲端口", "address; port 0 takes a free one"))
      ->envname("YIMAD_LISTEN")
      ->capture_default_str();
  command->add_option("--address-file", options->address_file,
                      Say("就绪后写入实际地址的文件", "file that gets the address once ready"));
  AddPassphrase(command, options->passphrase_file);
  command->add_flag("--insecure", options->insecure,
                    Say("允许非本机地址（尚无访问控制）",
                        "serve beyond loopback, though there is no access control yet"));
  command->footer(Say("例：", "Examples:") +
                  std::string("\n  yimad serve --data /var/lib/yima"
                              "\n  yimad serve --data demo --listen 127.0.0.1:0 --address-file "
                              "demo.address"));
  command->callback([options] { exit_code = yima::server::RunServe(*options); });
}

void AddCheck(CLI::App& app) {
  auto* command = app.add_subcommand(
      "check", Say("核对全部数据，可与服务同时运行", "check everything, also beside a server"));
  const auto options = std::make_shared<yima::server::CheckOptions>();
  AddData(command, options->data);
  command->footer(Say("例：", "Examples:") +
                  std::string("\n  yimad check --data /var/lib/yima"
                              "\n  yimad check --data demo && echo sound"));
  command->callback([options] { exit_code = yima::server::RunCheck(*options); });
}

void AddTrust(CLI::App& app) {
  auto* trust = app.add_subcommand("trust", Say("验证者所需的信任文件", "what verifiers carry"));
  trust->require_subcommand(1);
  auto* command = trust->add_subcommand(
      "export", Say("输出信任包与吊销清单", "write the trust bundle and the revocation list"));
  const auto options = std::make_shared<yima::server::TrustExportOptions>();
  AddData(command, options->data);
  command->add_option("-o,--out", options->out,
                      Say("输出目录，供 yima --trust 使用；缺省则打印信任包",
                          "folder that yima --trust reads; without it the bundle is printed"));
  command->footer(Say("例：", "Examples:") +
                  std::string("\n  yimad trust export --data /var/lib/yima -o trust"
                              "\n  yimad trust export --data demo"));
  command->callback([options] { exit_code = yima::server::RunTrustExport(*options); });
}

/// Before anything is said: help is built from words.
void TakeLanguage(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--lang") yima::server::SetLanguage(argv[i + 1]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  TakeLanguage(argc, argv);
  CLI::App app(Say("一码登记库服务器", "the server of a Yima registry"), "yimad");
  std::string lang;
  app.add_option("--lang", lang, Say("语言：zh 或 en", "language: zh or en"))
      ->check(CLI::IsMember({"zh", "en"}));
  app.set_version_flag("--version", "yimad " YIMA_VERSION);
  app.set_config("--config", "", Say("配置文件", "configuration file"));
  app.require_subcommand(1);
  AddInit(app);
  AddServe(app);
  AddCheck(app);
  AddTrust(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? yima::server::kDone : yima::server::kWrongUse;
  }
  return exit_code;
}
