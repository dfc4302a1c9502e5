#include "server/store/folder_lock.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace yima::store {

Result<FolderLock> FolderLock::Take(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "lock";
  return Lock(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), file, folder);
}

Result<FolderLock> FolderLock::TakeFolder(const std::filesystem::path& folder) {
  return Lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), folder, folder);
}

Result<FolderLock> FolderLock::Lock(int descriptor, const std::filesystem::path& opened,
                                    const std::filesystem::path& folder) {
  FolderLock lock(descriptor);
  if (lock.descriptor_ < 0) {
    return Fail(StatusCode::kFailedPrecondition, "STORE_UNWRITABLE",
                fmt::format("cannot open {}: {}", opened.string(), std::strerror(errno)));
  }
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return Fail(StatusCode::kFailedPrecondition, "STORE_LOCKED",
                fmt::format("another process is writing to {}", folder.string()));
  }
  // Whoever held it before may have renamed or removed what was opened.
  struct stat held {};
  struct stat named {};
  if (fstat(descriptor, &held) != 0 || stat(opened.c_str(), &named) != 0 ||
      held.st_ino != named.st_ino || held.st_dev != named.st_dev) {
    return Fail(StatusCode::kFailedPrecondition, "STORE_LOCKED",
                fmt::format("another process has just written to {}", folder.string()));
  }
  return lock;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace yima::store
