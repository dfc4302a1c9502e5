#include "tools/bench.d/sqlite_floor.h"

#include <algorithm>
#include <unordered_map>

#include "tools/bench.d/line.h"
#include <fmt/format.h>

namespace yima::bench {
namespace {

/// As server/store opens its writing connection.
constexpr const char* kWriterSettings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; "
    "PRAGMA wal_autocheckpoint = 8000";
constexpr size_t kTransactionRows = 5000;
constexpr int kFacilityKind = 1;

std::string Text(sqlite3_stmt* row, int column) {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(row, column))};
}

void Bind(sqlite3_stmt* statement, int index, const std::string& bytes) {
  sqlite3_bind_blob(statement, index, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
}

bool Step(sqlite3_stmt* statement) {
  const bool done = sqlite3_step(statement) == SQLITE_DONE;
  return sqlite3_reset(statement) == SQLITE_OK && done;
}

}  // namespace

Result<std::unique_ptr<RawDatabase>> RawDatabase::Open(const std::filesystem::path& file,
                                                       bool read_only) {
  sqlite3* opened = nullptr;
  const int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3_open_v2(file.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<RawDatabase> database(new RawDatabase(opened));
  if (!read_only) YIMA_RETURN_IF_ERROR(database->Execute(kWriterSettings));
  return database;
}

RawDatabase::~RawDatabase() {
  for (auto* statement : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

Result<void> RawDatabase::Failure() const {
  return Fail(StatusCode::kInternal, "SQLITE_FAILED", sqlite3_errmsg(database_));
}

Result<void> RawDatabase::Execute(const std::string& sql) {
  if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return Failure();
}

sqlite3_stmt* RawDatabase::Prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v3(database_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statements_.push_back(statement);
  return statement;
}

Result<std::unique_ptr<MirrorDatabase>> MirrorDatabase::Make(const std::filesystem::path& server,
                                                             const std::filesystem::path& file) {
  auto made = std::make_unique<MirrorDatabase>();
  YIMA_ASSIGN_OR_RETURN(made->server_, RawDatabase::Open(server, true));
  YIMA_ASSIGN_OR_RETURN(made->mirror_, RawDatabase::Open(file, false));
  // An R*Tree makes its own tables.
  auto* schema = made->server_->Prepare(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'place!_%' ESCAPE "
      "'!'");
  while (sqlite3_step(schema) == SQLITE_ROW) {
    YIMA_RETURN_IF_ERROR(made->mirror_->Execute(Text(schema, 0)));
  }
  return made;
}

Result<std::vector<FacilityRows>> MirrorDatabase::NewRows() {
  std::vector<FacilityRows> rows;
  std::unordered_map<int64_t, size_t> places;
  auto* records = server_->Prepare("SELECT id, bytes FROM record1 WHERE id > ? ORDER BY id");
  sqlite3_bind_int64(records, 1, last_id_);
  while (sqlite3_step(records) == SQLITE_ROW) {
    places.emplace(sqlite3_column_int64(records, 0), rows.size());
    rows.push_back({sqlite3_column_int64(records, 0), Text(records, 1), {}, {}, {}, {}});
  }
  if (rows.empty()) return rows;
  // Entries of batches and organizations among them are a handful, and as long as any other.
  auto* log =
      server_->Prepare("SELECT entry FROM log WHERE length(entry) > 0 ORDER BY idx DESC LIMIT ?");
  sqlite3_bind_int64(log, 1, static_cast<int64_t>(rows.size()));
  for (size_t i = rows.size(); i > 0 && sqlite3_step(log) == SQLITE_ROW; --i) {
    rows[i - 1].entry = Text(log, 0);
  }
  auto* claims = server_->Prepare("SELECT holder, idx, key FROM claim WHERE idx < 3");
  while (sqlite3_step(claims) == SQLITE_ROW) {
    const auto place = places.find(sqlite3_column_int64(claims, 0));
    if (place == places.end()) continue;
    rows[place->second].claims.emplace_back(sqlite3_column_int(claims, 1), Text(claims, 2));
  }
  auto* terms = server_->Prepare("SELECT id, term FROM term WHERE kind = 1");
  while (sqlite3_step(terms) == SQLITE_ROW) {
    const auto place = places.find(sqlite3_column_int64(terms, 0));
    if (place != places.end()) rows[place->second].terms.push_back(Text(terms, 1));
  }
  auto* points = server_->Prepare("SELECT west, south FROM place WHERE id = ?");
  for (auto& row : rows) {
    sqlite3_bind_int64(points, 1, row.id);
    if (sqlite3_step(points) == SQLITE_ROW) {
      row.place.emplace(sqlite3_column_double(points, 0), sqlite3_column_double(points, 1));
    }
    sqlite3_reset(points);
  }
  last_id_ = rows.back().id;
  for (auto* read : {records, log, claims, terms}) sqlite3_reset(read);
  return rows;
}

Result<double> MirrorDatabase::Insert(const std::vector<FacilityRows>& rows) {
  auto* record =
      mirror_->Prepare("INSERT INTO record1 (id, revision, bytes, entry) VALUES (?, 1, ?, ?)");
  auto* log = mirror_->Prepare("INSERT INTO log (idx, entry, previous) VALUES (?, ?, 0)");
  auto* claim = mirror_->Prepare("INSERT INTO claim (idx, key, holder) VALUES (?, ?, ?)");
  auto* term = mirror_->Prepare("INSERT INTO term (kind, term, id) VALUES (?, ?, ?)");
  auto* place = mirror_->Prepare(
      "INSERT INTO place (id, west, east, south, north) VALUES (?1, ?2, ?2, ?3, ?3)");
  const auto insert = [&](const FacilityRows& row) {
    sqlite3_bind_int64(record, 1, row.id);
    Bind(record, 2, row.bytes);
    sqlite3_bind_int64(record, 3, log_size_ + 1);
    bool done = Step(record);
    sqlite3_bind_int64(log, 1, log_size_++);
    Bind(log, 2, row.entry);
    done = Step(log) && done;
    for (const auto& [index, key] : row.claims) {
      sqlite3_bind_int(claim, 1, index);
      Bind(claim, 2, key);
      sqlite3_bind_int64(claim, 3, row.id);
      done = Step(claim) && done;
    }
    for (const auto& text : row.terms) {
      sqlite3_bind_int(term, 1, kFacilityKind);
      Bind(term, 2, text);
      sqlite3_bind_int64(term, 3, row.id);
      done = Step(term) && done;
    }
    if (row.place) {
      sqlite3_bind_int64(place, 1, row.id);
      sqlite3_bind_double(place, 2, row.place->first);
      sqlite3_bind_double(place, 3, row.place->second);
      done = Step(place) && done;
    }
    return done;
  };
  bool done = true;
  const double seconds = SecondsOf([&] {
    for (size_t begin = 0; done && begin < rows.size(); begin += kTransactionRows) {
      const size_t end = std::min(rows.size(), begin + kTransactionRows);
      done = mirror_->Execute("BEGIN IMMEDIATE").has_value();
      for (size_t i = begin; done && i < end; ++i) done = insert(rows[i]);
      done = mirror_->Execute("COMMIT").has_value() && done;
    }
  });
  if (!done) return tl::unexpected(mirror_->Failure().error());
  return seconds;
}

namespace {

struct ChangedRow {
  int64_t id = 0;
  int64_t revision = 0;
  std::string bytes;
  int64_t entry = 0;
};

/// Of one table, by id: those at another revision than in the older database.
std::vector<ChangedRow> ChangedRows(RawDatabase& after, const char* table) {
  std::vector<ChangedRow> rows;
  auto* changed = after.Prepare(
      fmt::format("SELECT n.id, n.revision, n.bytes, n.entry FROM {0} n JOIN old.{0} o ON n.id = "
                  "o.id WHERE n.revision <> o.revision ORDER BY n.id",
                  table));
  while (sqlite3_step(changed) == SQLITE_ROW) {
    rows.push_back({sqlite3_column_int64(changed, 0), sqlite3_column_int64(changed, 1),
                    Text(changed, 2), sqlite3_column_int64(changed, 3)});
  }
  sqlite3_reset(changed);
  return rows;
}

}  // namespace

Result<double> ReplaceRows(const std::filesystem::path& after, const std::filesystem::path& before,
                           size_t transaction_facilities) {
  std::vector<ChangedRow> facilities;
  std::vector<ChangedRow> claims;
  std::vector<ChangedRow> log;
  {
    YIMA_ASSIGN_OR_RETURN(const auto newer, RawDatabase::Open(after, true));
    YIMA_RETURN_IF_ERROR(newer->Execute(fmt::format("ATTACH '{}' AS old", before.string())));
    facilities = ChangedRows(*newer, "record1");
    claims = ChangedRows(*newer, "record10");
    auto* entries = newer->Prepare(
        "SELECT idx, previous, entry FROM log WHERE idx > (SELECT max(idx) FROM old.log)");
    while (sqlite3_step(entries) == SQLITE_ROW) {
      log.push_back({sqlite3_column_int64(entries, 0), sqlite3_column_int64(entries, 1),
                     Text(entries, 2), 0});
    }
  }
  if (facilities.empty() || claims.size() != facilities.size()) {
    return Fail(
        StatusCode::kInternal, "FLOOR_EMPTY",
        fmt::format("{} facilities and {} claims have changed", facilities.size(), claims.size()));
  }
  YIMA_ASSIGN_OR_RETURN(const auto mirror, RawDatabase::Open(before, false));
  auto* facility =
      mirror->Prepare("UPDATE record1 SET revision = ?, bytes = ?, entry = ? WHERE id = ?");
  auto* claim =
      mirror->Prepare("UPDATE record10 SET revision = ?, bytes = ?, entry = ? WHERE id = ?");
  auto* append = mirror->Prepare("INSERT INTO log (idx, previous, entry) VALUES (?, ?, ?)");
  const auto update = [](sqlite3_stmt* statement, const ChangedRow& row) {
    sqlite3_bind_int64(statement, 1, row.revision);
    Bind(statement, 2, row.bytes);
    sqlite3_bind_int64(statement, 3, row.entry);
    sqlite3_bind_int64(statement, 4, row.id);
    return Step(statement);
  };
  const auto insert = [&](const ChangedRow& row) {
    sqlite3_bind_int64(append, 1, row.id);
    sqlite3_bind_int64(append, 2, row.revision);
    Bind(append, 3, row.bytes);
    return Step(append);
  };
  bool done = true;
  const double seconds = SecondsOf([&] {
    size_t logged = 0;
    for (size_t begin = 0; done && begin < facilities.size(); begin += transaction_facilities) {
      const size_t end = std::min(facilities.size(), begin + transaction_facilities);
      const size_t log_end = end == facilities.size() ? log.size() : std::min(log.size(), 2 * end);
      done = mirror->Execute("BEGIN IMMEDIATE").has_value();
      for (size_t i = begin; done && i < end; ++i) {
        done = update(facility, facilities[i]) && update(claim, claims[i]);
      }
      for (; done && logged < log_end; ++logged) done = insert(log[logged]);
      done = mirror->Execute("COMMIT").has_value() && done;
    }
  });
  if (!done) return tl::unexpected(mirror->Failure().error());
  return seconds;
}

Result<double> DurableTransactions(const std::filesystem::path& file, double seconds) {
  YIMA_ASSIGN_OR_RETURN(const auto database, RawDatabase::Open(file, false));
  YIMA_RETURN_IF_ERROR(database->Execute(
      "CREATE TABLE IF NOT EXISTS plain (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT"));
  auto* begin = database->Prepare("BEGIN IMMEDIATE");
  auto* insert = database->Prepare("INSERT INTO plain (bytes) VALUES (?)");
  auto* commit = database->Prepare("COMMIT");
  const std::string bytes(200, 'x');
  bool done = true;
  int transactions = 0;
  double taken = 0;
  while (done && taken < seconds) {
    constexpr int kBetweenLooks = 20;
    taken += SecondsOf([&] {
      for (int i = 0; done && i < kBetweenLooks; ++i) {
        Bind(insert, 1, bytes);
        done = Step(begin) && Step(insert) && Step(commit);
      }
    });
    transactions += kBetweenLooks;
  }
  if (!done) return tl::unexpected(database->Failure().error());
  return transactions / taken;
}

}  // namespace yima::bench
