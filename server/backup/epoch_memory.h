#ifndef YIMA_SERVER_BACKUP_EPOCH_MEMORY_H_
#define YIMA_SERVER_BACKUP_EPOCH_MEMORY_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "codegen/code/result.h"

namespace yima::server {

/// Remembers, outside of any data folder, the highest epoch that a restore on this machine has
/// opened for each registry: two restores from one backup must not open the same one, though
/// neither knows of the other.
class EpochMemory {
 public:
  /// XDG_STATE_HOME/yima/epochs, else ~/.local/state/yima/epochs; empty when neither is set.
  static std::filesystem::path Default();
  explicit EpochMemory(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// 0 when none was. STATE_UNREADABLE.
  Result<uint32_t> Recall(const std::string& registry) const;
  /// Durable when it returns. FILE_UNWRITABLE.
  Result<void> Remember(const std::string& registry, uint32_t epoch) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_BACKUP_EPOCH_MEMORY_H_
