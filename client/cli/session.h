#ifndef YIMA_CLIENT_CLI_SESSION_H_
#define YIMA_CLIENT_CLI_SESSION_H_

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "client/client.h"
#include "codegen/code/result.h"

namespace yima::cli {

using Json = nlohmann::ordered_json;

/// What the program ends with.
enum class Exit : int {
  kDone = 0,
  kFailed = 1,
  kWrongUse = 2,      ///< Or bad input.
  kNotAuthentic = 3,  ///< A code that is not AUTHENTIC, or is no longer in force.
  kNotReached = 4,
  kChanged = 5,   ///< What a monitor watches.
  kFalseLog = 6,  ///< A log that is not what was signed, or has lost some of it.
};

/// One run of `yima`: what every command shares. Not thread-safe.
class Session {
 public:
  Session();

  std::string server = "127.0.0.1:8340";
  std::filesystem::path trust;
  std::filesystem::path token_file;  ///< Holds the token; empty: YIMA_TOKEN, else what login kept.
  std::filesystem::path ca_file;
  std::filesystem::path certificate_file;  ///< Of the caller, in place of a token.
  std::filesystem::path key_file;
  bool json = false;
  /// The command line without the options above: what the same command again is known by.
  std::vector<std::string> words;
  /// What the command chosen does; run once the whole line is read.
  std::function<Result<void>()> action;

  /// Reads the files that the options name: a call must not be made without what was asked for.
  /// TOKEN_FILE, FILE_UNREADABLE.
  Result<void> ReadFiles();
  /// How the server is reached, with the token there is for it.
  ClientOptions client_options();
  /// Connects with the first call.
  const Client& client();

  /// Whether the server is shown who asks.
  bool is_known();

  /// A line of data on stdout.
  void Line(std::string_view text);
  /// One object a line on stdout. Text that is not UTF-8 is shown with U+FFFD.
  void Object(const Json& object);
  /// A line for people on stderr.
  void Tell(std::string_view text) const;
  /// `yima: place: message` and a hint on stderr; takes note of the exit code.
  void Complain(const Error& error);
  /// What can be done about errors of this reason, on stderr, once a run; nothing if that is not
  /// known.
  void Hint(std::string_view reason);
  /// Takes note of how one of several inputs ended: the first of 4, 1, 2, 3 counts.
  void Note(Exit exit);
  /// Sends out what was printed; OUTPUT_NOT_WRITTEN.
  Result<void> Flush();

  int exit_code() const { return static_cast<int>(exit_); }

 private:
  std::optional<Client> client_;
  bool known_ = false;
  ClientOptions given_;  ///< What the files say that the options name.
  const std::string traceparent_;
  std::set<std::string, std::less<>> hinted_;
  Exit exit_ = Exit::kDone;
  bool output_failed_ = false;
};

/// A progress line on stderr, only where that is a terminal; gone when it goes out of scope, and
/// out of the way of whatever else is said.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// `total` 0: not known.
  void Show(uint64_t done, uint64_t total);

 private:
  std::string label_;
  int64_t shown_ms_ = 0;
};

/// Which exit code an error means.
Exit ExitFor(const Error& error);

/// Shows control characters as \xNN, so that a text from outside cannot drive the terminal.
std::string Printable(std::string_view text);

/// A command with its two examples under --help, whose `action` the session runs.
CLI::App* AddCommand(CLI::App* group, Session& session, const std::string& name,
                     const std::string& description, const std::vector<std::string>& examples,
                     std::function<Result<void>()> action);
/// A group of commands: `yima codes …`.
CLI::App* AddGroup(CLI::App& app, const std::string& name, const std::string& description);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_SESSION_H_
