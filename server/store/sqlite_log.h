#ifndef YIMA_SERVER_STORE_SQLITE_LOG_H_
#define YIMA_SERVER_STORE_SQLITE_LOG_H_

#include <filesystem>

#include "codegen/code/result.h"

namespace yima::store {

/// Writes the write-ahead log of a store once more as it is, and syncs it; before it is opened for
/// writing. After a failed sync the system holds pages for written that are not on the disk: a
/// process that died then leaves a log that reads well and would not outlive a power failure.
/// DISK_ERROR.
Result<void> RenewLog(const std::filesystem::path& file);

/// Whether there is a write-ahead log that is not empty.
bool HasLog(const std::filesystem::path& file);

/// Copies all of the write-ahead log into the file, whatever was copied before, and empties it.
/// While this process has no connection open. STORE_BUSY when another has; DISK_ERROR and what else
/// SQLite says: then the log is as it was.
Result<void> CopyBackAnew(const std::filesystem::path& file);

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_SQLITE_LOG_H_
