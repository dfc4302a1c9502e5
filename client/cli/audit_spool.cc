#include "client/cli/audit_spool.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/cli/request_memory.h"
#include "client/trust_dir.h"
#include "codegen/code/signature.h"

namespace yima::cli {
namespace {

namespace fs = std::filesystem;

/// Beside the request ids.
fs::path FileOf(const std::string& server, uint64_t stock_take) {
  const std::string name = fmt::format("{}\n{}", server, stock_take);
  std::array<uint8_t, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(name.data()), name.size());
  return RequestMemory::Default().parent_path() / "audit" / ToHex(hash);
}

std::string LineOf(const v1::StockSighting& sighting) {
  const std::string bytes = sighting.SerializeAsString();
  return ToHex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}) + "\n";
}

tl::unexpected<Error> Unwritable(const fs::path& file, const std::string& why) {
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("cannot write {}: {}", file.string(), why), file.string());
}

/// False when it is no line that LineOf made whole.
bool ParseLine(const std::string& line, v1::StockSighting& sighting) {
  std::string bytes(line.size() / 2, '\0');
  size_t size = 0;
  const char* end = nullptr;
  return sodium_hex2bin(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size(), line.data(),
                        line.size(), nullptr, &size, &end) == 0 &&
         end == line.data() + line.size() && sighting.ParseFromString(bytes) &&
         sighting.seen_case() != v1::StockSighting::SEEN_NOT_SET;
}

}  // namespace

Result<AuditSpool> AuditSpool::Open(const std::string& server, uint64_t stock_take) {
  AuditSpool spool(FileOf(server, stock_take));
  std::error_code error;
  fs::create_directories(spool.file_.parent_path(), error);
  if (error) return Unwritable(spool.file_, error.message());
  YIMA_RETURN_IF_ERROR(spool.OpenFile());
  YIMA_RETURN_IF_ERROR(spool.Load());
  return spool;
}

AuditSpool::AuditSpool(AuditSpool&& other) noexcept
    : file_(std::move(other.file_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      waiting_(std::move(other.waiting_)) {}

AuditSpool::~AuditSpool() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> AuditSpool::OpenFile() {
  constexpr mode_t kMode = 0600;
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  if (descriptor_ < 0) return Unwritable(file_, std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return {};
  return Fail(StatusCode::kFailedPrecondition, "SPOOL_BUSY",
              fmt::format("another scan of this stock-take runs here and holds {}", file_.string()),
              file_.string());
}

Result<void> AuditSpool::Load() {
  YIMA_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(file_));
  size_t at = 0;
  for (uint64_t number = 1; at < text.size(); ++number) {
    const size_t end = text.find('\n', at);
    v1::StockSighting sighting;
    if (end != std::string::npos && ParseLine(text.substr(at, end - at), sighting)) {
      waiting_.push_back(std::move(sighting));
      at = end + 1;
      continue;
    }
    if (end != std::string::npos) {
      return Fail(StatusCode::kDataLoss, "SPOOL_DAMAGED",
                  fmt::format("line {} of {} is no kept sighting", number, file_.string()),
                  fmt::format("{}:{}", file_.string(), number));
    }
    // The last line of a process that was killed within it.
    if (::ftruncate(descriptor_, static_cast<off_t>(at)) != 0) {
      return Unwritable(file_, std::strerror(errno));
    }
    break;
  }
  return {};
}

Result<void> AuditSpool::Add(const v1::StockSighting& sighting) {
  const std::string line = LineOf(sighting);
  const ssize_t written = ::write(descriptor_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) {
    return Unwritable(file_, written < 0 ? std::strerror(errno) : "the disk is full");
  }
  waiting_.push_back(sighting);
  return {};
}

Result<void> AuditSpool::Sync() {
  if (::fdatasync(descriptor_) == 0) return {};
  return Unwritable(file_, std::strerror(errno));
}

Result<void> AuditSpool::Drop(size_t answered) {
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<long>(answered));
  if (!waiting_.empty() || ::ftruncate(descriptor_, 0) == 0) return {};
  return Unwritable(file_, std::strerror(errno));
}

}  // namespace yima::cli
