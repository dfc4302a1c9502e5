#include <CLI/CLI.hpp>

#include "server/yimad/command_line.h"
#include "server/yimad/commands.h"
#include "server/yimad/settings.h"
#include "server/yimad/words.h"

namespace {

using yima::server::Say;

int exit_code = yima::server::kDone;
using yima::server::AddCommand;
using yima::server::AddData;
using yima::server::AddPassphrase;

/// The words that CLI11 puts around ours. What is added afterwards takes them over.
void SpeakLanguage(CLI::App& app) {
  app.option_defaults()->group(Say("选项", "Options"));
  app.set_help_flag("-h,--help", Say("打印本说明", "print this help"));
  const auto formatter = app.get_formatter();
  formatter->label("Usage", Say("用法", "Usage"));
  formatter->label("OPTIONS", Say("选项", "OPTIONS"));
  formatter->label("SUBCOMMAND", Say("命令", "COMMAND"));
  formatter->label("SUBCOMMANDS", Say("命令", "COMMANDS"));
  formatter->label("REQUIRED", Say("必填", "REQUIRED"));
  formatter->label("Env", Say("环境变量", "Env"));
  formatter->label("TEXT", Say("文本", "TEXT"));
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return std::string("yimad: ") + error.what() + "\n" +
           Say("提示：yimad --help 和 yimad 命令 --help 说明用法",
               "hint: yimad --help and yimad COMMAND --help say how it is used") +
           "\n";
  });
  app.fallthrough();
}

void AddInit(CLI::App& app) {
  auto* command = AddCommand(app, "init", Say("建立登记库", "make a new registry"),
                             "\n  yimad init --data /var/lib/yima --origin HTTPS://QR.EXAMPLE.CN/"
                             "\n  yimad init --data demo --origin HTTPS://LOCALHOST/ "
                             "--allow-test-origin --passphrase-file pass.txt"
                             "\n  yimad init --data demo --origin HTTPS://YIMA.INTRANET.CN/ "
                             "--self-signed");
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
  command->add_flag("--self-signed", options->self_signed,
                    Say("另建内网自用的证书机构与证书，见 yimad certificate",
                        "also make an authority and a certificate for an intranet, as yimad "
                        "certificate does"));
  command->callback([options] { exit_code = yima::server::RunInit(*options); });
}

void AddCertificate(CLI::App& app) {
  auto* command = AddCommand(
      app, "certificate",
      Say("签发或更新内网自用的 TLS 证书", "make or renew a TLS certificate for an intranet"),
      "\n  yimad certificate --data /var/lib/yima"
      "\n  yimad certificate --data demo --host 192.168.1.20 --host yima.intranet.cn");
  const auto options = std::make_shared<yima::server::CertificateOptions>();
  AddData(command, options->data);
  command
      ->add_option("--host", options->hosts,
                   Say("除各网址的主机外，证书还用于的主机名或 IP",
                       "name or IP address it is for, beside the hosts of the origins"))
      ->allow_extra_args(false);
  command->callback([options] { exit_code = yima::server::RunCertificate(*options); });
}

void AddAdminToken(CLI::App& app) {
  auto* command = AddCommand(
      app, "admin-token",
      Say("管理员令牌遗失时重发：写入数据目录的 admin-token，前一个作废；可与服务同时运行",
          "a new administrator's token in the data folder's admin-token, when it was lost; the one "
          "before is revoked; also beside a running server"),
      "\n  yimad admin-token --data /var/lib/yima"
      "\n  yima login --token-file demo/admin-token    # after yimad admin-token --data demo");
  const auto options = std::make_shared<yima::server::AdminTokenOptions>();
  AddData(command, options->data);
  AddPassphrase(command, options->passphrase_file);
  command->callback([options] { exit_code = yima::server::RunAdminToken(*options); });
}

