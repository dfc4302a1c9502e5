#ifndef YIMA_SERVER_STORE_SQLITE_SNAPSHOT_H_
#define YIMA_SERVER_STORE_SQLITE_SNAPSHOT_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "server/store/sqlite_connection.h"

namespace yima::store {

/// A read-only connection that keeps its view of the store open between uses.
struct Reader {
  explicit Reader(const std::filesystem::path& file);

  Connection connection;
  bool open = false;                            ///< A read transaction stands.
  std::chrono::steady_clock::time_point since;  ///< When it began, it or the last one.
  uint64_t commits = 0;    ///< What the commit counter said before that; 0 when there was none yet.
  uint64_t log_size = 0;   ///< In this view.
  bool mapped = false;     ///< Its file is mapped into memory.
  std::thread::id thread;  ///< That used it last: its core has the pages at hand.
};

/// Lends readers. A reader's view is renewed only when something was committed since, so that a
/// read costs no transaction of its own. Thread-safe.
///
/// Pages that are mapped are read at half the cost, but SQLite gives the whole map up for a view
/// that sees another state, and the system lays it out anew page by page. So a reader maps the file
/// for its first view, and when its last one is older than `mapped_after`: not beside writers that
/// would have it renewed at once.
class ReaderPool {
 public:
  explicit ReaderPool(std::filesystem::path file,
                      std::chrono::milliseconds mapped_after = std::chrono::seconds(1))
      : file_(std::move(file)), mapped_after_(mapped_after) {}

  /// A reader that sees all that was committed by now. STORE_BUSY when WhileClosed takes longer
  /// than a few seconds. Throws SQLite::Exception.
  Result<std::unique_ptr<Reader>> Take();
  /// One whose reads failed is closed.
  void Return(std::unique_ptr<Reader> reader, bool sound);
  /// After each commit that wrote, before anybody is told of it.
  void CountCommit() { commits_.fetch_add(1, std::memory_order_release); }
  /// Ends the idle views that are out of date, so that the write-ahead log can be reclaimed.
  void EndStaleViews();

  /// Ends all idle views and, until it is told otherwise, each one as it is given back: for
  /// emptying the write-ahead log, which even a view that is up to date holds back.
  void EndViews();
  void KeepViews() { keep_views_ = true; }

  /// Closes all connections and calls, while readers to come wait; false, with nothing done, when
  /// one is lent. By one thread at a time.
  bool WhileClosed(const std::function<void()>& call);

  /// Damage found by whoever reads or writes: from then on nothing is written.
  void ReportDamage(const Error& error);
  std::optional<Error> damage() const;

 private:
  static void Renew(Reader& reader, uint64_t commits, bool map);

  static void End(Reader& reader);

  const std::filesystem::path file_;
  const std::chrono::milliseconds mapped_after_;
  std::atomic<uint64_t> commits_ = 1;
  std::atomic<bool> keep_views_ = true;
  std::mutex mutex_;
  std::condition_variable opened_;
  std::vector<std::unique_ptr<Reader>> idle_;
  size_t lent_ = 0;
  bool closed_ = false;
  mutable std::mutex damage_mutex_;
  std::optional<Error> damage_;
};

/// A view of the store, on a reader lent for its life.
std::unique_ptr<Snapshot> MakeSnapshot(ReaderPool& pool);

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_SQLITE_SNAPSHOT_H_
