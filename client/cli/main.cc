#include <algorithm>
#include <cstdlib>

#include "client/cli/commands.h"
#include "client/cli/usage.h"
#include "client/cli/words.h"
#include "client/trust_dir.h"

namespace {

using yima::cli::T;

/// Where options stand that a user does not want to repeat.
std::string ConfigFile() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  const std::string folder = config != nullptr && *config != '\0'
                                 ? config
                                 : std::string(home == nullptr ? "." : home) + "/.config";
  return folder + "/yima/config.toml";
}

/// Before anything is said: help is made of words.
void TakeLanguage(const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--lang" && i + 1 < words.size()) yima::cli::SetLanguage(words[i + 1]);
    if (words[i].starts_with("--lang=")) yima::cli::SetLanguage(words[i].substr(7));
  }
}

/// What names the work: options that say only where, and how it is shown, are left out.
std::vector<std::string> WordsOfWork(const std::vector<std::string>& words) {
  constexpr const char* kWithValue[] = {"--server",     "--trust", "--lang",     "--config",
                                        "--token-file", "--ca",    "--tls-cert", "--tls-key"};
  std::vector<std::string> kept;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--json") continue;
    const auto* named =
        std::find_if(std::begin(kWithValue), std::end(kWithValue), [&](const char* name) {
          return words[i] == name || words[i].starts_with(std::string(name) + "=");
        });
    if (named == std::end(kWithValue)) {
      kept.push_back(words[i]);
    } else if (words[i] == *named) {
      ++i;
    }
  }
  return kept;
}

void AddOptions(CLI::App& app, yima::cli::Session& session, std::string& lang) {
  app.add_option("--server", session.server, T("服务器地址", "address of the server"))
      ->envname("YIMA_SERVER")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->capture_default_str();
  app.add_option("--trust", session.trust, T("信任目录", "folder of the trust kept"))
      ->envname("YIMA_TRUST")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->capture_default_str();
  app.add_option("--token-file", session.token_file,
                 T("令牌文件；缺省用 YIMA_TOKEN 或 yima login 所存",
                   "file with the token; else YIMA_TOKEN, or what yima login kept"))
      ->envname("YIMA_TOKEN_FILE")
      ->check(CLI::ExistingFile);
  app.add_option("--ca", session.ca_file,
                 T("服务器证书的签发者（PEM）", "who issued the server's certificate (PEM)"))
      ->envname("YIMA_CA")
      ->check(CLI::ExistingFile);
  auto* certificate =
      app.add_option("--tls-cert", session.certificate_file,
                     T("自己的客户端证书（PEM），代替令牌",
                       "client certificate of one's own (PEM), in place of a token"))
          ->envname("YIMA_TLS_CERT")
          ->check(CLI::ExistingFile);
  app.add_option("--tls-key", session.key_file, T("其私钥（PEM）", "its key (PEM)"))
      ->envname("YIMA_TLS_KEY")
      ->check(CLI::ExistingFile)
      ->needs(certificate);
  app.add_flag("--json", session.json, T("每行一个 JSON 对象", "one JSON object a line"));
  app.add_option("--lang", lang, T("语言：zh 或 en", "language: zh or en"))
      ->check(CLI::IsMember({"zh", "en"}));
  app.set_config("--config", ConfigFile(),
                 T("配置文件，写法如 server = \"127.0.0.1:8340\"",
                   "configuration file: server = \"127.0.0.1:8340\""));
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.set_version_flag("--version", "yima " YIMA_VERSION, T("显示版本", "show the version"));
}

void AddCommands(CLI::App& app, yima::cli::Session& session) {
  yima::cli::AddOrganizations(app, session);
  yima::cli::AddFacilities(app, session);
  yima::cli::AddFiles(app, session);
  yima::cli::AddCodes(app, session);
  yima::cli::AddRanges(app, session);
  yima::cli::AddAudit(app, session);
  yima::cli::AddRights(app, session);
  yima::cli::AddCoverage(app, session);
  yima::cli::AddLabels(app, session);
  yima::cli::AddScan(app, session);
  yima::cli::AddVerify(app, session);
  yima::cli::AddResolve(app, session);
  yima::cli::AddTrust(app, session);
  yima::cli::AddClasses(app, session);
  yima::cli::AddBatches(app, session);
  yima::cli::AddWatch(app, session);
  yima::cli::AddAccess(app, session);
  yima::cli::AddLogin(app, session);
  yima::cli::AddLog(app, session);
  yima::cli::AddCommand(&app, session, "version", T("版本", "the version"),
                        {"yima version", "yima version --json"},
                        [&session]() -> yima::Result<void> {
                          if (session.json) {
                            session.Object({{"version", YIMA_VERSION}});
                          } else {
                            session.Line("yima " YIMA_VERSION);
                          }
                          return {};
                        });
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  TakeLanguage(words);
  yima::cli::Session session;
  session.trust = yima::TrustDir::Default();
  session.words = WordsOfWork(words);
  CLI::App app(T("一码：市政部件的身份码", "Yima: identity codes of municipal facilities"), "yima");
  app.fallthrough();
  app.require_subcommand(1);
  yima::cli::SetHelpWords(app);
  std::string lang;
  AddOptions(app, session, lang);
  AddCommands(app, session);
  yima::cli::AddConfig(app, session, words);
  try {
    auto line = yima::cli::WithEnvironment(words);
    std::reverse(line.begin(), line.end());  // As CLI11 wants it.
    app.parse(line);
  } catch (const CLI::ParseError& error) {
    return yima::cli::AnswerUsage(app, error);
  }
  auto done = session.ReadFiles();
  if (done) done = session.action();
  if (!done) session.Complain(done.error());
  if (const auto sent = session.Flush(); !sent) session.Complain(sent.error());
  return session.exit_code();
}
