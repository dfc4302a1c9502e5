#ifndef YIMA_SERVER_BACKUP_REBUILD_FILES_H_
#define YIMA_SERVER_BACKUP_REBUILD_FILES_H_

#include <cstdint>

#include "server/store/store.h"

namespace yima::server {

struct JoinedFiles {
  uint64_t joined = 0;  ///< Files that the older store gave back.
  uint64_t erased = 0;  ///< Those named by facilities of which the hash alone is left.
};

/// Files are beside the log, so a registry made anew from it has their names alone. For each that a
/// facility names this puts what `older`, which may be null, has of it; else a record that reads as
/// one erased at `now`, which who uploads the file again brings back. Waits. `epoch`: of the ids
/// that are given. What the stores say.
Result<JoinedFiles> JoinFiles(store::Store& store, const store::Snapshot* older, uint32_t epoch,
                              TimeUs now);

}  // namespace yima::server

#endif  // YIMA_SERVER_BACKUP_REBUILD_FILES_H_