void AddHttp(CLI::App* command, yima::server::ServeOptions& options) {
  command
      ->add_option("--http", options.http,
                   Say("码后网页的监听地址，none 为不提供",
                       "address of the pages behind the codes; none for no pages"))
      ->envname("YIMAD_HTTP")
      ->capture_default_str();
  command->add_option(
      "--http-address-file", options.http_address_file,
      Say("就绪后写入网页实际地址的文件", "file that gets the pages' address once ready"));
  command
      ->add_option("--webroot", options.webroot,
                   Say("存放域名验证文件的目录，其中文件直接在网址下提供",
                       "folder of files that prove the domain, served directly under the origin"))
      ->envname("YIMAD_WEBROOT");
  command
      ->add_option("--hotline", options.hotline,
                   Say("热线电话，页面上不知该找谁时显示",
                       "telephone shown where no facility says whom to call"))
      ->envname("YIMAD_HOTLINE");
  command
      ->add_option("--metrics", options.metrics,
                   Say("Prometheus 监控指标的监听地址，none 为不提供",
                       "address of the metrics for Prometheus; none for no metrics"))
      ->envname("YIMAD_METRICS")
      ->capture_default_str();
}

void AddServe(CLI::App& app) {
  auto* command = AddCommand(app, "serve", Say("提供服务", "serve until told to stop"),
                             "\n  yimad serve --data /var/lib/yima"
                             "\n  yimad serve --data demo --listen 127.0.0.1:0 --address-file "
                             "demo.address");
  const auto options = std::make_shared<yima::server::ServeOptions>();
  AddData(command, options->data);
  command
      ->add_option("--listen", options->listen,
                   Say("监听地址，端口 0 为任意空闲端口", "address; port 0 takes a free one"))
      ->envname("YIMAD_LISTEN")
      ->capture_default_str();
  command->add_option("--address-file", options->address_file,
                      Say("就绪后写入实际地址的文件", "file that gets the address once ready"));
  AddHttp(command, *options);
  AddPassphrase(command, options->passphrase_file);
  command
      ->add_option("--tls-cert", options->tls_certificate,
                   Say("TLS 证书链（PEM），更换后自动重读；监听非本机地址时必需",
                       "TLS certificate chain (PEM), read again when it changes; needed beyond "
                       "loopback"))
      ->envname("YIMAD_TLS_CERT");
  command->add_option("--tls-key", options->tls_key, Say("其私钥（PEM）", "its key (PEM)"))
      ->envname("YIMAD_TLS_KEY");
  command
      ->add_option("--client-ca", options->client_ca,
                   Say("客户端证书的签发者（PEM）；证书名对应主体",
                       "issuers of client certificates (PEM), whose names stand for principals"))
      ->envname("YIMAD_CLIENT_CA");
  command
      ->add_option("--public-rate", options->public_rate,
                   Say("每个地址每秒无令牌调用的上限，0 为不限",
                       "calls a second without a token, by address; 0: any"))
      ->envname("YIMAD_PUBLIC_RATE")
      ->capture_default_str();
  command
      ->add_option("--log-format", options->log_format,
                   Say("日志格式：text 或 json（每行一个对象）",
                       "how it logs: text, or json, an object a line"))
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command
      ->add_option(
          "--log-level", options->log_level,
          Say("日志级别：debug（每次调用一行）、info、warn 或 error",
              "least level that is logged: debug (a line for each call), info, warn, error"))
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->envname("YIMAD_LOG_LEVEL")
      ->capture_default_str();
  command->callback([options] { exit_code = yima::server::RunServe(*options); });
}

void AddCheck(CLI::App& app) {
  auto* command = AddCommand(
      app, "check", Say("核对全部数据，可与服务同时运行", "check everything, also beside a server"),
      "\n  yimad check --data /var/lib/yima"
      "\n  yimad check --data demo && echo sound");
  const auto options = std::make_shared<yima::server::CheckOptions>();
  AddData(command, options->data);
  command->callback([options] { exit_code = yima::server::RunCheck(*options); });
}

void AddJson(CLI::App* command, bool& json) {
  command->add_flag("--json", json, Say("以 JSON 输出", "print one JSON object"));
}

