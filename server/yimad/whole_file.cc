#include "server/yimad/whole_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

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

Result<void> WriteSecretFile(const std::filesystem::path& file, std::string_view text,
                             std::string_view field) {
  const std::string beside = file.string() + ".new";
  ::unlink(beside.c_str());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = fd >= 0 &&
                       ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  const int trouble = errno;
  if (fd >= 0) ::close(fd);
  if (written && std::rename(beside.c_str(), file.c_str()) == 0) return {};
  return Fail(
      StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
      fmt::format("cannot write {}: {}", file.string(), std::strerror(written ? errno : trouble)),
      std::string(field));
}

}  // namespace yima::server
