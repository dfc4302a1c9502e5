#include "client/cli/request_memory.h"

#include <array>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>
#include <sodium.h>

#include "client/client.h"
#include "client/trust_dir.h"
#include "codegen/code/signature.h"

namespace yima::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRequestIdSize = 32;

/// True when the request was turned down as it stands, so that nothing can have begun under it.
/// After any other error trying again may do the work, or go on with it, or find it done.
bool IsRefusal(const Error& error) {
  return error.code == StatusCode::kInvalidArgument || error.code == StatusCode::kNotFound ||
         error.code == StatusCode::kAlreadyExists || error.code == StatusCode::kOutOfRange;
}

}  // namespace

fs::path RequestMemory::Default() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    return fs::path(state) / "yima" / "requests";
  }
  const char* home = std::getenv("HOME");
  return fs::path(home == nullptr ? "." : home) / ".local" / "state" / "yima" / "requests";
}

RequestMemory::RequestMemory(fs::path dir, const std::string& server,
                             const std::vector<std::string>& words) {
  std::string line = server;
  for (const auto& word : words) line += '\0' + word;
  std::array<uint8_t, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(line.data()), line.size());
  file_ = std::move(dir) / ToHex(hash);
}

Result<std::string> RequestMemory::Recall() const {
  if (const auto kept = ReadWholeFile(file_); kept && kept->size() == kRequestIdSize) return *kept;
  std::error_code error;
  fs::create_directories(file_.parent_path(), error);
  if (error) {
    return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
                fmt::format("cannot make {}: {}", file_.parent_path().string(), error.message()),
                file_.parent_path().string());
  }
  std::string id = NewRequestId();
  YIMA_RETURN_IF_ERROR(ReplaceFile(file_, id));
  return id;
}

void RequestMemory::Forget() const {
  std::error_code ignored;
  fs::remove(file_, ignored);
}

Result<void> UnderRequestId(const RequestMemory& memory, const std::string& given,
                            const std::function<Result<void>(const std::string&)>& work) {
  if (!given.empty()) return work(given);
  YIMA_ASSIGN_OR_RETURN(std::string id, memory.Recall());
  auto done = work(id);
  if (!done && done.error().reason == "REQUEST_ID_REUSED") {
    memory.Forget();
    YIMA_ASSIGN_OR_RETURN(id, memory.Recall());
    done = work(id);
  }
  // What was taken back is never gone on with: the same command again is new work.
  const auto is = [&](std::string_view reason) { return done.error().reason == reason; };
  const bool ended = done || IsRefusal(done.error()) || is("BATCH_STOPPED") ||
                     is("FILTER_RESULT_CHANGED") || is("FACILITY_MOVED");
  if (ended) memory.Forget();
  return done;
}

}  // namespace yima::cli
