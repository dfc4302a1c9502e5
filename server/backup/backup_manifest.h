#ifndef YIMA_SERVER_BACKUP_BACKUP_MANIFEST_H_
#define YIMA_SERVER_BACKUP_BACKUP_MANIFEST_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/day.h"
#include "codegen/code/result.h"

namespace yima::server {

/// One file of a backup.
struct BackupFile {
  std::string name;    ///< `yima.db` or `keys/code-1.key`.
  uint64_t size = 0;   ///< Bytes.
  std::string sha256;  ///< 64 lower-case hex digits.
  bool operator==(const BackupFile&) const = default;
};

/// What a backup says of itself, in its file `manifest`: one `name value` a line, and last the hash
/// of all lines before, so that a damaged one is seen. It proves nothing about who made it.
struct BackupManifest {
  std::string registry;  ///< 32 lower-case hex digits.
  uint32_t epoch = 0;
  TimeUs time = 0;        ///< Of the copy.
  int schema = 0;         ///< Of the store.
  uint64_t log_size = 0;  ///< Entries.
  std::vector<BackupFile> files;

  std::string ToText() const;
  /// Exactly that form, and file names that lead nowhere else. BACKUP_DAMAGED.
  static Result<BackupManifest> ParseText(std::string_view text);
};

/// Size and hash of a file below a folder. FILE_UNREADABLE.
Result<BackupFile> DescribeFile(const std::filesystem::path& folder, const std::string& name);

/// BACKUP_DAMAGED (DATA_LOSS), with "restore from another one" as what can be done.
tl::unexpected<Error> BackupDamaged(std::string message);

}  // namespace yima::server

#endif  // YIMA_SERVER_BACKUP_BACKUP_MANIFEST_H_
