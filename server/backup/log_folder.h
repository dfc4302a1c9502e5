#ifndef YIMA_SERVER_BACKUP_LOG_FOLDER_H_
#define YIMA_SERVER_BACKUP_LOG_FOLDER_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "codegen/code/checkpoint.h"
#include "codegen/code/log_name.h"

namespace yima::server {

/// A log in a folder, in the layout of tlog-tiles, with its entries. Reads these a tile at a time.
class LogFolder {
 public:
  /// LOG_FOLDER_UNFINISHED when it has no checkpoint; CHECKPOINT_FOREIGN when that is of no log of
  /// ours; NOTE_MALFORMED, CHECKPOINT_MALFORMED.
  static Result<LogFolder> Open(const std::filesystem::path& folder);

  const std::string& note() const { return note_; }
  const Checkpoint& checkpoint() const { return checkpoint_; }
  const LogName& name() const { return name_; }

  /// All entries of the checkpoint, in order, until `visit` fails. TILE_NOT_FOUND, TILE_MALFORMED.
  using Visitor = std::function<Result<void>(uint64_t index, std::string_view entry)>;
  Result<void> Visit(const Visitor& visit) const;

 private:
  LogFolder() = default;

  std::filesystem::path folder_;
  std::string note_;
  Checkpoint checkpoint_;
  LogName name_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_BACKUP_LOG_FOLDER_H_
