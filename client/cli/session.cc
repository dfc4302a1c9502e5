#include "client/cli/session.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "client/cli/kept_tokens.h"
#include "client/cli/reasons.h"
#include "client/cli/words.h"
#include "client/trust_dir.h"
#include "codegen/code/traceparent.h"

namespace yima::cli {
namespace {

/// What a log that is not true is found out by.
constexpr std::string_view kFalseLogReasons[] = {"EPOCH_BEHIND", "EPOCH_UNPROVEN", "LOG_DIFFERS",
                                                 "LOG_FORKED",   "LOG_SMALLER",    "LOG_UNPROVEN",
                                                 "PROOF_WRONG",  "TILE_WRONG"};

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Lines are printed in one thread while a bar is drawn in another.
std::atomic<bool> bar_shown{false};

void WipeBar() {
  if (bar_shown.exchange(false)) fmt::print(stderr, "\r\x1b[K");
}

/// 6 before 4 before 1 before 2 before 3 before 5 before 0.
int Rank(Exit exit) {
  constexpr std::array<int, 7> kRanks = {0, 4, 3, 2, 5, 1, 6};
  return kRanks[static_cast<size_t>(exit)];
}

/// Empty without a file.
Result<std::string> ReadPem(const std::filesystem::path& file, const char* option) {
  if (file.empty()) return std::string();
  YIMA_ASSIGN_OR_RETURN(auto text, ReadWholeFile(file));
  if (text.find("-----BEGIN ") != std::string::npos) return text;
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
              fmt::format("{} holds no PEM", file.string()), option);
}

/// The trace that a script's TRACEPARENT names, or one of this run's own.
std::string Traceparent() {
  const char* given = std::getenv("TRACEPARENT");
  if (given != nullptr && Traceparent::Parse(given)) return given;
  return fmt::format("00-{}-{}-00", NewRequestId(), NewRequestId().substr(0, 16));
}

}  // namespace

Session::Session() : traceparent_(Traceparent()) {}

Result<void> Session::ReadFiles() {
  if (!token_file.empty()) {
    YIMA_ASSIGN_OR_RETURN(given_.token, TokenFor(server, token_file));
  }
  YIMA_ASSIGN_OR_RETURN(given_.ca, ReadPem(ca_file, "--ca"));
  YIMA_ASSIGN_OR_RETURN(given_.certificate, ReadPem(certificate_file, "--tls-cert"));
  YIMA_ASSIGN_OR_RETURN(given_.key,
                        ReadPem(key_file.empty() ? certificate_file : key_file, "--tls-key"));
  return {};
}

ClientOptions Session::client_options() {
  ClientOptions options = given_;
  options.server = server;
  options.traceparent = traceparent_;
  if (!token_file.empty() || !certificate_file.empty()) return options;
  if (auto kept = TokenFor(server, {})) {
    options.token = *std::move(kept);
  } else {
    Complain(kept.error());
  }
  return options;
}

const Client& Session::client() {
  if (client_) return *client_;
  const ClientOptions options = client_options();
  known_ = !options.token.empty() || !options.certificate.empty();
  client_.emplace(options);
  return *client_;
}

bool Session::is_known() {
  client();
  return known_;
}

void Session::Line(std::string_view text) {
  WipeBar();
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
      std::fputc('\n', stdout) == EOF) {
    output_failed_ = true;
  }
}

