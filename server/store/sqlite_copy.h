#ifndef YIMA_SERVER_STORE_SQLITE_COPY_H_
#define YIMA_SERVER_STORE_SQLITE_COPY_H_

#include <filesystem>

#include "codegen/code/result.h"

namespace yima::store {

/// Copies a store's file into a new one as a commit left it: the last before the call or one since,
/// perhaps the one that is just being made durable. A process may go on writing. The copy stands by
/// itself, without a write-ahead log; it is durable after SyncFile. Memory is bounded; the log of
/// the file that is copied grows by what is written meanwhile. Takes no lock on the folder.
/// STORE_MISSING, DISK_FULL, STORE_DAMAGED, STORE_BUSY, FILE_UNWRITABLE; a copy that failed may
/// have left a part of itself.
Result<void> CopyStore(const std::filesystem::path& from, const std::filesystem::path& to);
/// Waits until a file is on the disk. DISK_FULL, FILE_UNWRITABLE.
Result<void> SyncFile(const std::filesystem::path& file);

/// The schema that a store's file has, whatever this program knows. STORE_DAMAGED when the file is
/// no store of ours.
Result<int> SchemaOf(const std::filesystem::path& file);
/// The schema that this program writes.
int NewestSchema();

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_SQLITE_COPY_H_
