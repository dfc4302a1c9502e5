#ifndef YIMA_CLIENT_LOG_LOG_VERIFY_H_
#define YIMA_CLIENT_LOG_LOG_VERIFY_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "client/log/known_log.h"
#include "client/log/log_source.h"
#include "client/log/restores.h"

namespace yima {

struct VerifyReport;

struct VerifyOptions {
  /// Keeps the last checkpoint that was verified and what was gone through, to go on from there;
  /// empty: nothing is kept. What it says is believed, so it must be one's own.
  std::filesystem::path state;
  /// Leaves the entries out, of a log whose entries are not published: hashes are checked with
  /// hashes alone.
  bool hashes_only = false;
  std::function<void(uint64_t done, uint64_t total)> progress;
  /// Is given what was found before the state file takes the checkpoint over: what failed to be
  /// told is found again.
  std::function<Result<void>(const VerifyReport&)> report;
};

struct VerifyReport {
  uint64_t begun = 0;                ///< Entries that the state file vouched for, of this source.
  uint64_t size = 0;                 ///< Entries of the log.
  std::optional<Checkpoint> before;  ///< The last that was verified until now.
  WentOver over;  ///< What became of that one's log, if it is of an epoch before.
  std::vector<RestoreSeen> restores;
};

/// Makes a log's tree anew from its entries and compares everything: every tile, the root that the
/// checkpoint signs, and what the entries say - they parse, times never fall, the revisions of each
/// record are 1, 2, 3 …, they are of the registry and the epoch that the checkpoint names, restores
/// name a checkpoint that is true. Reads with all cores; holds some tiles, and 12 bytes for each
/// record.
///
/// With a state file, the log must also go on from the checkpoint that it keeps; entries that were
/// gone through from the same source are not read again. What it keeps is always of a tree that was
/// signed, however the call ends. The checkpoint of an epoch before the log's is compared by what
/// the restores tell.
///
/// The Error names the first difference: LOG_DIFFERS, LOG_SMALLER than the state says
/// (FAILED_PRECONDITION), LOG_OLDER (FAILED_PRECONDITION) in its place when the source is a copy
/// and the state's another: whether it only lags, its own checkpoint cannot say; the state stays as
/// it is; TILE_MALFORMED (DATA_LOSS), STATE_DAMAGED, TILE_NOT_FOUND, and what the source says.
/// STATE_FOREIGN when the state is of another registry; EPOCH_BEHIND when it is of a later epoch
/// than the log; EPOCH_UNPROVEN when hashes alone do not say what became of the epoch before.
Result<VerifyReport> VerifyLog(const LogSource& source, const KnownLog& log,
                               const VerifyOptions& options);

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_LOG_VERIFY_H_
