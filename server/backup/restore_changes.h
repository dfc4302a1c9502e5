#ifndef YIMA_SERVER_BACKUP_RESTORE_CHANGES_H_
#define YIMA_SERVER_BACKUP_RESTORE_CHANGES_H_

#include <cstdint>
#include <string_view>

#include "server/backup/published.h"
#include "server/domain/call.h"
#include "server/store/store.h"

namespace yima::server {

/// What a restore changed in what it found.
struct RestoreReport {
  uint32_t epoch = 0;
  uint64_t suspended = 0;  ///< Codes that the published list names and the backup held in force.
  uint64_t revoked = 0;    ///< The same, of those revoked or replaced.
  uint64_t lost = 0;       ///< Codes on the list of which the backup has no record.
  uint64_t tokens = 0;     ///< Tokens that held, and were revoked.
  /// Entries of the log that were signed after the backup, as far as is known, and are lost.
  uint64_t lost_entries = 0;
};

/// Turns a store brought back from a backup into the registry's next epoch: codes on the published
/// list are suspended or revoked, those without a record are kept in mind for the lists to come,
/// notes go on from the sequences that were published, and last the registry's record opens
/// `epoch`, with what was published of its keys and the last checkpoint known of the log before
/// (a note, or empty), so that who holds one can compare. For a store that nobody serves yet;
/// waits. What the store says.
Result<RestoreReport> OpenEpoch(store::Store& store, const Call& call, const Published& published,
                                std::string_view last_checkpoint, uint32_t epoch, TimeUs now);

/// Revokes all tokens: those revoked since the backup would hold again, and nobody knows which they
/// are. Gives how many held. For a store that nobody serves yet; waits. What the store says.
Result<uint64_t> RevokeTokens(store::Store& store, TimeUs now);

}  // namespace yima::server

#endif  // YIMA_SERVER_BACKUP_RESTORE_CHANGES_H_
