#ifndef YIMA_CLIENT_LOG_RESTORES_H_
#define YIMA_CLIENT_LOG_RESTORES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client/log/entry_facts.h"
#include "client/log/known_log.h"
#include "codegen/code/tile_tree.h"

namespace yima {

/// A restore from a backup, as the log tells of it.
struct RestoreSeen {
  uint16_t epoch = 0;     ///< That it opened.
  uint16_t previous = 0;  ///< That the backup was of.
  uint64_t time_us = 0;
  uint64_t index = 0;           ///< Of the entry that says so.
  uint64_t kept = 0;            ///< Entries of the backup, with which the log of the epoch begins.
  uint64_t kept_until_us = 0;   ///< Time of the last of them.
  std::string last_checkpoint;  ///< Of the log before; empty when none was known.
  std::vector<PublicKey> log_keys;  ///< Of the registry, when it was restored.

  /// The last checkpoint's size when that is more than was restored, less what was: entries that
  /// had been signed, and are lost. Filled in by CheckRestore.
  uint64_t lost = 0;
};

/// Finds the restores among entries that are shown to it in order.
class RestoreFinder {
 public:
  void Take(uint64_t index, const EntryFacts& facts);
  const std::vector<RestoreSeen>& found() const { return found_; }

  /// As it is kept in a state file, and back; false when the bytes are not of that form.
  void AppendTo(std::string& bytes) const;
  bool TakeFrom(std::string_view& bytes);

 private:
  std::vector<RestoreSeen> found_;
  uint64_t known_ = 0;      ///< Restores that the registry's record names by now.
  bool restoring_ = false;  ///< The last entry was written by a restore.
  uint64_t kept_ = 0;       ///< Entries before it.
  uint64_t last_time_ = 0;  ///< Of the last entry that was not.
};

/// Whether the checkpoint that a restore names is true of the tree that the log has now: signed by
/// a log key of the registry, of an earlier epoch, and the root of the first entries if these were
/// restored; else says how many are lost. One of an epoch that the backup was not of cannot be
/// compared. LOG_DIFFERS, and what `tiles` says.
Result<void> CheckRestore(const std::string& registry, const std::vector<PublicKey>& log_keys,
                          VerifiedTiles& tiles, RestoreSeen& restore);

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_RESTORES_H_
