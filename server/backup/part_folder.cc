#include "server/backup/part_folder.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "server/keys/key_file.h"

namespace yima::server {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> Unwritable(const fs::path& path, int error, const std::string& field) {
  if (error == ENOSPC || error == EDQUOT) {
    return Fail(StatusCode::kResourceExhausted, "DISK_FULL",
                fmt::format("the disk is full: {} was not written", path.string()), field);
  }
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("cannot write {}: {}", path.string(), std::strerror(error)), field);
}

fs::path HiddenBeside(const fs::path& target) {
  return target.parent_path() / ("." + target.filename().string() + ".part");
}

/// Absolute, and without a slash at its end, which would leave it no name.
fs::path Plain(const fs::path& path) {
  fs::path plain = fs::absolute(path).lexically_normal();
  return plain.has_filename() ? plain : plain.parent_path();
}

}  // namespace

Result<PartFolder> PartFolder::Begin(const fs::path& target, std::string_view field) {
  const fs::path place = Plain(target);
  PartFolder part(place, HiddenBeside(place), std::string(field));
  const fs::path hidden = part.path_;
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  if (mkdir(hidden.c_str(), 0700) != 0 && errno != EEXIST) {
    const int why = errno;
    part.path_.clear();
    return Unwritable(hidden, why, part.field_);
  }
  auto lock = store::FolderLock::TakeFolder(hidden);
  if (!lock) {
    part.path_.clear();  // It is another's.
    if (lock.error().reason != "STORE_LOCKED") return tl::unexpected(std::move(lock).error());
    return Fail(StatusCode::kFailedPrecondition, "FOLDER_BUSY",
                fmt::format("another process is making {}", place.string()), part.field_);
  }
  part.lock_.emplace(*std::move(lock));
  for (fs::directory_iterator left(hidden, error), end; !error && left != end;
       left.increment(error)) {
    std::error_code ignored;
    fs::remove_all(left->path(), ignored);
  }
  return part;
}

PartFolder::~PartFolder() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

Result<void> PartFolder::Copy(const fs::path& from, const std::string& name) {
  const fs::path to = path_ / name;
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  fs::permissions(to.parent_path(), fs::perms::owner_all, error);
  const store::Descriptor source(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  const auto unreadable = [&] {
    return Fail(StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                fmt::format("cannot read {}: {}", from.string(), std::strerror(errno)));
  };
  if (source.get() < 0) return unreadable();
  const store::Descriptor target(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (target.get() < 0) return Unwritable(to, errno, field_);
  std::string part(size_t{1} << 20, '\0');
  for (;;) {
    const ssize_t n = read(source.get(), part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable();
    if (n == 0) break;
    if (!store::WriteAll(target, std::string_view(part).substr(0, static_cast<size_t>(n)))) {
      return Unwritable(to, errno, field_);
    }
  }
  if (fsync(target.get()) != 0) return Unwritable(to, errno, field_);
  return {};
}

Result<void> PartFolder::Write(const std::string& name, std::string_view text) {
  auto written = WriteSecretFile(path_ / name, text);
  if (!written) written.error().field = field_;
  return written;
}

Result<void> PartFolder::Publish() {
  std::error_code error;
  if (fs::is_directory(path_ / "keys", error)) {
    YIMA_RETURN_IF_ERROR(SyncFolder(path_ / "keys"));
  }
  fs::remove(path_ / "lock", error);
  YIMA_RETURN_IF_ERROR(SyncFolder(path_));
  if (std::rename(path_.c_str(), target_.c_str()) != 0) {
    if (errno != ENOTEMPTY && errno != EEXIST) return Unwritable(target_, errno, field_);
    return Fail(StatusCode::kFailedPrecondition, "FOLDER_BUSY",
                fmt::format("another process has made {} meanwhile", target_.string()), field_);
  }
  path_.clear();
  return SyncFolder(target_.parent_path());
}

}  // namespace yima::server
