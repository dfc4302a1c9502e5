#include "server/store/sqlite_snapshot.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <sqlite3.h>

namespace yima::store {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kIdleMax = 32;
/// Whoever asks is on a thread that serves others too.
constexpr std::chrono::seconds kOpenedMax{3};
const std::string kBegin = "BEGIN";
const std::string kCommit = "COMMIT";

int64_t Signed(uint64_t id) { return static_cast<int64_t>(id); }
uint64_t Unsigned(const SQLite::Column& column) { return static_cast<uint64_t>(column.getInt64()); }

/// `SELECT` over records of a kind that stand under n terms, by rising id.
std::string ScanSql(Kind kind, size_t terms) {
  const int k = static_cast<int>(kind);
  if (terms == 0) {
    return fmt::format("SELECT id, revision, bytes FROM record{} WHERE id > ?1 ORDER BY id", k);
  }
  std::string sql = "SELECT r.id, r.revision, r.bytes FROM term t0";
  for (size_t i = 1; i < terms; ++i) {
    sql += fmt::format(
        " CROSS JOIN term t{0} ON t{0}.kind = {1} AND t{0}.term = ?{2} AND t{0}.id = t0.id", i, k,
        i + 2);
  }
  return sql + fmt::format(
                   " CROSS JOIN record{0} r ON r.id = t0.id WHERE t0.kind = {0} AND t0.term = ?2 "
                   "AND t0.id > ?1 ORDER BY t0.id",
                   k);
}

class SqliteSnapshot final : public Snapshot {
 public:
  SqliteSnapshot(ReaderPool& pool, std::unique_ptr<Reader> reader)
      : pool_(pool), reader_(std::move(reader)) {}
  ~SqliteSnapshot() override { pool_.Return(std::move(reader_), sound_); }

  Result<std::optional<Record>> Get(Kind kind, uint64_t id) const override {
    return Watched([&]() -> Result<std::optional<Record>> {
      Use statement(connection().SelectRecord(kind));
      statement->bind(1, Signed(id));
      if (!statement->executeStep()) return std::nullopt;
      return Record{Unsigned(statement->getColumn(0)), std::string(ColumnBytes(*statement, 1))};
    });
  }

  Result<uint64_t> Holder(Index index, std::string_view key) const override {
    return Watched([&]() -> Result<uint64_t> {
      static const std::string kSql = "SELECT holder FROM claim WHERE idx = ? AND key = ?";
      Use statement(connection().Prepared(kSql));
      statement->bind(1, static_cast<int>(index));
      BindBytes(*statement, 2, key);
      return statement->executeStep() ? Unsigned(statement->getColumn(0)) : 0;
    });
  }

  Result<int64_t> Counter(std::string_view counter) const override {
    return Watched([&]() -> Result<int64_t> {
      static const std::string kSql = "SELECT value FROM counter WHERE name = ?";
      Use statement(connection().Prepared(kSql));
      BindBytes(*statement, 1, counter);
      return statement->executeStep() ? statement->getColumn(0).getInt64() : 0;
    });
  }

  Result<std::optional<Request>> FindRequest(std::string_view principal, std::string_view method,
                                             std::string_view request_id) const override {
    return Watched([&]() -> Result<std::optional<Request>> {
      static const std::string kSql =
          "SELECT hash, reply FROM request WHERE principal = ? AND method = ? AND request_id = ?";
      Use statement(connection().Prepared(kSql));
      BindBytes(*statement, 1, principal);
      BindBytes(*statement, 2, method);
      BindBytes(*statement, 3, request_id);
      if (!statement->executeStep()) return std::nullopt;
      Request request{std::string(principal),
                      std::string(method),
                      std::string(request_id),
                      {},
                      std::string(ColumnBytes(*statement, 1))};
      const std::string_view hash = ColumnBytes(*statement, 0);
      std::copy_n(hash.begin(), std::min(hash.size(), request.hash.size()), request.hash.begin());
      return request;
    });
  }

