#include "server/registry/import/import_spool.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace yima::server {
namespace {

constexpr size_t kBufferSize = size_t{1} << 20;

/// Before each row in the file, which only this process ever reads: the host's own byte order.
struct RowHead {
  uint64_t ordinal;
  uint64_t line;
  uint32_t size;
  uint8_t rejected;
  uint8_t given;
  uint8_t unused[2];
};
static_assert(sizeof(RowHead) == 24);

tl::unexpected<Error> SpoolError(const char* doing, int cause) {
  if (cause == ENOSPC || cause == EDQUOT) {
    return Fail(StatusCode::kResourceExhausted, "DISK_FULL",
                fmt::format("no room in the spool folder while {}", doing));
  }
  return Fail(StatusCode::kInternal, "SPOOL_FAILED",
              fmt::format("{} in the spool folder failed: {}", doing, std::strerror(cause)));
}

}  // namespace

Result<SpoolFile> SpoolFile::Create(const std::filesystem::path& folder) {
  std::string pattern = (folder / "import-XXXXXX").string();
  store::Descriptor descriptor(mkostemp(pattern.data(), O_CLOEXEC));
  if (descriptor.get() < 0) return SpoolError("making a file", errno);
  unlink(pattern.c_str());
  return SpoolFile(std::move(descriptor));
}

Result<void> SpoolFile::Append(std::string_view bytes) {
  buffer_.append(bytes);
  size_ += bytes.size();
  return buffer_.size() < kBufferSize ? Result<void>() : Flush();
}

Result<void> SpoolFile::Flush() {
  const uint64_t at = size_ - buffer_.size();
  YIMA_RETURN_IF_ERROR(WriteAt(at, buffer_));
  buffer_.clear();
  return {};
}

Result<void> SpoolFile::ReadAt(uint64_t offset, void* into, size_t size) const {
  auto* to = static_cast<char*>(into);
  while (size > 0) {
    const ssize_t got = pread(descriptor_.get(), to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return SpoolError("reading", got < 0 ? errno : EIO);
    to += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<size_t>(got);
  }
  return {};
}

Result<void> SpoolFile::WriteAt(uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put =
        pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SpoolError("writing", errno);
    bytes.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  return {};
}

Result<void> RowSpool::Append(SpooledRow& row) {
  row.offset = file_.size();
  const RowHead head{row.ordinal,  row.line,  static_cast<uint32_t>(row.facility.size()),
                     row.rejected, row.given, {}};
  YIMA_RETURN_IF_ERROR(file_.Append({reinterpret_cast<const char*>(&head), sizeof(head)}));
  return file_.Append(row.facility);
}

Result<void> RowSpool::Reject(uint64_t offset) {
  window_.clear();
  return file_.WriteAt(offset + offsetof(RowHead, rejected), std::string_view("\1", 1));
}

Result<bool> RowSpool::Next(uint64_t& offset, SpooledRow& row) {
  if (offset == file_.size()) return false;
  RowHead head{};
  YIMA_RETURN_IF_ERROR(Fetch(offset, &head, sizeof(head)));
  row.offset = offset;
  row.ordinal = head.ordinal;
  row.line = head.line;
  row.rejected = head.rejected != 0;
  row.given = head.given;
  row.facility.resize(head.size);
  YIMA_RETURN_IF_ERROR(Fetch(offset + sizeof(head), row.facility.data(), head.size));
  offset += sizeof(head) + head.size;
  return true;
}

Result<void> RowSpool::Fetch(uint64_t offset, void* into, size_t size) {
  const bool inside = offset >= window_at_ && offset + size <= window_at_ + window_.size();
  if (!inside) {
    const uint64_t rest = file_.size() - offset;
    window_.resize(static_cast<size_t>(std::min<uint64_t>(rest, std::max(kBufferSize, size))));
    window_at_ = offset;
    YIMA_RETURN_IF_ERROR(file_.ReadAt(offset, window_.data(), window_.size()));
  }
  std::memcpy(into, window_.data() + (offset - window_at_), size);
  return {};
}

}  // namespace yima::server
