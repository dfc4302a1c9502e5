#ifndef YIMA_CLIENT_LOG_RESTORES_H_
#define YIMA_CLIENT_LOG_RESTORES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/log/entry_facts.h"
#include "client/log/known_log.h"
#include "codegen/code/tile_tree.h"
#include "yima/v1/registry.pb.h"

namespace yima {

/// A restore from a backup, as the log tells of it.
struct RestoreSeen {
  uint16_t epoch = 0;     ///< That it opened.
  uint16_t previous = 0;  ///< That the backup was of.
  uint64_t time_us = 0;
  uint64_t index = 0;           ///< Of the entry that says so.
  uint64_t kept = 0;            ///< Entries of the backup, with which the log of the epoch begins.
  uint64_t kept_until_us = 0;   ///< Time of the last of them.
  uint64_t said_index = 0;      ///< Entries before it, as it says.
  std::string last_checkpoint;  ///< Of the log before; empty when none was known.
  /// The log key of the registry, when it was restored, that signed the last checkpoint; none
  /// where none did.
  std::optional<PublicKey> signer;

  /// What the last checkpoint says. Filled in by CheckRestore.
  std::optional<Checkpoint> last;

  /// The last checkpoint's size when that is more than was restored, less what was: entries that
  /// had been signed, and are lost. Filled in by CheckRestore.
  uint64_t lost = 0;
};

/// Finds the restores among entries that are shown to it in order.
class RestoreFinder {
 public:
  /// LOG_DIFFERS when the registry's record names other restores than it must: those before, and
  /// one more, of a later epoch, if a restore wrote the entry.
  Result<void> Take(uint64_t index, const EntryFacts& facts);
  const std::vector<RestoreSeen>& found() const { return found_; }

  /// What the newest record of the registry says it is; empty and 0 as long as none has come.
  const std::string& registry() const { return registry_; }
  uint16_t epoch() const { return epoch_; }

  /// As it is kept in a state file, and back; false when the bytes are not of that form.
  void AppendTo(std::string& bytes) const;
  bool TakeFrom(std::string_view& bytes);

 private:
  v1::Registry TakeName(std::string_view record);
  Result<void> CheckCount(uint64_t index, const v1::Registry& registry, uint64_t wanted) const;

  std::vector<RestoreSeen> found_;  ///< As many as the registry's record names by now.
  std::string registry_;
  uint16_t epoch_ = 0;
  bool restoring_ = false;  ///< The last entry was written by a restore.
  uint64_t kept_ = 0;       ///< Entries before it.
  uint64_t last_time_ = 0;  ///< Of the last entry that was not.
};

/// Whether a restore stands where it says, opens a later epoch than the one before, and the
/// checkpoint that it names is true of the tree that the log has now: signed by
/// a log key of the registry, of an earlier epoch, and the root of the first entries if these were
/// restored; else says how many are lost. One of an epoch that the backup was not of cannot be
/// compared. LOG_DIFFERS, and what `tiles` says.
Result<void> CheckRestore(const std::string& registry, const std::vector<PublicKey>& log_keys,
                          VerifiedTiles& tiles, RestoreSeen& restore);

/// A checkpoint that was seen of a registry's log.
struct SeenLog {
  LogName name;
  Checkpoint checkpoint;
  std::string note;
};

/// What became of a log of an earlier epoch, of which a checkpoint is known.
struct WentOver {
  uint64_t known = 0;  ///< Its entries.
  /// Those of them with which the log begins now; where it branched, those that are known to be.
  uint64_t kept = 0;
  uint64_t lost = 0;  ///< The others: entries `kept` up to `known` of the log before.
  uint64_t kept_until_us =
      0;  ///< Time of the last entry that was brought back, where some are lost.
  /// Lost beyond the last checkpoint that the restore names: signed, seen, and not owned up to.
  uint64_t unsaid = 0;
  /// The log before went another way than the backup: what is lost cannot be counted.
  bool branched = false;
};

/// Entries that a log of an earlier epoch and this one begin with, by what the restores say that
/// came after it. Nothing where that log branched off before the backup that was restored: how much
/// is common stands in neither.
std::optional<uint64_t> KeptOf(uint16_t epoch, const std::vector<RestoreSeen>& restores);

/// What was seen that the log contradicts.
struct Contradiction {
  const SeenLog* seen = nullptr;
  std::string what;
};

/// Compares all that was seen, of whichever earlier epochs, with the log of now, whose restores
/// CheckRestore has looked at: what they say was brought back of it must be its beginning, and
/// where one names a checkpoint of the same size it must have the same root. Gives the first that
/// is not; or what `tiles` says.
Result<std::optional<Contradiction>> FindContradiction(const std::vector<SeenLog>& seen,
                                                       const std::vector<RestoreSeen>& restores,
                                                       VerifiedTiles& tiles);

/// What became of a log of which `before` was seen, and of others `seen` too, in the log of epoch
/// `now`; FindContradiction has found nothing. LOG_DIFFERS when no restore tells how the epoch
/// came; what `tiles` says.
Result<WentOver> GoOver(const SeenLog& before, const std::vector<SeenLog>& seen, uint16_t now,
                        const std::vector<RestoreSeen>& restores, VerifiedTiles& tiles);

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_RESTORES_H_
