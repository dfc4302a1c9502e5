#include "client/cli/audit_spool.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/cli/records.h"
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

std::string HexOf(std::string_view bytes) {
  return ToHex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

bool ParseHex(std::string_view hex, std::string& bytes) {
  bytes.resize(hex.size() / 2);
  return FromHex(hex, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}).has_value();
}

// A line is `SIGHTING` or `SIGHTING CREW` in hex; or `-PLACE COUNT`: so many of those that wait by
// then, from a place on, wait no more; or `=COUNT`: of all before, only the last so many wait.

std::string LineOf(const KeptSighting& seen) {
  const std::string line = HexOf(seen.sighting.SerializeAsString());
  return seen.crew.empty() ? line : line + " " + HexOf(seen.crew);
}

/// False when it is no line that LineOf made whole.
bool ParseLine(std::string_view line, KeptSighting& seen) {
  const size_t space = line.find(' ');
  std::string bytes;
  return ParseHex(line.substr(0, space), bytes) && seen.sighting.ParseFromString(bytes) &&
         seen.sighting.seen_case() != v1::StockSighting::SEEN_NOT_SET &&
         (space == std::string_view::npos || ParseHex(line.substr(space + 1), seen.crew));
}

struct Erasure {
  size_t place = 0;
  size_t count = 0;
};

std::string LineOf(const Erasure& erased) {
  return fmt::format("-{} {}", erased.place, erased.count);
}

bool ParseLine(std::string_view line, size_t waiting, Erasure& erased) {
  const char* const end = line.data() + line.size();
  if (!line.starts_with('-')) return false;
  const auto [space, error] = std::from_chars(line.data() + 1, end, erased.place);
  if (error != std::errc() || space == end || *space != ' ') return false;
  const auto [last, count_error] = std::from_chars(space + 1, end, erased.count);
  return count_error == std::errc() && last == end && erased.place <= waiting &&
         erased.count <= waiting - erased.place;
}

tl::unexpected<Error> Unwritable(const fs::path& file, const std::string& why) {
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("cannot write {}: {}", file.string(), why), file.string());
}

std::string AnewLine(size_t count) { return fmt::format("={}", count); }

bool ParseAnew(std::string_view line, size_t waiting, size_t& count) {
  const char* const end = line.data() + line.size();
  if (!line.starts_with('=')) return false;
  const auto [last, error] = std::from_chars(line.data() + 1, end, count);
  return error == std::errc() && last == end && count <= waiting;
}

std::string ToLine(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Appends a line; on a full disk nothing of it.
Result<void> AppendLine(int descriptor, const fs::path& file, std::string line) {
  line += '\n';
  const off_t size = ::lseek(descriptor, 0, SEEK_END);
  const ssize_t written = ::write(descriptor, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) return {};
  const std::string why = written < 0 ? std::strerror(errno) : "the disk is full";
  // A beginning that stays is set aside when the file is read.
  if (written > 0 && ::ftruncate(descriptor, size) != 0) {
    return Unwritable(file, why + ", and half a line stands in it");
  }
  return Unwritable(file, why);
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
      refused_file_(std::move(other.refused_file_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      refused_(other.refused_),
      waiting_(std::move(other.waiting_)),
      out_of_step_(other.out_of_step_) {}

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
  std::vector<std::string> damaged;
  size_t at = 0;
  for (uint64_t number = 1; at < text.size(); ++number) {
    const size_t end = text.find('\n', at);
    // The last line of a process that was killed within it.
    if (end == std::string::npos) {
      if (::ftruncate(descriptor_, static_cast<off_t>(at)) == 0) break;
      return Unwritable(file_, std::strerror(errno));
    }
    Take(text.substr(at, end - at), number, damaged);
    at = end + 1;
  }
  if (!damaged.empty()) return SetLinesAside(damaged);
  if (!waiting_.empty() || text.empty()) return {};
  return Empty();
}

void AuditSpool::Take(const std::string& line, uint64_t number, std::vector<std::string>& damaged) {
  KeptSighting seen;
  Erasure erased;
  size_t anew = 0;
  if (ParseLine(line, waiting_.size(), erased)) {
    const auto first = waiting_.begin() + static_cast<long>(erased.place);
    waiting_.erase(first, first + static_cast<long>(erased.count));
  } else if (ParseAnew(line, waiting_.size(), anew)) {
    waiting_.erase(waiting_.begin(), waiting_.end() - static_cast<long>(anew));
    damaged.clear();
  } else if (ParseLine(line, seen)) {
    waiting_.push_back(std::move(seen));
  } else {
    damaged.push_back(ToLine(
        {{"reason", "SPOOL_DAMAGED"},
         {"message", fmt::format("line {} of {} is no kept sighting", number, file_.string())},
         {"line", line}}));
  }
}

Result<void> AuditSpool::SetLinesAside(const std::vector<std::string>& damaged) {
  for (const auto& line : damaged) YIMA_RETURN_IF_ERROR(Refuse(line));
  if (waiting_.empty()) return Empty();
  return WriteAnew();
}

Result<void> AuditSpool::WriteAnew() {
  for (const auto& seen : waiting_) {
    YIMA_RETURN_IF_ERROR(AppendLine(descriptor_, file_, LineOf(seen)));
  }
  YIMA_RETURN_IF_ERROR(AppendLine(descriptor_, file_, AnewLine(waiting_.size())));
  out_of_step_ = false;
  return {};
}

Result<void> AuditSpool::Add(const KeptSighting& seen) {
  waiting_.push_back(seen);
  if (out_of_step_) return WriteAnew();
  auto added = AppendLine(descriptor_, file_, LineOf(seen));
  out_of_step_ = !added;
  return added;
}

Result<void> AuditSpool::Sync() {
  if (::fdatasync(descriptor_) == 0) return {};
  return Unwritable(file_, std::strerror(errno));
}

Result<void> AuditSpool::Drop(size_t answered) { return Erase(0, answered); }

Result<void> AuditSpool::SetAside(size_t place, const Error& why) {
  const KeptSighting& seen = waiting_[place];
  // Twice in the file beside rather than in neither, should the process die in between.
  YIMA_RETURN_IF_ERROR(Refuse(ToLine({{"reason", why.reason},
                                      {"message", why.message},
                                      {"crew", seen.crew},
                                      {"sighting", ToJson(seen.sighting)}})));
  return Erase(place, 1);
}

Result<void> AuditSpool::Refuse(const std::string& line) {
  constexpr mode_t kMode = 0600;
  const int descriptor =
      ::open(refused_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  if (descriptor < 0) return Unwritable(refused_file_, std::strerror(errno));
  auto written = AppendLine(descriptor, refused_file_, line);
  if (written && ::fdatasync(descriptor) != 0) {
    written = Unwritable(refused_file_, std::strerror(errno));
  }
  ::close(descriptor);
  if (written) ++refused_;
  return written;
}

Result<void> AuditSpool::Erase(size_t place, size_t count) {
  const auto first = waiting_.begin() + static_cast<long>(place);
  waiting_.erase(first, first + static_cast<long>(count));
  if (waiting_.empty()) return Empty();
  // The line counts what stands in the file.
  if (out_of_step_) return WriteAnew();
  auto erased = AppendLine(descriptor_, file_, LineOf(Erasure{place, count}));
  out_of_step_ = !erased;
  return erased;
}

Result<void> AuditSpool::Empty() {
  if (::ftruncate(descriptor_, 0) == 0) {
    out_of_step_ = false;
    return {};
  }
  return Unwritable(file_, std::strerror(errno));
}

}  // namespace yima::cli
