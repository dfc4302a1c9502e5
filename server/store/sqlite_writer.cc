#include "server/store/sqlite_writer.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <sqlite3.h>

#include "server/store/sqlite_pages.h"
#include "server/store/sqlite_schema.h"

namespace yima::store {
namespace {

constexpr char kTimeTag = 0x09;  // LogEntry.time_us, fixed64
constexpr size_t kTimeSize = 9;

int64_t Signed(uint64_t id) { return static_cast<int64_t>(id); }
uint64_t Unsigned(const SQLite::Column& column) { return static_cast<uint64_t>(column.getInt64()); }

TimeUs TimeOf(std::string_view entry) {
  uint64_t time = 0;
  if (entry.size() < kTimeSize) return 0;
  for (size_t i = kTimeSize - 1; i > 0; --i) time = time << 8 | static_cast<uint8_t>(entry[i]);
  return static_cast<TimeUs>(time);
}

std::string_view AsView(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

Writer::Writer(const std::filesystem::path& file, int flags, int log_pages_max, TimeUs (*now)())
    : connection_(file, flags, CleanVfs()), log_pages_max_(log_pages_max), now_(now) {}

Result<std::unique_ptr<Writer>> Writer::Open(const std::filesystem::path& file, bool create,
                                             int log_pages_max, TimeUs (*now)()) {
  return Guarded([&]() -> Result<std::unique_ptr<Writer>> {
    const int flags = SQLite::OPEN_READWRITE | (create ? SQLite::OPEN_CREATE : 0);
    std::unique_ptr<Writer> writer(new Writer(file, flags, log_pages_max, now));
    // The log is copied back by this class alone: a store in doubt must keep all of it.
    writer->connection_.Execute("PRAGMA wal_autocheckpoint = 0");
    YIMA_RETURN_IF_ERROR(PrepareSchema(writer->connection_));
    // FULL: a commit is on the disk when it returns. A larger cache would be slower: SQLite walks
    // all of it at each commit in which a page of an index was split.
    writer->connection_.Execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; "
        "PRAGMA journal_size_limit = 67108864; PRAGMA foreign_keys = OFF; "
        "PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON");
    // SQLite's own copying back would tell nobody when it fails.
    sqlite3_wal_hook(
        writer->connection_.database().getHandle(),
        [](void* self, sqlite3*, const char*, int pages) {
          static_cast<Writer*>(self)->log_pages_ = pages;
          static_cast<Writer*>(self)->wrote_ = true;
          return SQLITE_OK;
        },
        writer.get());
    writer->ReadLogEnd();
    return writer;
  });
}

void Writer::ReadLogEnd() {
  Use last(connection_.Prepared("SELECT idx, entry FROM log ORDER BY idx DESC LIMIT 1"));
  if (last->executeStep()) {
    log_size_ = Unsigned(last->getColumn(0)) + 1;
    last_time_ = TimeOf(ColumnBytes(*last, 1));
  }
  committed_log_size_ = log_size_;
  committed_time_ = last_time_;
}

void Writer::Begin() {
  static const std::string kSql = "BEGIN IMMEDIATE";
  adds_.clear();
  wrote_ = false;
  connection_.Step(kSql);
  last_time_ = std::max(last_time_, now_());
}

void Writer::Commit() {
  static const std::string kSql = "COMMIT";
  for (const auto& [counter, delta] : adds_) {
    if (delta != 0) Write(Add{counter, delta});
  }
  connection_.Step(kSql);
  committed_log_size_ = log_size_;
  committed_time_ = last_time_;
}

void Writer::Rollback() noexcept {
  try {
    connection_.Execute("ROLLBACK");
  } catch (const SQLite::Exception&) {
    // SQLite has rolled back by itself.
  }
  log_size_ = committed_log_size_;
  last_time_ = committed_time_;
}

Result<void> Writer::CopyBackWhenLong() {
  if (log_pages_ < log_pages_max_) return {};
  sqlite3* const handle = connection_.database().getHandle();
  const int code =
      sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  // A full disk or a reader in the way only leaves the log long: it is tried again.
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_BUSY) return {};
  return tl::unexpected(ToError(SQLite::Exception(handle, code)));
}

Result<bool> Writer::EmptyLog(int wait_ms) {
  sqlite3* const handle = connection_.database().getHandle();
  sqlite3_db_release_memory(handle);
  sqlite3_busy_timeout(handle, wait_ms);
  const int code =
      sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(handle, kBusyMs);
  if (code == SQLITE_OK) return true;
  if ((code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_BUSY) return false;
  return tl::unexpected(ToError(SQLite::Exception(handle, code)));
}

void Writer::KeepLogWhenClosed() {
  sqlite3_db_config(connection_.database().getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                    nullptr);
}

Outcome Writer::Apply(const Change& change) {
  // All that is expected is looked up before anything is written, so a refusal leaves no trace and
  // needs no savepoint; only the disk can fail from here on, and that takes the whole commit back.
  if (auto refusal = FindRefusal(change)) return *std::move(refusal);
  const Committed committed{log_size_, last_time_};
  for (size_t i = 0; i < change.puts.size(); ++i) Write(change.puts[i], previous_[i]);
  for (const auto& claim : change.claims) Write(claim);
  for (const auto& term : change.terms) Write(term);
  for (const auto& place : change.places) Write(place);
  // Changes that share a commit mostly add to the same counters, which nobody reads meanwhile.
  for (const auto& add : change.adds) adds_[add.counter] += add.delta;
  if (change.request) Write(*change.request);
  return committed;
}

std::optional<Outcome> Writer::FindRefusal(const Change& change) {
  if (change.request) {
    Use found(connection_.Prepared(
        "SELECT hash, reply FROM request WHERE principal = ? AND method = ? AND request_id = ?"));
    BindBytes(*found, 1, change.request->principal);
    BindBytes(*found, 2, change.request->method);
    BindBytes(*found, 3, change.request->request_id);
    if (found->executeStep()) {
      if (ColumnBytes(*found, 0) != AsView(change.request->hash)) return RequestReused{};
      return RequestDone{std::string(ColumnBytes(*found, 1))};
    }
  }
  for (const auto& check : change.checks) {
    const uint64_t revision = StandingOf(check.kind, check.id).revision;
    if (revision != check.expected_revision) return MovedRecord{check.kind, check.id, revision};
  }
  previous_.clear();
  for (const auto& put : change.puts) {
    const Standing standing = StandingOf(put.kind, put.id);
    if (standing.revision != put.expected_revision) {
      return MovedRecord{put.kind, put.id, standing.revision};
    }
    previous_.push_back(standing.entry);
  }
  for (const auto& claim : change.claims) {
    static const std::string kSql = "SELECT holder FROM claim WHERE idx = ? AND key = ?";
    Use held(connection_.Prepared(kSql));
    held->bind(1, static_cast<int>(claim.index));
    BindBytes(*held, 2, claim.key);
    const uint64_t holder = held->executeStep() ? Unsigned(held->getColumn(0)) : 0;
    if (holder != claim.before) return TakenKey{claim.index, claim.key, holder};
  }
  return std::nullopt;
}

Writer::Standing Writer::StandingOf(Kind kind, uint64_t id) {
  // New records mostly have the highest id so far, and need not be looked for.
  auto& highest = highest_ids_[static_cast<size_t>(kind)];
  if (!highest) {
    Use last(
        connection_.Prepared(fmt::format("SELECT max(id) FROM record{}", static_cast<int>(kind))));
    last->executeStep();
    const SQLite::Column id_column = last->getColumn(0);
    highest = id_column.isNull() ? INT64_MIN : id_column.getInt64();
  }
  if (Signed(id) > *highest) return {};
  Use statement(connection_.SelectRevision(kind));
  statement->bind(1, Signed(id));
  if (!statement->executeStep()) return {};
  return {Unsigned(statement->getColumn(0)), Unsigned(statement->getColumn(1))};
}

void Writer::Write(const Put& put, uint64_t previous) {
  Use statement(put.expected_revision == 0 ? connection_.InsertRecord(put.kind)
                                           : connection_.UpdateRecord(put.kind));
  statement->bind(1, Signed(put.id));
  statement->bind(2, Signed(put.expected_revision + 1));
  BindBytes(*statement, 3, put.bytes);
  if (IsLogged(put.kind)) statement->bind(4, Signed(log_size_ + 1));
  statement->exec();
  auto& highest = highest_ids_[static_cast<size_t>(put.kind)];
  if (highest) highest = std::max(*highest, Signed(put.id));
  if (IsLogged(put.kind)) AppendEntry(put.entry, previous);
}

void Writer::AppendEntry(std::string_view entry, uint64_t previous) {
  static const std::string kSql = "INSERT INTO log (idx, entry, previous) VALUES (?, ?, ?)";
  entry_.assign(1, kTimeTag);
  for (int shift = 0; shift < 64; shift += 8) {
    entry_.push_back(static_cast<char>(static_cast<uint64_t>(last_time_) >> shift));
  }
  entry_.append(entry);
  Use statement(connection_.Prepared(kSql));
  statement->bind(1, Signed(log_size_));
  BindBytes(*statement, 2, entry_);
  statement->bind(3, Signed(previous));
  statement->exec();
  ++log_size_;
}

void Writer::Write(const Claim& claim) {
  static const std::string kInsert = "INSERT INTO claim (idx, key, holder) VALUES (?1, ?2, ?3)";
  static const std::string kUpdate = "UPDATE claim SET holder = ?3 WHERE idx = ?1 AND key = ?2";
  static const std::string kDelete = "DELETE FROM claim WHERE idx = ?1 AND key = ?2";
  if (claim.before == claim.after) return;
  Use statement(connection_.Prepared(claim.after == 0    ? kDelete
                                     : claim.before == 0 ? kInsert
                                                         : kUpdate));
  statement->bind(1, static_cast<int>(claim.index));
  BindBytes(*statement, 2, claim.key);
  if (claim.after != 0) statement->bind(3, Signed(claim.after));
  statement->exec();
}

void Writer::Write(const Term& term) {
  static const std::string kInsert =
      "INSERT INTO term (kind, term, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
  static const std::string kDelete = "DELETE FROM term WHERE kind = ? AND term = ? AND id = ?";
  Use statement(connection_.Prepared(term.present ? kInsert : kDelete));
  statement->bind(1, static_cast<int>(term.kind));
  BindBytes(*statement, 2, term.term);
  statement->bind(3, Signed(term.id));
  statement->exec();
}

void Writer::Write(const Place& place) {
  // The table keeps 32-bit numbers and rounds them outwards, so that its box holds the point.
  static const std::string kPut =
      "INSERT OR REPLACE INTO place (id, west, east, south, north) VALUES (?1, ?2, ?2, ?3, ?3)";
  static const std::string kDelete = "DELETE FROM place WHERE id = ?1";
  Use statement(connection_.Prepared(place.at ? kPut : kDelete));
  statement->bind(1, Signed(place.id));
  if (place.at) {
    statement->bind(2, place.at->longitude);
    statement->bind(3, place.at->latitude);
  }
  statement->exec();
}

void Writer::Write(const Add& add) {
  static const std::string kSql =
      "INSERT INTO counter (name, value) VALUES (?, ?) "
      "ON CONFLICT DO UPDATE SET value = value + excluded.value";
  Use statement(connection_.Prepared(kSql));
  BindBytes(*statement, 1, add.counter);
  statement->bind(2, add.delta);
  statement->exec();
}

void Writer::Write(const Request& request) {
  static const std::string kSql =
      "INSERT INTO request (principal, method, request_id, hash, reply, time_us) "
      "VALUES (?, ?, ?, ?, ?, ?)";
  Use statement(connection_.Prepared(kSql));
  BindBytes(*statement, 1, request.principal);
  BindBytes(*statement, 2, request.method);
  BindBytes(*statement, 3, request.request_id);
  BindBytes(*statement, 4, AsView(request.hash));
  BindBytes(*statement, 5, request.reply);
  statement->bind(6, last_time_);
  statement->exec();
}

uint64_t Writer::Reserve(std::string_view sequence, uint64_t n) {
  uint64_t first = 1;
  {
    Use found(connection_.Prepared("SELECT next FROM sequence WHERE name = ?"));
    BindBytes(*found, 1, sequence);
    if (found->executeStep()) first = Unsigned(found->getColumn(0));
  }
  Use statement(
      connection_.Prepared("INSERT INTO sequence (name, next) VALUES (?, ?) "
                           "ON CONFLICT DO UPDATE SET next = excluded.next"));
  BindBytes(*statement, 1, sequence);
  statement->bind(2, Signed(first + n));
  statement->exec();
  return first;
}

void Writer::LinkHistory(const std::vector<EntryOwner>& entries) {
  static const std::string kLink = "UPDATE log SET previous = ? WHERE idx = ?";
  for (const auto& [index, kind, id] : entries) {
    const uint64_t last = StandingOf(kind, id).entry;
    if (last > index) continue;  // Linked before, as all up to `last`.
    if (last != 0) {
      Use link(connection_.Prepared(kLink));
      link->bind(1, Signed(last));
      link->bind(2, Signed(index));
      link->exec();
    }
    Use mark(connection_.Prepared(
        fmt::format("UPDATE record{} SET entry = ? WHERE id = ?", static_cast<int>(kind))));
    mark->bind(1, Signed(index + 1));
    mark->bind(2, Signed(id));
    mark->exec();
  }
}

uint64_t Writer::ForgetRequests(TimeUs before, uint64_t count_max) {
  Use statement(
      connection_.Prepared("DELETE FROM request WHERE (principal, method, request_id) IN (SELECT "
                           "principal, method, request_id FROM request WHERE time_us < ? "
                           "ORDER BY time_us LIMIT ?)"));
  statement->bind(1, before);
  statement->bind(2, Signed(count_max));
  return static_cast<uint64_t>(statement->exec());
}

}  // namespace yima::store
