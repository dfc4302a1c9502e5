#include "server/store/sqlite_log.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>

#include "server/store/descriptor.h"
#include "server/store/sqlite_connection.h"
#include "server/store/sqlite_pages.h"

namespace yima::store {

Result<void> RenewLog(const std::filesystem::path& file) {
  const std::string name = file.string() + "-wal";
  const Descriptor log(open(name.c_str(), O_RDWR | O_CLOEXEC));
  // None, or not ours to write, which SQLite says better.
  if (log.get() < 0) return {};
  std::string part(size_t{1} << 20, '\0');
  off_t at = 0;
  ssize_t size = 0;
  while ((size = pread(log.get(), part.data(), part.size(), at)) > 0) {
    size = pwrite(log.get(), part.data(), static_cast<size_t>(size), at);
    if (size <= 0) break;
    at += size;
  }
  if (size == 0 && fsync(log.get()) == 0) return {};
  return Fail(StatusCode::kUnavailable, std::string(kDiskError),
              fmt::format("the disk fails: cannot write {}: {}", name, std::strerror(errno)));
}

bool HasLog(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file.string() + "-wal", error);
  return !error && size > 0;
}

Result<void> CopyBackAnew(const std::filesystem::path& file) {
  return Guarded([&]() -> Result<void> {
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE, 0, CleanVfs());
    // Alone with the file, SQLite makes a new index of the log, and knows of no copied page.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.execAndGet("SELECT count(*) FROM sqlite_schema");
    SQLite::Statement copy(database, "PRAGMA wal_checkpoint(TRUNCATE)");
    copy.executeStep();
    if (copy.getColumn(0).getInt() == 0) return {};
    return Fail(StatusCode::kUnavailable, "STORE_BUSY", "another program reads the store");
  });
}

}  // namespace yima::store
