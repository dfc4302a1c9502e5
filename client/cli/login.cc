#include <cstdio>
#include <iostream>

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include "client/cli/commands.h"
#include "client/cli/kept_tokens.h"
#include "client/cli/records.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

/// What is typed is not shown while this stands.
class Unseen {
 public:
  Unseen() : terminal_(::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!terminal_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~Unseen() {
    if (!terminal_) return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::fputc('\n', stderr);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
  const bool terminal_;
};

Result<std::string> ReadToken(Session& session) {
  if (!session.token_file.empty()) return TokenFor(session.server, session.token_file);
  if (::isatty(STDIN_FILENO) == 1) fmt::print(stderr, "{}", T("令牌：", "token: "));
  const Unseen unseen;
  std::string token;
  std::cin >> token;
  return token;
}

Result<void> Login(Session& session) {
  YIMA_ASSIGN_OR_RETURN(const std::string token, ReadToken(session));
  if (token.empty()) {
    return Invalid("TOKEN_MISSING", "no token came on stdin, and --token-file names none",
                   "--token-file");
  }
  ClientOptions options = session.client_options();
  options.token = token;
  YIMA_ASSIGN_OR_RETURN(const auto caller, Client(options).GetCaller());
  YIMA_RETURN_IF_ERROR(KeepToken(session.server, token));
  if (session.json) {
    session.Object(ToJson(caller.principal()));
  } else {
    session.Line(fmt::format("{}\t{}", caller.principal().id(),
                             Printable(caller.principal().name().value())));
  }
  session.Tell(fmt::format(fmt::runtime(T("已存入 {}", "kept in {}")), KeptTokensFile().string()));
  return {};
}

Result<void> Logout(Session& session) { return KeepToken(session.server, ""); }

}  // namespace

void AddLogin(CLI::App& app, Session& session) {
  AddCommand(&app, session, "login",
             T("存下访问服务器的令牌（从标准输入或 --token-file 读取）",
               "keep the token for a server, read from stdin or --token-file"),
             {"yima login --token-file /var/lib/yima/admin-token",
              "yima login --server registry.example.cn:8340"},
             [&session] { return Login(session); });
  AddCommand(&app, session, "logout", T("忘掉该服务器的令牌", "forget the token kept for a server"),
             {"yima logout", "yima logout --server registry.example.cn:8340"},
             [&session] { return Logout(session); });
}

}  // namespace yima::cli
