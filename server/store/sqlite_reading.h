#ifndef YIMA_SERVER_STORE_SQLITE_READING_H_
#define YIMA_SERVER_STORE_SQLITE_READING_H_

#include <filesystem>
#include <memory>

#include "server/store/store.h"

namespace yima::store {

/// A store that takes no change, beside a process that may write. `older` as in SqliteOptions.
/// SCHEMA_OLDER, SCHEMA_NEWER, STORE_DAMAGED, DISK_ERROR.
Result<std::unique_ptr<Store>> OpenReadOnlyStore(const std::filesystem::path& file, bool older);

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_SQLITE_READING_H_
