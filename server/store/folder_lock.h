#ifndef YIMA_SERVER_STORE_FOLDER_LOCK_H_
#define YIMA_SERVER_STORE_FOLDER_LOCK_H_

#include <filesystem>
#include <utility>

#include "codegen/code/result.h"
#include "server/store/descriptor.h"

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

 private:
  explicit FolderLock(Descriptor opened) : opened_(std::move(opened)) {}
  static Result<FolderLock> Lock(Descriptor opened, const std::filesystem::path& name,
                                 const std::filesystem::path& folder);
  Descriptor opened_;
};

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_FOLDER_LOCK_H_
