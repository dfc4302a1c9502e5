#ifndef YIMA_SERVER_STORE_SQLITE_PAGES_H_
#define YIMA_SERVER_STORE_SQLITE_PAGES_H_

#include <cstdint>
#include <filesystem>
#include <span>

#include "codegen/code/result.h"

namespace yima::store {

/// The name under which whatever writes into a store's file opens it: SQLite's default way to its
/// files, but each page goes into the file without what its free space still holds. (SQLite
/// overwrites what it deletes, but not the copies that stay behind when rows move from page to
/// page.) Registered by the first call; thread-safe.
const char* CleanVfs();

/// Fills the free space of a page that holds rows with zeros; true when it held anything else. Any
/// other page, and one that does not look sound, stays as it is. `first`: the file's first page.
bool ClearFreeSpace(std::span<uint8_t> page, bool first);

/// Does so with every page of a file that an older version wrote, in place, and syncs it. While
/// nobody writes; beside readers. Again after a crash: each page is whole with or without it.
/// DISK_ERROR and what else SQLite says.
Result<void> ClearFreeSpaceOf(const std::filesystem::path& file);

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_SQLITE_PAGES_H_
