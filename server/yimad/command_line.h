#ifndef YIMA_SERVER_YIMAD_COMMAND_LINE_H_
#define YIMA_SERVER_YIMAD_COMMAND_LINE_H_

#include <filesystem>

#include <CLI/CLI.hpp>

namespace yima::server {

/// A command with its examples.
CLI::App* AddCommand(CLI::App& app, const char* name, const char* what, const char* examples);
void AddData(CLI::App* command, std::filesystem::path& data);
void AddPassphrase(CLI::App* command, std::filesystem::path& file);

// Each adds one group of commands; `exit_code` gets what the chosen one ends with.
void AddKeyCommands(CLI::App& app, int& exit_code);
void AddRootCommands(CLI::App& app, int& exit_code);
void AddOriginCommands(CLI::App& app, int& exit_code);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_COMMAND_LINE_H_
