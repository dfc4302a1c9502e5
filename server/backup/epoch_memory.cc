#include "server/backup/epoch_memory.h"

#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

#include "server/keys/key_file.h"

namespace yima::server {

namespace fs = std::filesystem;

fs::path EpochMemory::Default() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/') {
    return fs::path(state) / "yima" / "epochs";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    return fs::path(home) / ".local" / "state" / "yima" / "epochs";
  }
  return {};
}

Result<uint32_t> EpochMemory::Recall(const std::string& registry) const {
  std::error_code error;
  const fs::path file = folder_ / registry;
  if (!fs::exists(file, error)) return 0;
  std::ifstream stream(file);
  uint32_t epoch = 0;
  if (stream >> epoch) return epoch;
  return Fail(StatusCode::kFailedPrecondition, "STATE_UNREADABLE",
              fmt::format("{} holds no epoch", file.string()), "--state");
}

Result<void> EpochMemory::Remember(const std::string& registry, uint32_t epoch) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  const fs::path file = folder_ / registry;
  const fs::path beside = folder_ / (registry + ".new");
  fs::remove(beside, error);
  YIMA_RETURN_IF_ERROR(WriteSecretFile(beside, fmt::format("{}\n", epoch)));
  fs::rename(beside, file, error);
  if (!error) return SyncFolder(folder_);
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("cannot write {}: {}", file.string(), error.message()), "--state");
}

}  // namespace yima::server
