#ifndef YIMA_SERVER_BACKUP_REBUILD_H_
#define YIMA_SERVER_BACKUP_REBUILD_H_

#include <cstdint>

#include "codegen/code/trust.h"
#include "server/backup/log_folder.h"
#include "server/backup/rebuild_files.h"
#include "server/store/store.h"
#include "yima/v1/registry.pb.h"

namespace yima::server {

struct RebuildReport {
  v1::Registry registry;  ///< As the last of its entries says.
  uint64_t entries = 0;
  uint64_t joined = 0;  ///< Withheld values that the older store gave back.
  uint64_t erased = 0;  ///< Those of which the hash alone is left, signatures of codes among them.
  JoinedFiles files;
};

/// Looks at a log before anything is made of it: its entries must make the root that its checkpoint
/// signs, and its last Registry record must be of the checkpoint's registry and epoch. A log key of
/// the trust bundle must have signed it; without one (null), a key that this record names, so that
/// the log vouches for itself. Gives the record. LOG_DIFFERS, CHECKPOINT_FOREIGN, NOTE_FOREIGN when
/// the bundle is of another registry, EPOCH_AHEAD when it does not know the log's epoch yet; what
/// the folder says.
Result<v1::Registry> VerifyLogFolder(const LogFolder& log, const TrustBundle* bundle = nullptr);

/// Writes all entries into an empty store, with the records that follow from them and the log's
/// tree under the checkpoint it has. The store must take its time from ReplayedTime. `older`, which
/// may be null, gives back withheld values whose hash is the one in the entries, and the files that
/// facilities name. Waits.
/// LOG_DIFFERS when an entry is not of the form that server/log/FORMAT.md says, or does not fit
/// those before it; LOG_KIND_UNKNOWN for a kind of record that this program does not know; what the
/// folder and the stores say.
Result<RebuildReport> Rebuild(const LogFolder& log, store::Store& store,
                              const store::Snapshot* older);
/// The time of the entry that is being written: SqliteOptions.now of a store that is rebuilt, one
/// at a time.
TimeUs ReplayedTime();

}  // namespace yima::server

#endif  // YIMA_SERVER_BACKUP_REBUILD_H_
