#include "server/store/sqlite_connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace yima::store {
Connection::Connection(const std::filesystem::path& file, int flags, const std::string& vfs)
    : database_(file.string(), flags | SQLITE_OPEN_NOMUTEX, kBusyMs, vfs) {}

SQLite::Statement& Connection::Prepared(const std::string& sql) {
  auto& statement = prepared_[sql];
  if (!statement) statement = std::make_unique<SQLite::Statement>(database_, sql);
  return *statement;
}

void Connection::Step(const std::string& sql) {
  Use statement(Prepared(sql));
  statement->exec();
}

SQLite::Statement& Connection::OfKind(PerKind& list, Kind kind, const char* format) {
  auto& statement = list[static_cast<size_t>(kind)];
  if (!statement) {
    statement = std::make_unique<SQLite::Statement>(
        database_, fmt::format(fmt::runtime(format), static_cast<int>(kind)));
  }
  return *statement;
}

SQLite::Statement& Connection::SelectRecord(Kind kind) {
  return OfKind(select_record_, kind, "SELECT revision, bytes FROM record{} WHERE id = ?");
}

SQLite::Statement& Connection::SelectRevision(Kind kind) {
  return OfKind(select_revision_, kind,
                IsLogged(kind) ? "SELECT revision, entry FROM record{} WHERE id = ?"
                               : "SELECT revision, 0 FROM record{} WHERE id = ?");
}

SQLite::Statement& Connection::InsertRecord(Kind kind) {
  return OfKind(insert_record_, kind,
                IsLogged(kind)
                    ? "INSERT INTO record{} (id, revision, bytes, entry) VALUES (?, ?, ?, ?)"
                    : "INSERT INTO record{} (id, revision, bytes) VALUES (?, ?, ?)");
}

SQLite::Statement& Connection::UpdateRecord(Kind kind) {
  return OfKind(update_record_, kind,
                IsLogged(kind)
                    ? "UPDATE record{} SET revision = ?2, bytes = ?3, entry = ?4 WHERE id = ?1"
                    : "UPDATE record{} SET revision = ?2, bytes = ?3 WHERE id = ?1");
}

void BindBytes(SQLite::Statement& statement, int index, std::string_view bytes) {
  // A null pointer would bind NULL, and an empty view may hold one.
  statement.bindNoCopy(index, bytes.empty() ? "" : static_cast<const void*>(bytes.data()),
                       static_cast<int>(bytes.size()));
}

std::string_view ColumnBytes(SQLite::Statement& statement, int index) {
  const SQLite::Column column = statement.getColumn(index);
  const void* data = column.getBlob();
  return {static_cast<const char*>(data), static_cast<size_t>(column.getBytes())};
}

Error ToError(const SQLite::Exception& exception) {
  const Error disk_full{StatusCode::kResourceExhausted,
                        std::string(kDiskFull),
                        "the disk is full: nothing of this write was kept",
                        {}};
  // The index of the write-ahead log could not grow, for which SQLite has no other reason.
  if (exception.getExtendedErrorCode() == SQLITE_IOERR_SHMSIZE) return disk_full;
  switch (exception.getErrorCode()) {
    case SQLITE_FULL:
      return disk_full;
    case SQLITE_IOERR:
      return {
          StatusCode::kUnavailable,
          std::string(kDiskError),
          fmt::format("the disk fails ({}); try again with the same request_id", exception.what()),
          {}};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {StatusCode::kDataLoss,
              std::string(kStoreDamaged),
              fmt::format("the store cannot be relied on ({}); run yimad check", exception.what()),
              {}};
    case SQLITE_READONLY:
      return {StatusCode::kUnavailable,
              "STORE_UNWRITABLE",
              fmt::format("the store can only be read ({})", exception.what()),
              {}};
    case SQLITE_BUSY:
      return {StatusCode::kUnavailable,
              "STORE_BUSY",
              fmt::format("another program holds the database for more than {} ms", kBusyMs),
              {}};
    default:
      return {StatusCode::kInternal, std::string(kStoreFailed), exception.what(), {}};
  }
}

}  // namespace yima::store
