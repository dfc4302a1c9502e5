#include "server/store/sqlite_schema.h"

#include <array>

#include <fmt/format.h>

namespace yima::store {
namespace {

/// "Yima" in ASCII: tells our files from other SQLite files.
constexpr int kApplicationId = 0x59696d61;

/// A step says the same for ever: its own numbers, not those that Kind has today. A later kind gets
/// its table in a step of its own.
std::string RecordTables(std::initializer_list<int> kinds) {
  std::string sql;
  for (const int kind : kinds) {
    sql += fmt::format(
        "CREATE TABLE record{} (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, bytes BLOB NOT "
        "NULL) STRICT;",
        kind);
  }
  return sql;
}

std::string EntryColumn(int kind) {
  return fmt::format("ALTER TABLE record{} ADD COLUMN entry INTEGER NOT NULL DEFAULT 0;", kind);
}

std::string StepToVersion1() {
  return RecordTables({1, 2, 3, 4, 5, 6, 64, 65, 66, 67}) + R"(
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

/// Principals, their tokens, what was refused; codes that a restore did not bring back.
std::string StepToVersion2() { return RecordTables({7, 68, 69, 70}); }

/// The log's tree.
std::string StepToVersion3() { return RecordTables({71, 72}); }

/// Ranges of blank plates, stock-takes, attachments, sightings. For each logged record the index of
/// its last entry in the log, and with each entry that of the record's entry before it, both plus
/// one (0: none); so a record's history is read without an index over the log. Places of
/// facilities.
std::string StepToVersion4() {
  std::string sql = RecordTables({8, 9, 73, 74, 75, 76, 77});
  for (const int kind : {1, 2, 3, 4, 5, 6, 7, 8, 9}) sql += EntryColumn(kind);
  return sql + R"(
    ALTER TABLE log ADD COLUMN previous INTEGER NOT NULL DEFAULT 0;
    CREATE VIRTUAL TABLE place USING rtree (id, west, east, south, north);
  )";
}

/// Claims, notices, objections, offers, orders and rules; the coverage at the end of days.
std::string StepToVersion5() {
  std::string sql = RecordTables({10, 11, 12, 13, 14, 15, 78});
  for (const int kind : {10, 11, 12, 13, 14, 15}) sql += EntryColumn(kind);
  return sql;
}

constexpr std::array<SchemaStep, 5> kSteps = {StepToVersion1, StepToVersion2, StepToVersion3,
                                              StepToVersion4, StepToVersion5};

int Pragma(Connection& connection, const char* name) {
  return connection.database().execAndGet(fmt::format("PRAGMA {}", name)).getInt();
}

tl::unexpected<Error> NoStoreOfOurs() {
  return Fail(StatusCode::kDataLoss, std::string(kStoreDamaged),
              "the file is a database, but no store of Yima; run yimad check");
}

bool IsEmpty(Connection& connection) {
  return connection.database().execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
}

/// 0 for an empty file.
Result<size_t> VersionOf(Connection& connection, size_t newest) {
  YIMA_ASSIGN_OR_RETURN(const int version, SchemaVersion(connection));
  if (static_cast<size_t>(version) > newest) {
    return Fail(StatusCode::kFailedPrecondition, "SCHEMA_NEWER",
                fmt::format("the store has schema {}, this program knows {}: use a newer yimad",
                            version, newest));
  }
  return static_cast<size_t>(version);
}

}  // namespace

std::span<const SchemaStep> SchemaSteps() { return kSteps; }

Result<int> SchemaVersion(Connection& connection) {
  return Guarded([&]() -> Result<int> {
    const int version = Pragma(connection, "user_version");
    if (version == 0 && IsEmpty(connection)) return 0;
    if (version > 0 && Pragma(connection, "application_id") == kApplicationId) return version;
    return NoStoreOfOurs();
  });
}

Result<void> PrepareSchema(Connection& connection, std::span<const SchemaStep> steps) {
  return Guarded([&]() -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(const size_t version, VersionOf(connection, steps.size()));
    if (version == steps.size()) return {};
    SQLite::Transaction transaction(connection.database(), SQLite::TransactionBehavior::IMMEDIATE);
    for (const SchemaStep step : steps.subspan(version)) connection.database().exec(step());
    connection.database().exec(fmt::format("PRAGMA user_version = {}; PRAGMA application_id = {}",
                                           steps.size(), kApplicationId));
    transaction.commit();
    return {};
  });
}

Result<void> CheckSchemaNotNewer(Connection& connection) {
  return Guarded([&]() -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(const size_t version, VersionOf(connection, kSteps.size()));
    if (version == 0) return NoStoreOfOurs();
    return {};
  });
}

Result<void> CheckSchema(Connection& connection) {
  return Guarded([&]() -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(const size_t version, VersionOf(connection, kSteps.size()));
    if (version == kSteps.size()) return {};
    if (version == 0) return NoStoreOfOurs();
    return Fail(StatusCode::kFailedPrecondition, "SCHEMA_OLDER",
                fmt::format("the store has schema {}, start yimad serve once to bring it to {}",
                            version, kSteps.size()));
  });
}

}  // namespace yima::store
