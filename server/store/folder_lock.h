#ifndef YIMA_SERVER_STORE_FOLDER_LOCK_H_
#define YIMA_SERVER_STORE_FOLDER_LOCK_H_

#include <filesystem>
#include <utility>

#include "codegen/code/result.h"

namespace yima::store {

/// The right to write in a folder, by an advisory lock on its file `lock` or on itself. Given up
/// with the object, or by the system when the process dies, however it dies.
class FolderLock {
 public:
  /// STORE_LOCKED when another holds it, STORE_UNWRITABLE when the file cannot be opened.
  static Result<FolderLock> Take(const std::filesystem::path& folder);
  /// A lock on the folder itself, which leaves no file in it and goes with it when it is renamed;
  /// of no meaning to those who Take.
  static Result<FolderLock> TakeFolder(const std::filesystem::path& folder);

  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  static Result<FolderLock> Lock(int descriptor, const std::filesystem::path& opened,
                                 const std::filesystem::path& folder);
  int descriptor_;
};

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_FOLDER_LOCK_H_
