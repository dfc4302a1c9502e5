#include "server/store/folder_lock.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace yima::store {

Result<FolderLock> FolderLock::Take(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "lock";
  return Lock(Descriptor(open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)), file,
              folder);
}

Result<FolderLock> FolderLock::TakeFolder(const std::filesystem::path& folder) {
  Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat facts {};
  // One that somebody else has put there would stay his.
  if (opened.get() >= 0 && (fstat(opened.get(), &facts) != 0 || facts.st_uid != geteuid() ||
                            fchmod(opened.get(), 0700) != 0)) {
    return Fail(StatusCode::kFailedPrecondition, "STORE_UNWRITABLE",
                fmt::format("{} is another account's: remove it", folder.string()));
  }
  return Lock(std::move(opened), folder, folder);
}

Result<FolderLock> FolderLock::Lock(Descriptor opened, const std::filesystem::path& name,
                                    const std::filesystem::path& folder) {
  if (opened.get() < 0) {
    return Fail(StatusCode::kFailedPrecondition, "STORE_UNWRITABLE",
                fmt::format("cannot open {}: {}", name.string(), std::strerror(errno)));
  }
  if (flock(opened.get(), LOCK_EX | LOCK_NB) != 0) {
    return Fail(StatusCode::kFailedPrecondition, "STORE_LOCKED",
                fmt::format("another process is writing to {}", folder.string()));
  }
  // Whoever held it before may have renamed or removed what was opened.
  struct stat held {};
  struct stat named {};
  if (fstat(opened.get(), &held) != 0 || lstat(name.c_str(), &named) != 0 ||
      held.st_ino != named.st_ino || held.st_dev != named.st_dev) {
    return Fail(StatusCode::kFailedPrecondition, "STORE_LOCKED",
                fmt::format("another process has just written to {}", folder.string()));
  }
  return FolderLock(std::move(opened));
}

}  // namespace yima::store
