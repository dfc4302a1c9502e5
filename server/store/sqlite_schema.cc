#include "server/store/sqlite_schema.h"

#include <array>

#include <fmt/format.h>

namespace yima::store {
namespace {

/// "Yima" in ASCII: tells our files from other SQLite files.
constexpr int kApplicationId = 0x59696d61;

/// Step n leads from version n to n + 1. Steps are never changed once released.
std::string StepToVersion1() {
  std::string sql;
  for (const Kind kind : kKinds) {
    sql += fmt::format(
        "CREATE TABLE record{} (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, bytes BLOB NOT "
        "NULL) STRICT;",
        static_cast<int>(kind));
  }
  return sql + R"(
    CREATE TABLE claim (idx INTEGER NOT NULL, key BLOB NOT NULL, holder INTEGER NOT NULL,
                        PRIMARY KEY (idx, key)) STRICT, WITHOUT ROWID;
    CREATE TABLE term (kind INTEGER NOT NULL, term BLOB NOT NULL, id INTEGER NOT NULL,
                       PRIMARY KEY (kind, term, id)) STRICT, WITHOUT ROWID;
    CREATE TABLE counter (name BLOB PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE request (principal BLOB NOT NULL, method BLOB NOT NULL, request_id BLOB NOT NULL,
                          hash BLOB NOT NULL, reply BLOB NOT NULL, time_us INTEGER NOT NULL,
                          PRIMARY KEY (principal, method, request_id)) STRICT, WITHOUT ROWID;
    CREATE INDEX request_time ON request (time_us);
    CREATE TABLE sequence (name BLOB PRIMARY KEY, next INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE log (idx INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT;
  )";
}

constexpr std::array<std::string (*)(), kSchemaVersion> kSteps = {StepToVersion1};

int Pragma(Connection& connection, const char* name) {
  return connection.database().execAndGet(fmt::format("PRAGMA {}", name)).getInt();
}

tl::unexpected<Error> NoStoreOfOurs() {
  return Fail(StatusCode::kDataLoss, "STORE_DAMAGED",
              "the file is a database, but no store of Yima; run yimad check");
}

Result<int> Version(Connection& connection) {
  const int version = Pragma(connection, "user_version");
  const int application = Pragma(connection, "application_id");
  if (version > kSchemaVersion) {
    return Fail(StatusCode::kFailedPrecondition, "SCHEMA_NEWER",
                fmt::format("the store has schema {}, this program knows {}: use a newer yimad",
                            version, kSchemaVersion));
  }
  if (version < 0 || (version > 0 && application != kApplicationId)) return NoStoreOfOurs();
  return version;
}

}  // namespace

Result<void> PrepareSchema(Connection& connection) {
  return Guarded([&]() -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(const int version, Version(connection));
    if (version == kSchemaVersion) return {};
    const int tables =
        connection.database().execAndGet("SELECT count(*) FROM sqlite_schema").getInt();
    if (version == 0 && tables > 0) return NoStoreOfOurs();
    SQLite::Transaction transaction(connection.database());
    for (int step = version; step < kSchemaVersion; ++step) {
      connection.database().exec(kSteps[static_cast<size_t>(step)]());
    }
    connection.database().exec(fmt::format("PRAGMA user_version = {}; PRAGMA application_id = {}",
                                           kSchemaVersion, kApplicationId));
    transaction.commit();
    return {};
  });
}

Result<void> CheckSchema(Connection& connection) {
  return Guarded([&]() -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(const int version, Version(connection));
    if (version == kSchemaVersion) return {};
    if (version == 0) return NoStoreOfOurs();
    return Fail(StatusCode::kFailedPrecondition, "SCHEMA_OLDER",
                fmt::format("the store has schema {}, start yimad serve once to bring it to {}",
                            version, kSchemaVersion));
  });
}

}  // namespace yima::store
