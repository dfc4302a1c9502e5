#ifndef YIMA_SERVER_REGISTRY_WATCH_H_
#define YIMA_SERVER_REGISTRY_WATCH_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "server/domain/domain.h"
#include "server/domain/entry_view.h"
#include "server/registry/filter.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// How long the log is, for the many who ask ever again: looked up every 50 ms at most.
/// Thread-safe.
class LogSizeNow {
 public:
  explicit LogSizeNow(const store::Store& store) : store_(store) {}
  Result<uint64_t> Get();

 private:
  using Clock = std::chrono::steady_clock;
  const store::Store& store_;
  std::mutex mutex_;
  Clock::time_point looked_;
  uint64_t size_ = 0;
};

/// One caller who follows the log: where it stands, and what it wants to be told. Use from one
/// thread at a time.
class Watcher {
 public:
  /// WATCH_FROM_FUTURE (OUT_OF_RANGE), WATCH_OTHER_EPOCH (FAILED_PRECONDITION),
  /// WATCH_TOKEN_MALFORMED, what the filter says. `quiet_max`: within which its client learns how
  /// far the log was looked through, though nothing in it matched.
  static Result<std::unique_ptr<Watcher>> Open(
      const Domain& domain, const Call& call, const v1::WatchRequest& request,
      std::shared_ptr<LogSizeNow> log,
      std::chrono::milliseconds quiet_max = std::chrono::seconds(5));

  /// The next message; nothing when there is none for now. Looks at 1,000 entries at most.
  Result<std::optional<v1::WatchResponse>> Next();

 private:
  using Clock = std::chrono::steady_clock;
  Watcher(const Domain& domain, const Call& call, FacilityMatcher matcher,
          const v1::WatchFilter& filter, std::shared_ptr<LogSizeNow> log, uint64_t next,
          std::chrono::milliseconds quiet_max);

  Result<void> Look(const store::Snapshot& snapshot, v1::WatchResponse& response);
  /// What an entry is to this caller; nothing when it does not match.
  Result<std::optional<v1::WatchChange>> Tell(const store::LogRecord& record,
                                              const store::Snapshot& snapshot) const;
  /// Puts the entry's record into the change; false when it does not match.
  Result<bool> TellRecord(const EntryView& entry, const store::LogRecord& record,
                          const store::Snapshot& snapshot, v1::WatchChange& change) const;
  Result<bool> TellFacility(const EntryView& entry, const store::LogRecord& record,
                            const store::Snapshot& snapshot, v1::WatchChange& change) const;
  Result<bool> TellCode(const EntryView& entry, const store::LogRecord& record,
                        const store::Snapshot& snapshot, v1::WatchChange& change) const;
  /// Claims, objections, offers and orders are those of their facilities.
  template <typename R>
  Result<bool> TellOfFacility(const EntryView& entry, const store::LogRecord& record,
                              const store::Snapshot& snapshot, R& told) const;
  /// What is no facility's, and everybody's who acts in the registry.
  template <typename R>
  Result<bool> TellShared(const EntryView& entry, const store::LogRecord& record, R& told) const;
  /// Batches, ranges and stock-takes are theirs who act everywhere, or who began them.
  template <typename R>
  Result<bool> TellOwn(const EntryView& entry, const store::LogRecord& record, R& told) const;
  Result<bool> TellPrincipal(const EntryView& entry, const store::LogRecord& record,
                             v1::WatchChange& change) const;

  const Domain& domain_;
  const Call call_;
  const FacilityMatcher matcher_;
  const bool of_facilities_;        ///< What is no facility's cannot match.
  std::set<v1::RecordKind> kinds_;  ///< Empty: all.
  const std::shared_ptr<LogSizeNow> log_;
  uint64_t next_;  ///< The entry to be looked at next.
  const std::chrono::milliseconds quiet_max_;
  bool begun_ = false;
  bool untold_ = false;  ///< Entries were looked through since the last message.
  Clock::time_point told_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_WATCH_H_
