#ifndef YIMA_SERVER_REGISTRY_IMPORT_IMPORT_SPOOL_H_
#define YIMA_SERVER_REGISTRY_IMPORT_IMPORT_SPOOL_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "codegen/code/result.h"
#include "server/store/descriptor.h"

namespace yima::server {

/// A file without a name, so that nothing is left of it after any end of the process: appended to
/// first, then read at will. Use from one thread.
class SpoolFile {
 public:
  /// DISK_FULL (RESOURCE_EXHAUSTED), SPOOL_FAILED.
  static Result<SpoolFile> Create(const std::filesystem::path& folder);
  Result<void> Append(std::string_view bytes);
  /// Everything appended can be read after this.
  Result<void> Flush();
  /// Fills `size` bytes of `into`; SPOOL_FAILED when the file ends before.
  Result<void> ReadAt(uint64_t offset, void* into, size_t size) const;
  Result<void> WriteAt(uint64_t offset, std::string_view bytes);

  uint64_t size() const { return size_; }
  int descriptor() const { return descriptor_.get(); }

 private:
  explicit SpoolFile(store::Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  store::Descriptor descriptor_;
  uint64_t size_ = 0;
  std::string buffer_;
};

/// One row that was found sound, on its way from reading to applying.
struct SpooledRow {
  uint64_t offset = 0;   ///< In the spool; rows rise in the order of the ledger.
  uint64_t ordinal = 0;  ///< 0-based among all rows of the stream, bad ones too.
  uint64_t line = 0;
  bool rejected = false;  ///< Found bad after it was spooled.
  uint8_t given = 0;      ///< RowGiven bits.
  std::string facility;   ///< Serialized; Withheld values hold the value alone.
};

/// What a row said itself before it was completed.
enum RowGiven : uint8_t { kNameGiven = 1, kConditionGiven = 2, kLifeGiven = 4 };

/// The sound rows of one ledger. Use from one thread.
class RowSpool {
 public:
  explicit RowSpool(SpoolFile file) : file_(std::move(file)) {}

  /// Sets the row's offset.
  Result<void> Append(SpooledRow& row);
  Result<void> Flush() { return file_.Flush(); }
  Result<void> Reject(uint64_t offset);

  /// Reads the row at an offset, and moves the offset behind it. False at the end.
  Result<bool> Next(uint64_t& offset, SpooledRow& row);

 private:
  Result<void> Fetch(uint64_t offset, void* into, size_t size);

  SpoolFile file_;
  std::string window_;  ///< Read ahead, since rows are mostly read in order.
  uint64_t window_at_ = 0;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_IMPORT_IMPORT_SPOOL_H_
