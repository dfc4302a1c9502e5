#ifndef YIMA_CLIENT_CLI_KEPT_TOKENS_H_
#define YIMA_CLIENT_CLI_KEPT_TOKENS_H_

#include <filesystem>
#include <string>

#include "codegen/code/result.h"

namespace yima::cli {

/// Where `yima login` keeps tokens: a line `server token` each, mode 0600, under XDG_CONFIG_HOME.
std::filesystem::path KeptTokensFile();

/// The token to show a server: of the file named, else of YIMA_TOKEN, else the one kept for that
/// server; empty when there is none. TOKEN_FILE when a file cannot be read, or when others than its
/// owner may read it.
Result<std::string> TokenFor(const std::string& server, const std::filesystem::path& file);

/// Keeps a token for a server in place of an earlier one; an empty token forgets it.
/// FILE_UNWRITABLE.
Result<void> KeepToken(const std::string& server, const std::string& token);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_KEPT_TOKENS_H_
