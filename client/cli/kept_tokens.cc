#include "client/cli/kept_tokens.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <sys/stat.h>

#include "client/trust_dir.h"

namespace yima::cli {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> Unusable(const fs::path& file, std::string_view why) {
  return Fail(StatusCode::kFailedPrecondition, "TOKEN_FILE",
              fmt::format("{}: {}", file.string(), why), "--token-file");
}

/// A secret that others may read is one no more.
Result<void> CheckPrivate(const fs::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return Unusable(file, std::strerror(errno));
  if (S_ISREG(found.st_mode) && (found.st_mode & 077) != 0) {
    return Unusable(file, fmt::format("others may read it (mode {:04o}); chmod 600 it",
                                      static_cast<unsigned>(found.st_mode & 07777)));
  }
  return {};
}

std::string FirstWord(const std::string& text) {
  std::string word;
  std::istringstream(text) >> word;
  return word;
}

using Tokens = std::map<std::string, std::string>;

Result<Tokens> ReadKept() {
  Tokens tokens;
  std::error_code ignored;
  if (!fs::exists(KeptTokensFile(), ignored)) return tokens;
  YIMA_RETURN_IF_ERROR(CheckPrivate(KeptTokensFile()));
  YIMA_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(KeptTokensFile()));
  std::istringstream lines(text);
  for (std::string server, token; lines >> server >> token;) tokens[server] = token;
  return tokens;
}

}  // namespace

fs::path KeptTokensFile() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config != '\0') return fs::path(config) / "yima" / "tokens";
  const char* home = std::getenv("HOME");
  return fs::path(home == nullptr ? "." : home) / ".config" / "yima" / "tokens";
}

Result<std::string> TokenFor(const std::string& server, const fs::path& file) {
  if (!file.empty()) {
    YIMA_RETURN_IF_ERROR(CheckPrivate(file));
    const auto text = ReadWholeFile(file);
    if (!text) return Unusable(file, text.error().message);
    return FirstWord(*text);
  }
  if (const char* token = std::getenv("YIMA_TOKEN"); token != nullptr) return FirstWord(token);
  YIMA_ASSIGN_OR_RETURN(const Tokens tokens, ReadKept());
  const auto found = tokens.find(server);
  return found == tokens.end() ? std::string() : found->second;
}

Result<void> KeepToken(const std::string& server, const std::string& token) {
  YIMA_ASSIGN_OR_RETURN(Tokens tokens, ReadKept());
  if (token.empty()) {
    tokens.erase(server);
  } else {
    tokens[server] = token;
  }
  std::string text;
  for (const auto& [name, kept] : tokens) text += fmt::format("{} {}\n", name, kept);
  std::error_code ignored;
  fs::create_directories(KeptTokensFile().parent_path(), ignored);
  return ReplaceFile(KeptTokensFile(), text, 0600);
}

}  // namespace yima::cli
