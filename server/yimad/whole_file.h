#ifndef YIMA_SERVER_YIMAD_WHOLE_FILE_H_
#define YIMA_SERVER_YIMAD_WHOLE_FILE_H_

#include <filesystem>
#include <string>
#include <string_view>

#include "codegen/code/result.h"

namespace yima::server {

/// Writes a file so that whoever reads it meanwhile sees the old one or the new one, never a part:
/// beside its place, then renamed. FILE_UNWRITABLE, with `field` as the option that named it.
Result<void> WriteWholeFile(const std::filesystem::path& file, std::string_view text,
                            std::string_view field);

/// All of a file; empty when it cannot be read.
std::string ReadWholeFile(const std::filesystem::path& file);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_WHOLE_FILE_H_
