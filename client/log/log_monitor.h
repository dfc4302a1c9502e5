#ifndef YIMA_CLIENT_LOG_LOG_MONITOR_H_
#define YIMA_CLIENT_LOG_LOG_MONITOR_H_

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/log/known_log.h"
#include "client/log/log_source.h"
#include "client/log/log_watch.h"
#include "client/log/restores.h"

namespace yima {

/// What a look at a log found: nothing that is false, though entries may be lost.
struct MonitorReport {
  Checkpoint checkpoint;
  std::optional<Checkpoint> before;   ///< The one kept until now; nothing at the first look.
  std::vector<RestoreSeen> restores;  ///< Since then; other epochs follow from restores alone.
  WentOver over;                      ///< What the restores left of what was seen.
  std::string evidence;  ///< Where the checkpoints are kept of what was lost; else empty.
  /// Of the checkpoints seen, those that do not read as they were written: not compared.
  std::vector<std::filesystem::path> damaged;
};
/// Is given what was found before it is kept: what failed to be told is found again.
using ReportTeller = std::function<Result<void>(const MonitorReport&)>;

/// An entry of what is watched.
struct WatchedEntry {
  uint64_t index = 0;
  std::string_view bytes;
  std::vector<LogWatch::Left> left;  ///< Rights that watched organizations held until it.
};
using WatchTeller = std::function<Result<void>(const WatchedEntry&)>;

/// Keeps the newest checkpoint of a registry's log, beside its trust:
///
///     DIR/<registry>/log                 the checkpoint that was seen last
///     DIR/<registry>/log-seen/EPOCH-SIZE those that were seen, some thousand, rarer the older
///     DIR/<registry>/log-watch-HASH      who holds what, for one list of names watched
///     DIR/<registry>/log-evidence-HASH   two checkpoints that cannot both be true, and the proof
///     that failed; or what a restore lost
///
/// One process at a time may look. Not thread-safe.
class LogMonitor {
 public:
  LogMonitor(const Client& client, std::filesystem::path trust)
      : client_(client), trust_(std::move(trust)) {}

  /// Takes the server's newest checkpoint if the one kept is of its beginning, else keeps both as
  /// evidence. `tell` is given what is watched of the entries since the one kept, or since the last
  /// look with the same names if that is longer ago, each proved to be in the tree; `report` what
  /// Look returns. Nothing is kept before both have been told, or when that fails; so after a run
  /// that was broken off some may be told twice. At the first look with some names the whole log is
  /// read, to learn whom they mean and what is held; at the first of all there is nothing to
  /// compare with or to tell.
  ///
  /// LOG_FORKED, LOG_SMALLER, EPOCH_BEHIND, EPOCH_UNPROVEN (FAILED_PRECONDITION): what was signed
  /// before and what is signed now do not go together; the message names the file with both.
  /// LOG_DIFFERS (FAILED_PRECONDITION): an entry is not one that FORMAT.md allows.
  /// LOG_UNPROVEN (FAILED_PRECONDITION): the server does not give, or gives falsely, what it must
  /// be able to give for what it has signed; not when asking again may help, as when it is not
  /// reached. WATCHED_UNKNOWN; MONITOR_DAMAGED; the reasons of OpenKnownLog; what the server says.
  Result<MonitorReport> Look(LogWatch* watch = nullptr, const WatchTeller& tell = {},
                             const ReportTeller& report = {});

 private:
  std::filesystem::path Folder(const KnownLog& log) const { return trust_ / log.name.registry; }
  Result<KnownLog> ReadKept(const std::filesystem::path& file, const KnownLog& now) const;
  Result<std::optional<KnownLog>> Kept(const KnownLog& now) const;
  /// All that was seen up to the one kept, and that one.
  std::vector<SeenLog> Seen(const KnownLog& kept, MonitorReport& report) const;
  Result<void> Keep(const KnownLog& now) const;
  Result<void> CheckGrown(const KnownLog& kept, const KnownLog& now) const;
  /// Gives how many of the entries kept are still there.
  Result<uint64_t> CheckEpoch(const KnownLog& kept, const KnownLog& now,
                              MonitorReport& report) const;
  Result<std::vector<RestoreSeen>> RestoresOf(const KnownLog& now, VerifiedTiles& tiles) const;
  /// Tells of entries from `from` on, or before, and gives the state to keep.
  Result<std::string> Watch(LogWatch& watch, const WatchTeller& tell, uint64_t from,
                            const KnownLog& kept, const KnownLog& now) const;
  /// Reads what a watch kept. Gives how many entries it has taken in of this log, 0 when all is to
  /// be read anew; moves `from` to where it was told last.
  Result<uint64_t> TakeWatch(LogWatch& watch, uint64_t& from, const KnownLog& kept,
                             const KnownLog& now) const;
  /// Whole entries alone: see FORMAT.md.
  using EntryTaker =
      std::function<Result<void>(uint64_t index, std::string_view bytes, const EntryFacts& facts)>;
  Result<void> Visit(VerifiedTiles& tiles, uint64_t size, uint64_t from, uint64_t to,
                     const EntryTaker& take) const;
  std::filesystem::path WatchFile(const LogWatch& watch, const KnownLog& now) const;
  std::string KeepEvidence(std::string evidence, const KnownLog& now) const;
  tl::unexpected<Error> Alarm(const char* reason, std::string_view what, const KnownLog& kept,
                              const KnownLog& now, const std::string& more = {}) const;
  /// What the server said when it was asked for a proof, a tile or an entry of what it has signed.
  tl::unexpected<Error> Unproven(const Error& said, const KnownLog& kept,
                                 const KnownLog& now) const;

  /// The same of entries that are watched, which not everybody may read.
  tl::unexpected<Error> Unread(const Error& said, const KnownLog& kept, const KnownLog& now) const;

  const Client& client_;
  const std::filesystem::path trust_;
};

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_LOG_MONITOR_H_
