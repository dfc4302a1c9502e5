#ifndef YIMA_CLIENT_CLI_CODE_LINES_H_
#define YIMA_CLIENT_CLI_CODE_LINES_H_

#include "client/cli/session.h"

namespace yima::cli {

/// Prints a code as one line: its JSON, or serial, state, facility code, short number and text
/// between tabs.
void ShowCode(Session& session, const v1::IssuedCode& code);

/// How a plate is named on the command line, for --help.
const char* PlateHelp();

/// What `--where` may say of codes: what it says of their facilities, and `printed=`.
std::string CodesWhereHelp();

/// Which codes `codes list` and `labels` mean: of the batch, or of the facilities that match, or
/// both. Everything when neither is given.
struct CodeSelection {
  std::string batch;
  std::vector<std::string> where;
};
Result<v1::CodeFilter> MakeFilter(Session& session, const CodeSelection& selection);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_CODE_LINES_H_
