#ifndef YIMA_CLIENT_CLI_REASONS_H_
#define YIMA_CLIENT_CLI_REASONS_H_

#include <string>
#include <string_view>

namespace yima::cli {

/// An error's message in the language of this run. Messages come in English from everywhere, the
/// server too, and name values and limits; in Chinese the cause stands before them in words.
std::string InWords(std::string_view reason, std::string_view message);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_REASONS_H_
