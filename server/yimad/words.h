#ifndef YIMA_SERVER_YIMAD_WORDS_H_
#define YIMA_SERVER_YIMAD_WORDS_H_

#include <string_view>

#include "codegen/code/result.h"

namespace yima::server {

/// Chinese or English, as LC_ALL, LC_MESSAGES and LANG ask, or `--lang`.
void SetLanguage(std::string_view lang);
const char* Say(const char* zh, const char* en);

/// Exit codes of yimad.
enum ExitCode : int { kDone = 0, kFailed = 1, kWrongUse = 2 };

/// Prints `yimad: message` and a hint when there is one to stderr, and gives the exit code.
int Complain(const Error& error);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_WORDS_H_