  // Scans prepare a statement of their own: a visit may begin another scan.
  Result<void> Scan(Kind kind, uint64_t after, const std::vector<std::string>& terms,
                    const Visitor& visit) const override {
    return Watched([&]() -> Result<void> {
      SQLite::Statement statement(connection().database(), ScanSql(kind, terms.size()));
      statement.bind(1, Signed(after));
      for (size_t i = 0; i < terms.size(); ++i) {
        BindBytes(statement, static_cast<int>(i) + 2, terms[i]);
      }
      while (statement.executeStep()) {
        if (!visit(Unsigned(statement.getColumn(0)), Unsigned(statement.getColumn(1)),
                   ColumnBytes(statement, 2))) {
          break;
        }
      }
      return {};
    });
  }

  Result<void> ScanClaims(Index index, std::string_view prefix,
                          const ClaimVisitor& visit) const override {
    return Watched([&]() -> Result<void> {
      SQLite::Statement statement(
          connection().database(),
          "SELECT key, holder FROM claim WHERE idx = ? AND key >= ? ORDER BY key");
      statement.bind(1, static_cast<int>(index));
      BindBytes(statement, 2, prefix);
      while (statement.executeStep()) {
        const std::string_view key = ColumnBytes(statement, 0);
        if (!key.starts_with(prefix) || !visit(key, Unsigned(statement.getColumn(1)))) break;
      }
      return {};
    });
  }

  Result<void> ScanCounters(const CounterVisitor& visit) const override {
    return Watched([&]() -> Result<void> {
      SQLite::Statement statement(connection().database(),
                                  "SELECT name, value FROM counter WHERE value != 0 ORDER BY name");
      while (statement.executeStep()) {
        if (!visit(ColumnBytes(statement, 0), statement.getColumn(1).getInt64())) break;
      }
      return {};
    });
  }

  Result<void> ScanTerms(Kind kind, const TermVisitor& visit) const override {
    return Watched([&]() -> Result<void> {
      SQLite::Statement statement(connection().database(),
                                  "SELECT term, id FROM term WHERE kind = ? ORDER BY term, id");
      statement.bind(1, static_cast<int>(kind));
      while (statement.executeStep()) {
        if (!visit(ColumnBytes(statement, 0), Unsigned(statement.getColumn(1)))) break;
      }
      return {};
    });
  }

  Result<uint64_t> LogSize() const override { return reader_->log_size; }

  Result<void> ScanLog(uint64_t from, const LogVisitor& visit) const override {
    return Watched([&]() -> Result<void> {
      SQLite::Statement statement(connection().database(),
                                  "SELECT idx, entry, previous FROM log WHERE idx >= ? "
                                  "ORDER BY idx");
      statement.bind(1, Signed(from));
      while (statement.executeStep()) {
        if (!visit({Unsigned(statement.getColumn(0)), ColumnBytes(statement, 1),
                    Unsigned(statement.getColumn(2))})) {
          break;
        }
      }
      return {};
    });
  }

  Result<void> ScanHistory(Kind kind, uint64_t id, uint64_t before,
                           const LogVisitor& visit) const override {
    return Watched([&]() -> Result<void> {
      uint64_t at = 0;
      {
        Use standing(connection().SelectRevision(kind));
        standing->bind(1, Signed(id));
        if (standing->executeStep()) at = Unsigned(standing->getColumn(1));
      }
      // A statement of its own: a visit may begin another scan.
      SQLite::Statement statement(connection().database(),
                                  "SELECT entry, previous FROM log WHERE idx = ?");
      while (at != 0) {
        statement.reset();
        statement.bind(1, Signed(at - 1));
        if (!statement.executeStep()) return BrokenHistory(at - 1);
        const uint64_t previous = Unsigned(statement.getColumn(1));
        if (previous >= at) return BrokenHistory(at - 1);
        if (at <= before && !visit({at - 1, ColumnBytes(statement, 0), previous})) break;
        at = previous;
      }
      return {};
    });
  }