void AddBackup(CLI::App& app) {
  auto* command = AddCommand(
      app, "backup", Say("备份，可与服务同时运行", "copy everything, also beside a running server"),
      "\n  yimad backup --data /var/lib/yima /backup/yima-$(date +%F)"
      "\n  yimad backup --data demo demo-backup --json");
  const auto options = std::make_shared<yima::server::BackupOptions>();
  AddData(command, options->data);
  command
      ->add_option("to", options->to,
                   Say("新目录，不得已存在", "a new folder, which must not exist yet"))
      ->required();
  AddJson(command, options->json);
  command->callback([options] { exit_code = yima::server::RunBackup(*options); });
}

void AddRestore(CLI::App& app) {
  auto* command = AddCommand(
      app, "restore", Say("从备份恢复，开启下一纪元", "bring a backup back, as the next epoch"),
      "\n  yimad restore /backup/yima-2026-11-24 --data /var/lib/yima --bundle bundle --list list"
      "\n  yimad restore demo-backup --data demo --nothing-published");
  const auto options = std::make_shared<yima::server::RestoreOptions>();
  command->add_option("from", options->from, Say("备份目录", "the backup's folder"))->required();
  AddData(command, options->data);
  command->add_option("--bundle", options->bundle,
                      Say("最后发布的信任包", "the trust bundle that was published last"));
  command->add_option("--list", options->list,
                      Say("最后发布的吊销清单", "the revocation list that was published last"));
  command->add_flag(
      "--nothing-published", options->nothing_published,
      Say("明确表示备份之后从未发布过信任包与吊销清单",
          "the explicit word that no bundle and no list was published since the backup"));
  command->add_option("--checkpoint", options->checkpoint,
                      Say("日志最后发布的检查点，如有：日志将如实记载丢失了多少条",
                          "the log's checkpoint that was published last, if there is one: the log "
                          "then says how many entries are lost"));
  AddPassphrase(command, options->passphrase_file);
  command
      ->add_option("--state", options->state,
                   Say("记住本机用过的纪元的目录；缺省在 XDG_STATE_HOME 之下",
                       "folder that remembers the epochs of this machine; else below "
                       "XDG_STATE_HOME"))
      ->envname("YIMAD_STATE");
  command->add_flag("--keep-tokens", options->keep_tokens,
                    Say("保留备份时的令牌，包括此后作废的；缺省全部作废，另发一个给管理员",
                        "tokens stay as at the backup, also those revoked since; else all are "
                        "revoked and the administrator gets a new one"));
  AddJson(command, options->json);
  command->callback([options] { exit_code = yima::server::RunRestore(*options); });
}

void AddRebuild(CLI::App& app) {
  auto* command = AddCommand(
      app, "rebuild",
      Say("由导出的日志重建数据，成为一份备份，再由 yimad restore 恢复",
          "make a registry's data from an exported log: a backup, for yimad restore"),
      "\n  yimad rebuild --from log --data rebuilt --personal-from /backup/yima-2026-11-24 --keys "
      "/backup/yima-2026-11-24/keys"
      "\n  yimad rebuild --from log --data rebuilt --bundle bundle --root KEY");
  const auto options = std::make_shared<yima::server::RebuildOptions>();
  command
      ->add_option("--from", options->from,
                   Say("yima log export 导出的目录", "folder that yima log export wrote"))
      ->required();
  command->add_option("--data", options->data, Say("新目录", "the new folder"))->required();
  command->add_option(
      "--personal-from", options->personal_from,
      Say("旧数据目录或备份：补回日志中没有的个人信息与签名",
          "an old data folder or backup: gives back what is not in the log, personal values and "
          "signatures"));
  command->add_option("--keys", options->keys,
                      Say("密钥目录：日志中没有密钥，没有它只能读",
                          "folder with the keys, which are not in the log: without it the result "
                          "can only be read"));
  auto* bundle = command->add_option(
      "--bundle", options->bundle,
      Say("信任包：按其中的日志密钥核对检查点；不给则只能按日志自述的密钥",
          "trust bundle by whose log keys the checkpoint is judged; without it by those that the "
          "log itself names"));
  auto* root = command->add_option("--root", options->root,
                                   Say("签署信任包的根公钥",
                                       "the root's public key, which signed "
                                       "the bundle"));
  bundle->needs(root);
  root->needs(bundle);
  AddJson(command, options->json);
  command->callback([options] { exit_code = yima::server::RunRebuild(*options); });
}

