#ifndef YIMA_CLIENT_CLI_USAGE_H_
#define YIMA_CLIENT_CLI_USAGE_H_

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace yima::cli {

/// Makes help speak the language of this run; call before options and commands are added.
void SetHelpWords(CLI::App& app);

/// Answers a command line that was not taken: help and version on stdout with 0, else what is wrong
/// with it on stderr with 2. Gives the exit code.
int AnswerUsage(const CLI::App& app, const CLI::ParseError& error);

/// The command line with what the environment says put before it, so that a line's own options win
/// over the environment, and both over the configuration file.
std::vector<std::string> WithEnvironment(const std::vector<std::string>& words);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_USAGE_H_
