#ifndef YIMA_CLIENT_CLI_AUDIT_SPOOL_H_
#define YIMA_CLIENT_CLI_AUDIT_SPOOL_H_

#include <filesystem>
#include <string>
#include <vector>

#include "codegen/code/result.h"
#include "yima/v1/stock_take_service.pb.h"

namespace yima::cli {

/// Sightings that were scanned and not yet answered, in a file of one server and stock-take under
/// XDG_STATE_HOME/yima/audit: a line each. So a basement without signal and a broken connection
/// lose nothing, nor does a dead battery what was synced. One process at a time.
class AuditSpool {
 public:
  /// SPOOL_BUSY when another scan of this stock-take runs here; FILE_UNWRITABLE; SPOOL_DAMAGED.
  static Result<AuditSpool> Open(const std::string& server, uint64_t stock_take);
  AuditSpool(AuditSpool&& other) noexcept;
  AuditSpool& operator=(AuditSpool&&) = delete;
  ~AuditSpool();

  Result<void> Add(const v1::StockSighting& sighting);
  /// What was added is on disk.
  Result<void> Sync();
  const std::vector<v1::StockSighting>& waiting() const { return waiting_; }
  /// The first so many were answered. The file is emptied once all were: what is sent once more
  /// after a crash is kept once.
  Result<void> Drop(size_t answered);
  const std::filesystem::path& file() const { return file_; }

 private:
  explicit AuditSpool(std::filesystem::path file) : file_(std::move(file)) {}
  Result<void> Load();
  Result<void> OpenFile();

  std::filesystem::path file_;
  int descriptor_ = -1;
  std::vector<v1::StockSighting> waiting_;
};

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_AUDIT_SPOOL_H_
