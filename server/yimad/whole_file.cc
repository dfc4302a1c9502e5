#include "server/yimad/whole_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

namespace yima::server {

Result<void> WriteWholeFile(const std::filesystem::path& file, std::string_view text,
                            std::string_view field) {
  const auto refuse = [&](const std::string& why) {
    return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
                fmt::format("cannot write {}: {}", file.string(), why), std::string(field));
  };
  const std::filesystem::path beside = file.string() + ".new";
  errno = 0;
  std::ofstream stream(beside, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) return refuse(std::strerror(errno));
  std::error_code error;
  std::filesystem::rename(beside, file, error);
  if (error) return refuse(error.message());
  return {};
}

std::string ReadWholeFile(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace yima::server
