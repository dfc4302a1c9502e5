#ifndef YIMA_CLIENT_LOG_LOG_MONITOR_H_
#define YIMA_CLIENT_LOG_LOG_MONITOR_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/log/known_log.h"
#include "client/log/log_source.h"
#include "client/log/restores.h"

namespace yima {

/// What a look at a log found, none of it wrong.
struct MonitorReport {
  Checkpoint checkpoint;
  std::optional<Checkpoint> before;   ///< The one kept until now; nothing at the first look.
  std::vector<RestoreSeen> restores;  ///< Since then; other epochs follow from restores alone.
  /// Entries that were seen in the epoch before and that the restore did not bring back.
  uint64_t lost = 0;
  uint64_t lost_after_us = 0;  ///< Time of the last entry that was brought back.
  /// The log that was seen went another way than the backup: what is lost cannot be counted.
  bool branched = false;
};

/// Keeps the newest checkpoint of a registry's log, beside its trust:
///
///     DIR/<registry>/log                the checkpoint that was seen last
///     DIR/<registry>/log-evidence-HASH  two checkpoints that cannot both be true, and the proof
///     that failed
///
/// One process at a time may look. Not thread-safe.
class LogMonitor {
 public:
  LogMonitor(const Client& client, std::filesystem::path trust)
      : client_(client), trust_(std::move(trust)) {}

  /// Takes the server's newest checkpoint if the one kept is of its beginning, else keeps both as
  /// evidence. `visit`, if there is one, is given all entries since the one kept, each proved to be
  /// in the tree, and nothing is kept when that fails. At the first look there is nothing to
  /// compare with and nothing is visited.
  ///
  /// LOG_FORKED, LOG_SMALLER, EPOCH_BEHIND, EPOCH_UNPROVEN (FAILED_PRECONDITION): what was signed
  /// before and what is signed now do not go together; the message names the file with both.
  /// MONITOR_DAMAGED; the reasons of OpenKnownLog; what the server says.
  Result<MonitorReport> Look(const EntryVisitor& visit);

 private:
  std::filesystem::path Folder(const KnownLog& log) const { return trust_ / log.name.registry; }
  Result<std::optional<KnownLog>> Kept(const KnownLog& now) const;
  Result<void> CheckGrown(const KnownLog& kept, const KnownLog& now) const;
  /// Gives how many of the entries kept are still there.
  Result<uint64_t> CheckEpoch(const KnownLog& kept, const KnownLog& now,
                              MonitorReport& report) const;
  Result<std::vector<RestoreSeen>> RestoresOf(const KnownLog& now, VerifiedTiles& tiles) const;
  tl::unexpected<Error> Alarm(const char* reason, std::string_view what, const KnownLog& kept,
                              const KnownLog& now, const std::string& more = {}) const;

  const Client& client_;
  const std::filesystem::path trust_;
};

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_LOG_MONITOR_H_
