#ifndef YIMA_CLIENT_LOG_VERIFY_STATE_H_
#define YIMA_CLIENT_LOG_VERIFY_STATE_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "client/log/entry_facts.h"
#include "client/log/fast_hash.h"
#include "client/log/restores.h"
#include "codegen/code/checkpoint.h"
#include "codegen/code/log_name.h"
#include "codegen/code/tile_tree.h"

namespace yima {

/// How far a log was verified, as a file keeps it: the last checkpoint of which all was verified,
/// and what was gone through of the log since, which is of a tree that was signed. Believed when it
/// is read, so it must be one's own.
struct VerifyState {
  /// The last checkpoint that was verified whole, a signed note; empty: none was yet.
  std::string note;
  LogName log;                      ///< What was gone through is of this one.
  std::string source;               ///< Where it was read: LogSource::name.
  bool hashes_only = false;         ///< Its entries were not looked at.
  TileTree tree{FastHashChildren};  ///< Over what was gone through.
  uint64_t time_us = 0;             ///< Of the last entry.
  Revisions revisions;
  RestoreFinder restores;

  /// What the note says, and whose log it is of.
  std::optional<SeenLog> known() const;

  /// Nothing when there is no such file. STATE_DAMAGED (DATA_LOSS), FILE_UNREADABLE.
  static Result<std::optional<VerifyState>> Load(const std::filesystem::path& file);
  /// Whole or not at all. FILE_UNWRITABLE.
  Result<void> Keep(const std::filesystem::path& file) const;

 private:
  bool Parse(std::string_view bytes);
};

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_VERIFY_STATE_H_