  Result<void> ScanLastEntries(Kind kind, const LastEntryVisitor& visit) const override {
    if (!IsLogged(kind)) return {};
    return Watched([&]() -> Result<void> {
      SQLite::Statement statement(
          connection().database(),
          fmt::format("SELECT id, entry FROM record{} ORDER BY id", static_cast<int>(kind)));
      while (statement.executeStep()) {
        if (!visit(Unsigned(statement.getColumn(0)), Unsigned(statement.getColumn(1)))) break;
      }
      return {};
    });
  }

  Result<void> ScanPlaces(const Box& box, const PlaceVisitor& visit) const override {
    return Watched([&]() -> Result<void> {
      static const std::string kSql =
          "SELECT id, west, south, east, north FROM place "
          "WHERE east >= ? AND west <= ? AND north >= ? AND south <= ?";
      Use statement(connection().Prepared(kSql));
      statement->bind(1, box.west);
      statement->bind(2, box.east);
      statement->bind(3, box.south);
      statement->bind(4, box.north);
      while (statement->executeStep()) {
        const auto degrees = [&](int column) { return statement->getColumn(column).getDouble(); };
        if (!visit(Unsigned(statement->getColumn(0)),
                   {degrees(1), degrees(2), degrees(3), degrees(4)})) {
          break;
        }
      }
      return {};
    });
  }

 private:
  Connection& connection() const { return reader_->connection; }

  static tl::unexpected<Error> BrokenHistory(uint64_t index) {
    return Fail(
        StatusCode::kDataLoss, "HISTORY_DAMAGED",
        fmt::format("a record's history is broken at log entry {}; run yimad check", index));
  }

  template <typename F>
  auto Watched(F&& call) const -> decltype(call()) {
    auto result = Guarded(std::forward<F>(call));
    if (!result && result.error().reason == kStoreDamaged) pool_.ReportDamage(result.error());
    if (!result && result.error().reason == kDiskError) sound_ = false;
    return result;
  }

  ReaderPool& pool_;
  std::unique_ptr<Reader> reader_;
  mutable bool sound_ = true;
};

/// A store that cannot even be read says so at every question.
class FailedSnapshot final : public Snapshot {
 public:
  explicit FailedSnapshot(Error error) : error_(std::move(error)) {}
  Result<std::optional<Record>> Get(Kind, uint64_t) const override { return Failure(); }
  Result<uint64_t> Holder(Index, std::string_view) const override { return Failure(); }
  Result<int64_t> Counter(std::string_view) const override { return Failure(); }
  Result<std::optional<Request>> FindRequest(std::string_view, std::string_view,
                                             std::string_view) const override {
    return Failure();
  }
  Result<void> Scan(Kind, uint64_t, const std::vector<std::string>&,
                    const Visitor&) const override {
    return Failure();
  }
  Result<void> ScanClaims(Index, std::string_view, const ClaimVisitor&) const override {
    return Failure();
  }
  Result<void> ScanCounters(const CounterVisitor&) const override { return Failure(); }
  Result<void> ScanTerms(Kind, const TermVisitor&) const override { return Failure(); }
  Result<uint64_t> LogSize() const override { return Failure(); }
  Result<void> ScanLog(uint64_t, const LogVisitor&) const override { return Failure(); }
  Result<void> ScanHistory(Kind, uint64_t, uint64_t, const LogVisitor&) const override {
    return Failure();
  }
  Result<void> ScanLastEntries(Kind, const LastEntryVisitor&) const override { return Failure(); }
  Result<void> ScanPlaces(const Box&, const PlaceVisitor&) const override { return Failure(); }

 private:
  tl::unexpected<Error> Failure() const { return tl::unexpected(error_); }
  const Error error_;
};

}  // namespace

Reader::Reader(const std::filesystem::path& file) : connection(file, SQLite::OPEN_READONLY) {
  // For the inner pages of a million records' trees, and for what the write-ahead log still holds,
  // which is never mapped.
  connection.Execute("PRAGMA cache_size = -8000");
}

