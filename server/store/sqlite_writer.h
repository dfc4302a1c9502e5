#ifndef YIMA_SERVER_STORE_SQLITE_WRITER_H_
#define YIMA_SERVER_STORE_SQLITE_WRITER_H_

#include <array>
#include <map>
#include <string>

#include "server/store/sqlite_connection.h"

namespace yima::store {

/// Carries changes out on the one writing connection. Use from one thread at a time. All but Begin,
/// Commit and Rollback stand between these.
class Writer {
 public:
  /// Opens, prepares the schema and finds where the log ends. See OpenSqliteStore for the errors.
  static Result<std::unique_ptr<Writer>> Open(const std::filesystem::path& file, bool create,
                                              int log_pages_max, TimeUs (*now)());

  void Begin();
  /// Durable when it returns.
  void Commit();
  void Rollback() noexcept;

  /// Whether the last commit wrote anything.
  bool wrote() const { return wrote_; }

  /// Copies the write-ahead log back into the file once it is long, after a commit. DISK_ERROR: it
  /// is not known which pages of the file have reached the disk; only the log is whole then.
  Result<void> CopyBackWhenLong();
  /// Copies all of the log back into the file and cuts it off, and forgets the pages kept in
  /// memory, whose free space may hold what no longer stands; false when a reader is in the way for
  /// as long. Errors as above.
  Result<bool> EmptyLog(int wait_ms);
  /// Closing leaves the write-ahead log as it is.
  void KeepLogWhenClosed();

  /// Carries out a change, or refuses it without having touched anything. Throws
  /// SQLite::Exception: then the transaction must be rolled back.
  Outcome Apply(const Change& change);
  uint64_t Reserve(std::string_view sequence, uint64_t n);
  /// At most so many of them, the oldest first.
  uint64_t ForgetRequests(TimeUs before, uint64_t count_max);
  /// See Store::LinkHistory.
  void LinkHistory(const std::vector<EntryOwner>& entries);

 private:
  Writer(const std::filesystem::path& file, int flags, int log_pages_max, TimeUs (*now)());
  void ReadLogEnd();
  /// What stands in the way of a change; nothing when it can be carried out.
  std::optional<Outcome> FindRefusal(const Change& change);
  struct Standing {
    uint64_t revision = 0;
    uint64_t entry = 0;  ///< Index + 1 of the record's last entry.
  };
  Standing StandingOf(Kind kind, uint64_t id);
  /// `previous`: index + 1 of the record's last entry so far.
  void Write(const Put& put, uint64_t previous);
  void Write(const Claim& claim);
  void Write(const Term& term);
  void Write(const Place& place);
  void Write(const Add& add);
  void Write(const Request& request);
  void AppendEntry(std::string_view entry, uint64_t previous);

  Connection connection_;
  const int log_pages_max_;
  int log_pages_ = 0;  ///< Of the write-ahead log, as of the last commit.
  bool wrote_ = false;
  TimeUs (*const now_)();
  uint64_t log_size_ = 0;
  TimeUs last_time_ = 0;
  // As of the last commit, to fall back to.
  uint64_t committed_log_size_ = 0;
  TimeUs committed_time_ = 0;
  std::array<std::optional<int64_t>, 256> highest_ids_;  ///< By kind, at least; once asked for.
  std::vector<uint64_t> previous_;  ///< Of each put of the change being carried out.
  std::string entry_;               ///< Kept for its memory.
  std::map<std::string, int64_t, std::less<>> adds_;  ///< Of the changes since Begin.
};

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_SQLITE_WRITER_H_
