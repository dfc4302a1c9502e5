#include "client/cli/session.h"

#include <array>
#include <chrono>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "client/cli/words.h"

namespace yima::cli {
namespace {

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// 4 before 1 before 2 before 3 before 0.
int Rank(Exit exit) {
  constexpr std::array<int, 5> kRanks = {0, 3, 2, 1, 4};
  return kRanks[static_cast<size_t>(exit)];
}

}  // namespace

const Client& Session::client() {
  if (!client_) {
    ClientOptions options;
    options.server = server;
    client_.emplace(options);
  }
  return *client_;
}

void Session::Line(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
      std::fputc('\n', stdout) == EOF) {
    output_failed_ = true;
  }
}

void Session::Object(const Json& object) {
  Line(object.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void Session::Tell(std::string_view text) const { fmt::print(stderr, "{}\n", text); }

void Session::Complain(const Error& error) {
  const bool named = error.field.empty() || error.message.starts_with(error.field);
  Tell(Printable(
      fmt::format("yima: {}{}{}", named ? "" : error.field, named ? "" : ": ", error.message)));
  if (const char* hint = HintFor(error.reason)) Tell(fmt::format("hint: {}", hint));
  Note(ExitFor(error));
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

Progress::Progress(std::string label)
    : label_(std::move(label)), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (terminal_ && shown_ms_ != 0) fmt::print(stderr, "\r\x1b[K");
}

void Progress::Show(uint64_t done, uint64_t total) {
  constexpr int64_t kPauseMs = 100;
  constexpr uint64_t kWidth = 30;
  if (!terminal_ || NowMs() - shown_ms_ < kPauseMs) return;
  shown_ms_ = NowMs();
  if (total == 0) {
    fmt::print(stderr, "\r\x1b[K{} {}", label_, done);
  } else {
    const uint64_t filled = kWidth * std::min(done, total) / total;
    fmt::print(stderr, "\r\x1b[K{} [{:<{}}] {}/{}", label_, std::string(filled, '#'), kWidth, done,
               total);
  }
  std::fflush(stderr);
}

Exit ExitFor(const Error& error) {
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
    if (byte < 0x20 || byte == 0x7f) {
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
  std::string footer = T("例：", "Examples:");
  for (const auto& example : examples) footer += "\n  " + example;
  footer += T("\n通用选项：--server --trust --json --lang（见 yima --help）",
              "\nOptions of every command: --server --trust --json --lang (see yima --help)");
  command->footer(footer);
  command->callback([&session, action = std::move(action)] { session.action = action; });
  return command;
}

CLI::App* AddGroup(CLI::App& app, const std::string& name, const std::string& description) {
  CLI::App* group = app.add_subcommand(name, description);
  group->require_subcommand(1);
  return group;
}

}  // namespace yima::cli
