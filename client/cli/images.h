#ifndef YIMA_CLIENT_CLI_IMAGES_H_
#define YIMA_CLIENT_CLI_IMAGES_H_

#include <filesystem>
#include <string>
#include <vector>

#include "codegen/code/result.h"

namespace yima::cli {

/// The texts of all symbols in an image file, in reading order. NO_SYMBOL when there is none, and
/// the errors of ScanFileApart.
Result<std::vector<std::string>> TextsIn(const std::filesystem::path& file);

/// A file, or what is called like one: a mistyped name is no code that somebody forged.
bool IsPicture(const std::filesystem::path& input);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_IMAGES_H_
