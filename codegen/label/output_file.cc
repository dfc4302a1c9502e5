#include "codegen/label/output_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace yima::label {
namespace {

constexpr size_t kBufferBytes = 1 << 16;

tl::unexpected<Error> Unwritable(const std::string& path, int error) {
  if (error == ENOSPC || error == EDQUOT)
    return Fail(StatusCode::kResourceExhausted, "DISK_FULL",
                fmt::format("{}: {}", path, std::strerror(error)), path);
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("{}: {}", path, std::strerror(error)), path);
}

std::filesystem::path FolderOf(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

/// A rename lasts once its folder is on the disk.
Result<void> SyncFolder(const std::string& path) {
  const int folder = ::open(FolderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return Unwritable(path, errno);
  const int result = ::fsync(folder);
  const int error = errno;
  ::close(folder);
  // Some network file systems can't, and say so.
  if (result != 0 && error != EINVAL) return Unwritable(path, error);
  return {};
}

}  // namespace

Result<void> CheckReplaceable(const std::string& path, std::string_view beginning) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed) || failed) return {};
  std::string found(beginning.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(found.data(), static_cast<std::streamsize>(found.size()));
  found.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
  const bool empty = std::filesystem::file_size(path, failed) == 0 && !failed;
  if (empty || found == beginning) return {};
  return Invalid("FILE_IN_THE_WAY",
                 fmt::format("{}: another file lies there and is not replaced", path), path);
}

Result<OutputFile> OutputFile::Create(const std::string& path) {
  const auto folder = FolderOf(path);
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored))
    return Fail(StatusCode::kNotFound, "FOLDER_MISSING",
                fmt::format("{}: no such folder", folder.string()), path);
  const std::string name = std::filesystem::path(path).filename().string();
  std::string hidden = (folder / fmt::format(".{}.{}.part", name, ::getpid())).string();
  // Left by a process of the same number; or laid there by somebody else in a shared folder.
  ::unlink(hidden.c_str());
  const int descriptor =
      ::open(hidden.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor < 0) return Unwritable(path, errno);
  return OutputFile(path, std::move(hidden), descriptor);
}

OutputFile::OutputFile(std::string path, std::string hidden_path, int descriptor)
    : path_(std::move(path)), hidden_path_(std::move(hidden_path)), descriptor_(descriptor) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      hidden_path_(std::exchange(other.hidden_path_, {})),
      buffer_(std::move(other.buffer_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(hidden_path_, other.hidden_path_);
  std::swap(buffer_, other.buffer_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!hidden_path_.empty()) ::unlink(hidden_path_.c_str());
}

Result<void> OutputFile::Flush() {
  size_t written = 0;
  while (written < buffer_.size()) {
    const ssize_t n = ::write(descriptor_, buffer_.data() + written, buffer_.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Unwritable(path_, errno);
    written += static_cast<size_t>(n);
  }
  buffer_.clear();
  return {};
}

Result<void> OutputFile::Write(std::string_view bytes) {
  buffer_ += bytes;
  return buffer_.size() < kBufferBytes ? Result<void>() : Flush();
}

Result<void> OutputFile::Close() {
  YIMA_RETURN_IF_ERROR(Flush());
  buffer_ = {};
  if (::fsync(descriptor_) != 0) return Unwritable(path_, errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) return Unwritable(path_, errno);
  return {};
}

Result<void> OutputFile::Publish() {
  if (std::rename(hidden_path_.c_str(), path_.c_str()) != 0) return Unwritable(path_, errno);
  hidden_path_.clear();
  return SyncFolder(path_);
}

}  // namespace yima::label
