#ifndef YIMA_CLIENT_CLI_WORDS_H_
#define YIMA_CLIENT_CLI_WORDS_H_

#include <string>
#include <string_view>

namespace yima::cli {

/// Chinese or English for every text that people read. The default follows LC_ALL, LC_MESSAGES and
/// LANG; `lang` is "zh" or "en". Set before the first text is asked for; not thread-safe.
void SetLanguage(std::string_view lang);

/// The one of the two that this run speaks.
const char* T(const char* zh, const char* en);

/// The name of a verdict or state, with what it means behind it in Chinese.
std::string Gloss(std::string_view name);

/// What a user can do about an error with this reason; nullptr when nothing is known.
const char* HintFor(std::string_view reason);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_WORDS_H_
