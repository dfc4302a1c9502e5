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
  auto kept = ReplaceSecretFile(folder_ / registry, fmt::format("{}\n", epoch));
  if (!kept) kept.error().field = "--state";
  return kept;
}

}  // namespace yima::server
