#include "server/store/sqlite_copy.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/descriptor.h"
#include "server/store/sqlite_connection.h"
#include "server/store/sqlite_pages.h"
#include "server/store/sqlite_schema.h"

namespace yima::store {
namespace {

namespace fs = std::filesystem;

/// A system call for each page would cost more than the copying, and what does not stay in a core's
/// cache until it is written is copied through memory once more.
constexpr size_t kPartBytes = size_t{1} << 18;
constexpr size_t kLogHeadBytes = 32;

tl::unexpected<Error> Unwritable(const fs::path& file) {
  const int error = errno;
  if (error == ENOSPC || error == EDQUOT) {
    return Fail(StatusCode::kResourceExhausted, std::string(kDiskFull),
                fmt::format("the disk is full: {} was not written", file.string()));
  }
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("cannot write {}: {}", file.string(), std::strerror(error)));
}

tl::unexpected<Error> Unreadable(const fs::path& file) {
  return Fail(StatusCode::kDataLoss, std::string(kStoreDamaged),
              fmt::format("cannot read {}: {}", file.string(), std::strerror(errno)));
}

Result<void> CopyBytes(const Descriptor& from, const fs::path& to,
                       off_t size_max = std::numeric_limits<off_t>::max()) {
  const Descriptor target(open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (target.get() < 0) return Unwritable(to);
  std::string part(kPartBytes, '\0');
  for (off_t at = 0; at < size_max;) {
    const auto wanted = std::min(size_max - at, static_cast<off_t>(part.size()));
    const ssize_t n = pread(from.get(), part.data(), static_cast<size_t>(wanted), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Unreadable(fmt::format("what {} is copied from", to.string()));
    if (n == 0) break;
    if (!WriteAll(target, std::string_view(part).substr(0, static_cast<size_t>(n)))) {
      return Unwritable(to);
    }
    // The disk begins at once, and there is little left to wait for in the end.
    sync_file_range(target.get(), at, n, SYNC_FILE_RANGE_WRITE);
    at += n;
  }
  return {};
}

/// Empty when the log is.
Result<std::string> LogHead(const Descriptor& log, const fs::path& file) {
  std::string head(kLogHeadBytes, '\0');
  const ssize_t n = pread(log.get(), head.data(), head.size(), 0);
  if (n < 0) return Unreadable(file);
  head.resize(static_cast<size_t>(n));
  return head;
}

/// The write-ahead log of a file of which a view is held.
Result<void> CopyLog(const fs::path& from, const fs::path& to) {
  const Descriptor log(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (log.get() < 0) {
    if (errno == ENOENT) return {};
    return Unreadable(from);
  }
  YIMA_ASSIGN_OR_RETURN(std::string head, LogHead(log, from));
  while (!head.empty()) {
    // As long as it is now: a writer may be faster than the copy, which would never end.
    struct stat now {};
    if (fstat(log.get(), &now) != 0) return Unreadable(from);
    YIMA_RETURN_IF_ERROR(CopyBytes(log, to, now.st_size));
    YIMA_ASSIGN_OR_RETURN(std::string after, LogHead(log, from));
    if (after == head) return {};
    // Begun anew meanwhile, which can happen once: the copy may hold parts of both.
    head = std::move(after);
  }
  std::error_code none;
  fs::remove(to, none);
  return {};
}

/// The file as it lies, and its log. While a view is held, SQLite moves nothing newer than the view
/// from the log into the file and begins the log anew only when all of it is in the file already.
/// So whatever is copied of the file, with the log over it, is the state after one of the log's
/// commits; what stands half written at the log's end has no valid checksum and counts for nothing.
Result<void> CopyFiles(const fs::path& from, const fs::path& to) {
  // Closed after the database: closing any descriptor of a file ends all locks on it that the
  // process has.
  const Descriptor file(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return Unreadable(from);
  SQLite::Database source(from.string(), SQLite::OPEN_READONLY, kBusyMs);
  source.exec("BEGIN");
  source.execAndGet("SELECT count(*) FROM sqlite_schema");
  YIMA_RETURN_IF_ERROR(CopyBytes(file, to));
  return CopyLog(from.string() + "-wal", to.string() + "-wal");
}

/// The log's pages go into the file, and the file no longer says of itself that it has a log.
void TakeInLog(const fs::path& file) {
  SQLite::Database copy(file.string(), SQLite::OPEN_READWRITE, kBusyMs, CleanVfs());
  copy.exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE");
}

}  // namespace

Result<void> SyncFile(const fs::path& file) {
  const Descriptor written(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (written.get() < 0 || fsync(written.get()) != 0) return Unwritable(file);
  return {};
}

Result<void> CopyStore(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error)) {
    return Fail(StatusCode::kNotFound, "STORE_MISSING",
                fmt::format("there is no {}", from.string()));
  }
  return Guarded([&]() -> Result<void> {
    YIMA_RETURN_IF_ERROR(CopyFiles(from, to));
    TakeInLog(to);
    return {};
  });
}

Result<int> SchemaOf(const fs::path& file) {
  return Guarded([&]() -> Result<int> {
    Connection connection(file, SQLite::OPEN_READONLY);
    return SchemaVersion(connection);
  });
}

int NewestSchema() { return static_cast<int>(SchemaSteps().size()); }

}  // namespace yima::store
