#ifndef YIMA_SERVER_STORE_SQLITE_STORE_H_
#define YIMA_SERVER_STORE_SQLITE_STORE_H_

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "server/store/store.h"

namespace yima::store {

struct SqliteOptions {
  bool create = false;     ///< Make the file when it is not there.
  bool read_only = false;  ///< Take no lock, write nothing: beside a writing process.
  /// With read_only: take a file of an older schema too; kinds that it does not know yet cannot be
  /// read from it.
  bool older = false;
  /// From this length on, 32 MB, the write-ahead log is copied back: so late, that bulk work writes
  /// each page into the file once or twice only.
  int log_pages_max = 8000;
  /// A commit that takes longer is said to hang: the largest takes a second or two, and copying a
  /// long log back to a slow disk a few more.
  std::chrono::milliseconds hangs_after{15'000};
  TimeUs (*now)() = &Now;  ///< Stamps the log's entries.
};

/// The store in one SQLite file (`yima.db`, its write-ahead log beside it), with a lock file `lock`
/// in the same folder. STORE_LOCKED when another process writes there, STORE_UNWRITABLE,
/// STORE_DAMAGED, SCHEMA_NEWER, SCHEMA_OLDER (for reading), STORE_MISSING, DISK_FULL, DISK_ERROR,
/// STORE_FAILED.
Result<std::unique_ptr<Store>> OpenSqliteStore(const std::filesystem::path& file,
                                               const SqliteOptions& options);

/// What SQLite's own integrity check finds wrong in the file, in words; empty when it is sound.
/// `quick`, in half the time, for a file that was just written: each page and row is looked at, but
/// not the order of keys from page to page, and a sector that cannot be read ends the process.
Result<std::vector<std::string>> CheckIntegrity(const std::filesystem::path& file,
                                                bool quick = false);

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_SQLITE_STORE_H_
