#ifndef YIMA_SERVER_BACKUP_PART_FOLDER_H_
#define YIMA_SERVER_BACKUP_PART_FOLDER_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "codegen/code/result.h"
#include "server/store/folder_lock.h"

namespace yima::server {

/// A folder in the making: hidden beside the place where it is to stand (`.NAME.part`), renamed
/// there when it is whole, removed with all that is in it otherwise. Locked all the while, beside
/// whatever is opened in it, so that nobody else makes it. What a process that was killed
/// left is cleared away by the next. Not thread-safe.
class PartFolder {
 public:
  /// `field` is the option that named the target. FOLDER_BUSY while another process makes it;
  /// FILE_UNWRITABLE.
  static Result<PartFolder> Begin(const std::filesystem::path& target, std::string_view field);
  PartFolder(PartFolder&&) noexcept = default;
  PartFolder& operator=(PartFolder&&) = delete;
  ~PartFolder();

  const std::filesystem::path& path() const { return path_; }
  /// Copies a file from elsewhere, durable, for its owner only. DISK_FULL, FILE_UNREADABLE,
  /// FILE_UNWRITABLE.
  Result<void> Copy(const std::filesystem::path& from, const std::string& name);
  /// A new file of this text, durable. DISK_FULL, FILE_UNWRITABLE.
  Result<void> Write(const std::string& name, std::string_view text);
  /// Renames it to its place, which must be free or an empty folder; durable.
  /// FOLDER_BUSY when another process has made it meanwhile; FILE_UNWRITABLE.
  Result<void> Publish();

 private:
  PartFolder(std::filesystem::path target, std::filesystem::path path, std::string field)
      : target_(std::move(target)), path_(std::move(path)), field_(std::move(field)) {}

  std::filesystem::path target_;
  std::filesystem::path path_;  ///< Empty once it is published.
  std::string field_;
  std::optional<store::FolderLock> lock_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_BACKUP_PART_FOLDER_H_
