#ifndef YIMA_CLIENT_LOG_LOG_VERIFY_H_
#define YIMA_CLIENT_LOG_LOG_VERIFY_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "client/log/known_log.h"
#include "client/log/log_source.h"
#include "client/log/restores.h"

namespace yima {

struct VerifyOptions {
  /// Keeps what was verified, to go on from there; empty: nothing is kept. What it says is
  /// believed, so it must be one's own.
  std::filesystem::path state;
  /// Leaves the entries out, of a log whose entries are not published: hashes are checked with
  /// hashes alone.
  bool hashes_only = false;
  std::function<void(uint64_t done, uint64_t total)> progress;
};

struct VerifyReport {
  uint64_t begun = 0;  ///< Entries that the state file vouched for.
  uint64_t size = 0;   ///< Entries of the log.
  std::vector<RestoreSeen> restores;
};

/// Makes a log's tree anew from its entries and compares everything: every tile, the root that the
/// checkpoint signs, and what the entries say - they parse, times never fall, the revisions of each
/// record are 1, 2, 3 …, restores name a checkpoint that is true. Reads with all cores; holds some
/// tiles, and 12 bytes for each record. The Error names the first difference:
/// LOG_DIFFERS, LOG_SMALLER than the state says (FAILED_PRECONDITION), TILE_MALFORMED (DATA_LOSS),
/// STATE_DAMAGED, TILE_NOT_FOUND, and what the source says.
Result<VerifyReport> VerifyLog(const LogSource& source, const KnownLog& log,
                               const VerifyOptions& options);

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_LOG_VERIFY_H_