void Session::Object(const Json& object) {
  Line(object.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void Session::Tell(std::string_view text) const {
  WipeBar();
  fmt::print(stderr, "{}\n", text);
}

void Session::Complain(const Error& error) {
  std::string place = error.field.empty() ? "" : error.field + ": ";
  std::string_view what = error.message;
  if (what.starts_with(place)) {
    what.remove_prefix(place.size());
  } else if (what.starts_with(error.field)) {
    place.clear();  // `--blank "many" is not a number` names it already.
  }
  Tell(Printable(fmt::format("yima: {}{}", place, InWords(error.reason, what))));
  Hint(error.reason);
  const bool ours = ExitFor(error) == Exit::kFalseLog;  // Found out here, not by the server.
  if (!ours && (error.code == StatusCode::kInternal || error.code == StatusCode::kDataLoss)) {
    Tell(fmt::format(fmt::runtime(T("提示：服务器日志中查 trace_id {}",
                                    "hint: look for trace_id {} in the server's log")),
                     std::string_view(traceparent_).substr(3, 32)));
  }
  Note(ExitFor(error));
}

void Session::Hint(std::string_view reason) {
  const char* hint = HintFor(reason);
  if (hint == nullptr || !hinted_.emplace(reason).second) return;
  Tell(fmt::format("{}{}", T("提示：", "hint: "), hint));
}

void Session::Note(Exit exit) {
  if (Rank(exit) > Rank(exit_)) exit_ = exit;
}

Result<void> Session::Flush() {
  if (std::fflush(stdout) != 0) output_failed_ = true;
  if (!output_failed_) return {};
  return Fail(StatusCode::kFailedPrecondition, "OUTPUT_NOT_WRITTEN",
              "the standard output could not be written");
}

Progress::Progress(std::string label) : label_(std::move(label)) {}

Progress::~Progress() { WipeBar(); }

void Progress::Show(uint64_t done, uint64_t total) {
  constexpr int64_t kPauseMs = 100;
  constexpr uint64_t kWidth = 30;
  static const bool terminal = ::isatty(STDERR_FILENO) == 1;
  if (!terminal || NowMs() - shown_ms_ < kPauseMs) return;
  shown_ms_ = NowMs();
  if (total == 0) {
    fmt::print(stderr, "\r\x1b[K{} {}", label_, done);
  } else {
    const uint64_t filled = kWidth * std::min(done, total) / total;
    fmt::print(stderr, "\r\x1b[K{} [{:<{}}] {}/{}", label_, std::string(filled, '#'), kWidth, done,
               total);
  }
  std::fflush(stderr);
  bar_shown = true;
}

Exit ExitFor(const Error& error) {
  if (std::ranges::find(kFalseLogReasons, error.reason) != std::end(kFalseLogReasons)) {
    return Exit::kFalseLog;
  }
  switch (error.code) {
    case StatusCode::kUnavailable:
      return Exit::kNotReached;
    case StatusCode::kInvalidArgument:
    case StatusCode::kOutOfRange:
      return Exit::kWrongUse;
    default:
      return Exit::kFailed;
  }
}

std::string Printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    // U+0080 to U+009F are C2 80 to C2 9F: terminals take some of them for escapes.
    const bool second = !shown.empty() && shown.back() == '\xC2' && byte >= 0x80 && byte <= 0x9f;
    if (second) shown.pop_back();
    if (byte < 0x20 || byte == 0x7f || second) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  return shown;
}

CLI::App* AddCommand(CLI::App* group, Session& session, const std::string& name,
                     const std::string& description, const std::vector<std::string>& examples,
                     std::function<Result<void>()> action) {
  CLI::App* command = group->add_subcommand(name, description);
  command->group(T("命令", "Commands"));
  command->set_help_flag("-h,--help", T("显示帮助", "show this help"));
  std::string footer = T("例：", "Examples:");
  for (const auto& example : examples) footer += "\n  " + example;
  footer +=
      T("\n通用选项：--server --trust --json --lang --config（见 yima --help）",
        "\nOptions of every command: --server --trust --json --lang --config (see yima --help)");
  command->footer(footer);
  command->callback([&session, action = std::move(action)] { session.action = action; });
  return command;
}

CLI::App* AddGroup(CLI::App& app, const std::string& name, const std::string& description) {
  CLI::App* group = app.add_subcommand(name, description);
  group->group(T("命令", "Commands"));
  group->set_help_flag("-h,--help", T("显示帮助", "show this help"));
  group->require_subcommand(1);
  return group;
}

}  // namespace yima::cli
