#include "server/store/sqlite_copy.h"

#include <cerrno>
#include <cstring>

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "server/store/descriptor.h"
#include "server/store/sqlite_connection.h"
#include "server/store/sqlite_schema.h"

namespace yima::store {
namespace {

constexpr int kPagesAtOnce = 4096;

/// Pages go through a cache of 8 MB and are not synced one by one: SyncFile does it for all.
void CopyPages(const std::filesystem::path& from, const std::filesystem::path& to) {
  SQLite::Database source(from.string(), SQLite::OPEN_READONLY, kBusyMs);
  // One view for all steps: without it, each commit of the writer would make them begin anew.
  source.exec("BEGIN");
  source.execAndGet("SELECT count(*) FROM sqlite_schema");
  SQLite::Database target(to.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs);
  target.exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = -8192");
  {
    SQLite::Backup backup(target, source);
    int step = SQLITE_OK;
    while (step == SQLITE_OK) step = backup.executeStep(kPagesAtOnce);
    if (step != SQLITE_DONE) throw SQLite::Exception("the file is held by another program", step);
  }
  // The file says of itself that it has a write-ahead log; on its own it has none.
  target.exec("PRAGMA journal_mode = DELETE");
}

Result<void> SyncFile(const std::filesystem::path& file) {
  const Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.get() >= 0 && fsync(opened.get()) == 0) return {};
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("cannot sync {}: {}", file.string(), std::strerror(errno)));
}

}  // namespace

Result<void> CopyStore(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  if (!std::filesystem::exists(from, error)) {
    return Fail(StatusCode::kNotFound, "STORE_MISSING",
                fmt::format("there is no {}", from.string()));
  }
  YIMA_RETURN_IF_ERROR(Guarded([&]() -> Result<void> {
    CopyPages(from, to);
    return {};
  }));
  std::filesystem::permissions(
      to, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  return SyncFile(to);
}

Result<int> SchemaOf(const std::filesystem::path& file) {
  return Guarded([&]() -> Result<int> {
    Connection connection(file, SQLite::OPEN_READONLY);
    return SchemaVersion(connection);
  });
}

int NewestSchema() { return static_cast<int>(SchemaSteps().size()); }

}  // namespace yima::store
