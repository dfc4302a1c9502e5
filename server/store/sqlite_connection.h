#ifndef YIMA_SERVER_STORE_SQLITE_CONNECTION_H_
#define YIMA_SERVER_STORE_SQLITE_CONNECTION_H_

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <SQLiteCpp/SQLiteCpp.h>

#include "server/store/store.h"

namespace yima::store {

/// How long another program that holds the file is waited for.
constexpr int kBusyMs = 5000;
/// As much of a file as SQLite will map.
constexpr const char* kMapFile = "PRAGMA mmap_size = 2147418112";
constexpr const char* kUnmapFile = "PRAGMA mmap_size = 0";

/// One connection with its prepared statements. Use from one thread at a time. Its members throw
/// SQLite::Exception; Guarded turns that into an Error where the library's use ends.
class Connection {
 public:
  /// `vfs`: a way to its files by name; the default one when empty.
  Connection(const std::filesystem::path& file, int flags, const std::string& vfs = "");

  /// A statement that is kept prepared; reset, with its bindings to be set anew.
  SQLite::Statement& Prepared(const std::string& sql);
  /// The statements that differ by kind alone, without building text on the way.
  SQLite::Statement& SelectRecord(Kind kind);
  SQLite::Statement& SelectRevision(Kind kind);  ///< And its last entry; 0 of unlogged kinds.
  // These take the last entry too, of logged kinds.
  SQLite::Statement& InsertRecord(Kind kind);
  SQLite::Statement& UpdateRecord(Kind kind);

  void Execute(const char* sql) { database_.exec(sql); }
  /// What ends or begins a transaction, often: kept prepared.
  void Step(const std::string& sql);
  SQLite::Database& database() { return database_; }

 private:
  using PerKind = std::array<std::unique_ptr<SQLite::Statement>, 256>;
  SQLite::Statement& OfKind(PerKind& list, Kind kind, const char* format);

  SQLite::Database database_;
  std::unordered_map<std::string, std::unique_ptr<SQLite::Statement>> prepared_;
  PerKind select_record_;
  PerKind select_revision_;
  PerKind insert_record_;
  PerKind update_record_;
};

/// Resets a statement at the end of its use, so that it holds no read open.
class Use {
 public:
  explicit Use(SQLite::Statement& statement) : statement_(statement) {}
  ~Use() { statement_.tryReset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  SQLite::Statement* operator->() { return &statement_; }
  SQLite::Statement& operator*() { return statement_; }

 private:
  SQLite::Statement& statement_;
};

/// Binds bytes without copying; they must outlive the step.
void BindBytes(SQLite::Statement& statement, int index, std::string_view bytes);
std::string_view ColumnBytes(SQLite::Statement& statement, int index);

constexpr std::string_view kDiskFull = "DISK_FULL";
constexpr std::string_view kDiskError = "DISK_ERROR";
constexpr std::string_view kStoreDamaged = "STORE_DAMAGED";
constexpr std::string_view kStoreFailed = "STORE_FAILED";

/// DISK_FULL, DISK_ERROR, STORE_DAMAGED, STORE_UNWRITABLE, STORE_BUSY or STORE_FAILED, by SQLite's
/// code.
Error ToError(const SQLite::Exception& exception);

/// Calls and gives its Result; an exception of the library becomes an Error.
template <typename F>
auto Guarded(F&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const SQLite::Exception& exception) {
    return tl::unexpected(ToError(exception));
  }
}

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_SQLITE_CONNECTION_H_
