#ifndef YIMA_SERVER_STORE_SQLITE_COPY_H_
#define YIMA_SERVER_STORE_SQLITE_COPY_H_

#include <filesystem>

#include "codegen/code/result.h"

namespace yima::store {

/// Copies a store's file as it is at this moment into a new file, page by page from one view, so
/// that a process may go on writing meanwhile. The copy stands by itself, without a write-ahead
/// log, and is durable when this returns. Memory is bounded; the log of the file that is copied
/// grows by what is written meanwhile. Takes no lock on the folder. STORE_MISSING, DISK_FULL,
/// STORE_DAMAGED, STORE_BUSY, FILE_UNWRITABLE; a copy that failed may have left a part of itself.
Result<void> CopyStore(const std::filesystem::path& from, const std::filesystem::path& to);

/// The schema that a store's file has, whatever this program knows. STORE_DAMAGED when the file is
/// no store of ours.
Result<int> SchemaOf(const std::filesystem::path& file);
/// The schema that this program writes.
int NewestSchema();

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_SQLITE_COPY_H_