Result<std::unique_ptr<Reader>> ReaderPool::Take() {
  const uint64_t commits = commits_.load(std::memory_order_acquire);
  const auto thread = std::this_thread::get_id();
  std::unique_ptr<Reader> reader;
  {
    std::unique_lock lock(mutex_);
    if (!opened_.wait_for(lock, kOpenedMax, [this] { return !closed_; })) {
      return Fail(StatusCode::kUnavailable, "STORE_BUSY",
                  "the store's log is being copied back anew, since the disk failed");
    }
    const auto warm = std::ranges::find(idle_, thread, &Reader::thread);
    if (warm != idle_.end()) std::swap(*warm, idle_.back());
    if (!idle_.empty()) {
      reader = std::move(idle_.back());
      idle_.pop_back();
    }
    ++lent_;
  }
  try {
    if (!reader) reader = std::make_unique<Reader>(file_);
    reader->thread = thread;
    const bool same = reader->commits == commits;
    const bool map = reader->commits == 0 || Clock::now() - reader->since >= mapped_after_ ||
                     (same && reader->mapped);
    if (!reader->open || !same || map != reader->mapped) Renew(*reader, commits, map);
  } catch (...) {
    Return(std::move(reader), false);
    throw;
  }
  return reader;
}

void ReaderPool::Renew(Reader& reader, uint64_t commits, bool map) {
  if (reader.open) reader.connection.Step(kCommit);
  reader.open = false;
  if (reader.mapped != map) reader.connection.Execute(map ? kMapFile : kUnmapFile);
  reader.mapped = map;
  reader.connection.Step(kBegin);
  reader.open = true;
  reader.since = Clock::now();
  // A transaction sees the store as it is at its first read.
  static const std::string kSql = "SELECT coalesce(max(idx) + 1, 0) FROM log";
  Use statement(reader.connection.Prepared(kSql));
  statement->executeStep();
  reader.log_size = Unsigned(statement->getColumn(0));
  reader.commits = commits;
}

void ReaderPool::Return(std::unique_ptr<Reader> reader, bool sound) {
  const std::lock_guard lock(mutex_);
  if (sound && !keep_views_) End(*reader);
  if (sound && idle_.size() < kIdleMax) idle_.push_back(std::move(reader));
  // Closed before it counts as returned: WhileClosed relies on it.
  reader.reset();
  --lent_;
}

bool ReaderPool::WhileClosed(const std::function<void()>& call) {
  {
    const std::lock_guard lock(mutex_);
    if (lent_ > 0) return false;
    idle_.clear();
    closed_ = true;
  }
  call();
  {
    const std::lock_guard lock(mutex_);
    closed_ = false;
  }
  opened_.notify_all();
  return true;
}

void ReaderPool::EndStaleViews() {
  const uint64_t commits = commits_.load(std::memory_order_acquire);
  const std::lock_guard lock(mutex_);
  for (auto& reader : idle_) {
    if (reader->commits != commits) End(*reader);
  }
}

void ReaderPool::EndViews() {
  const std::lock_guard lock(mutex_);
  keep_views_ = false;
  for (auto& reader : idle_) End(*reader);
}

void ReaderPool::End(Reader& reader) {
  if (!reader.open) return;
  try {
    reader.connection.Step(kCommit);
  } catch (const SQLite::Exception&) {
    // The next Take finds out and says so.
  }
  reader.open = false;
}

void ReaderPool::ReportDamage(const Error& error) {
  const std::lock_guard lock(damage_mutex_);
  if (!damage_) damage_ = error;
}

std::optional<Error> ReaderPool::damage() const {
  const std::lock_guard lock(damage_mutex_);
  return damage_;
}

std::unique_ptr<Snapshot> MakeSnapshot(ReaderPool& pool) {
  auto reader = Guarded([&] { return pool.Take(); });
  if (reader) return std::make_unique<SqliteSnapshot>(pool, *std::move(reader));
  if (reader.error().reason == kStoreDamaged) pool.ReportDamage(reader.error());
  return std::make_unique<FailedSnapshot>(std::move(reader).error());
}

}  // namespace yima::store