void AddTrust(CLI::App& app) {
  auto* trust = AddCommand(app, "trust", Say("验证者所需的信任文件", "what verifiers carry"), "");
  trust->require_subcommand(1);
  auto* command =
      AddCommand(*trust, "export",
                 Say("输出信任包与吊销清单", "write the trust bundle and the revocation list"),
                 "\n  yimad trust export --data /var/lib/yima -o trust"
                 "\n  yimad trust export --data demo");
  const auto options = std::make_shared<yima::server::TrustExportOptions>();
  AddData(command, options->data);
  command->add_option("-o,--out", options->out,
                      Say("输出目录，供 yima --trust 使用；缺省则打印信任包",
                          "folder that yima --trust reads; without it the bundle is printed"));
  command->callback([options] { exit_code = yima::server::RunTrustExport(*options); });
}

void AddDoctor(CLI::App& app) {
  auto* command = AddCommand(
      app, "doctor",
      Say("检查：网址是否通到本库，证书、密钥何时到期，时钟、磁盘、权限",
          "is all well: whose is the printed address, what runs out, clock, disk, rights"),
      "\n  yimad doctor --data /var/lib/yima"
      "\n  yimad doctor --data demo --ca own-ca.pem --json");
  const auto options = std::make_shared<yima::server::DoctorOptions>();
  AddData(command, options->data);
  command->add_option(
      "--ca", options->ca,
      Say("信任的证书文件；缺省用系统的", "file of certificates that count; else the system's"));
  AddJson(command, options->json);
  command->callback([options] { exit_code = yima::server::RunDoctor(*options); });
}

void AddConfig(CLI::App& app) {
  auto* config = AddCommand(app, "config", Say("配置", "settings"), "");
  config->require_subcommand(1);
  auto* command = AddCommand(
      *config, "show",
      Say("打印各命令的设置及其来源", "print every command's settings and where each is from"),
      "\n  yimad config show"
      "\n  yimad --config test.toml config show --json");
  const auto json = std::make_shared<bool>(false);
  AddJson(command, *json);
  command->callback([&app, json] { exit_code = yima::server::RunConfigShow(app, *json); });
}

/// Before anything is said: help is built from words.
void TakeLanguage(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--lang" && i + 1 < argc) yima::server::SetLanguage(argv[i + 1]);
    if (word.starts_with("--lang=")) yima::server::SetLanguage(word.substr(7));
  }
}

}  // namespace

int main(int argc, char** argv) {
  TakeLanguage(argc, argv);
  CLI::App app(Say("一码登记库服务器", "the server of a Yima registry"), "yimad");
  SpeakLanguage(app);
  std::string lang;
  app.add_option("--lang", lang, Say("语言：zh 或 en", "language: zh or en"))
      ->check(CLI::IsMember({"zh", "en"}));
  app.set_version_flag("--version", "yimad " YIMA_VERSION, Say("打印版本", "print the version"));
  app.require_subcommand(1);
  AddInit(app);
  AddCertificate(app);
  AddAdminToken(app);
  AddServe(app);
  AddCheck(app);
  AddBackup(app);
  AddRestore(app);
  AddRebuild(app);
  AddTrust(app);
  AddDoctor(app);
  AddConfig(app);
  yima::server::AddKeyCommands(app, exit_code);
  yima::server::AddRootCommands(app, exit_code);
  yima::server::AddOriginCommands(app, exit_code);
  yima::server::UseSettings(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? yima::server::kDone : yima::server::kWrongUse;
  }
  return exit_code;
}
