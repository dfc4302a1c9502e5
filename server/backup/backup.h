#ifndef YIMA_SERVER_BACKUP_BACKUP_H_
#define YIMA_SERVER_BACKUP_BACKUP_H_

#include <filesystem>
#include <string>
#include <vector>

#include "server/backup/backup_manifest.h"
#include "yima/v1/registry.pb.h"

namespace yima::server {

/// The file that says what a backup holds.
inline constexpr const char* kManifestName = "manifest";

/// Copies the data folder of one registry to `target`, which must not exist, while a server may be
/// writing to it: the store as of one moment, then the keys as they lie. It is compared with
/// itself before it gets its name, so what stands under that name is whole. TARGET_EXISTS,
/// DATA_MISSING, DISK_FULL, BACKUP_DAMAGED when the copy is not sound (then the data isn't either);
/// whatever the store and the files say.
Result<BackupManifest> MakeBackup(const std::filesystem::path& data,
                                  const std::filesystem::path& target);

/// Reads a backup's manifest and compares all its files with it. BACKUP_MISSING, BACKUP_DAMAGED;
/// SCHEMA_NEWER when a newer program made it.
Result<BackupManifest> VerifyBackup(const std::filesystem::path& folder);

/// Names of the key files in a `keys` folder. FILE_UNREADABLE.
Result<std::vector<std::string>> KeyFilesIn(const std::filesystem::path& keys);

/// What a store's file says of itself.
struct StoreFacts {
  v1::Registry registry;
  uint64_t log_size = 0;
};
/// DATA_UNFINISHED when the file holds no registry.
Result<StoreFacts> FactsOf(const std::filesystem::path& file);

}  // namespace yima::server

#endif  // YIMA_SERVER_BACKUP_BACKUP_H_
