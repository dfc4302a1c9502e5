#ifndef YIMA_SERVER_BACKUP_LAST_CHECKPOINT_H_
#define YIMA_SERVER_BACKUP_LAST_CHECKPOINT_H_

#include <string>
#include <string_view>

#include "codegen/code/checkpoint.h"
#include "server/store/store.h"
#include "yima/v1/registry.pb.h"

namespace yima::server {

/// The last checkpoint known of a log that is restored.
struct LastCheckpoint {
  std::string note;  ///< Empty: none is known.
  Checkpoint checkpoint;
  /// Entries that it signs and that the backup does not hold; only where the backup is of the same
  /// epoch.
  uint64_t lost = 0;
};

/// The one that a backup's store holds, or the one published since, if that is of more entries or a
/// later epoch. `registry` is the backup's record with what was published of its keys. Refuses a
/// published one (field --checkpoint): CHECKPOINT_FOREIGN when it is not of the registry, of an
/// epoch below `epoch`, and signed by a log key of it; CHECKPOINT_DIFFERS when the backup's entries
/// are others than it signs, so that who holds it would call the log forked; NOTE_MALFORMED,
/// CHECKPOINT_MALFORMED; TREE_DAMAGED when the kept head does not parse, or signs other entries
/// than the backup holds; what the store says.
Result<LastCheckpoint> LastCheckpointOf(const store::Snapshot& snapshot,
                                        const v1::Registry& registry, std::string_view published,
                                        uint32_t epoch);

}  // namespace yima::server

#endif  // YIMA_SERVER_BACKUP_LAST_CHECKPOINT_H_
