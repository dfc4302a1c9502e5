#ifndef YIMA_CLIENT_CLI_AUDIT_SPOOL_H_
#define YIMA_CLIENT_CLI_AUDIT_SPOOL_H_

#include <filesystem>
#include <string>
#include <vector>

#include "codegen/code/result.h"
#include "yima/v1/stock_take_service.pb.h"

namespace yima::cli {

/// What a crew saw.
struct KeptSighting {
  v1::StockSighting sighting;
  std::string crew;
};

/// Sightings that were scanned and not yet answered, in a file of one server and stock-take under
/// XDG_STATE_HOME/yima/audit: a line each. So a basement without signal and a broken connection
/// lose nothing, nor does a dead battery what was synced. What the server will never take is moved
/// to a file beside, so that it holds up nothing else. One process at a time.
class AuditSpool {
 public:
  /// SPOOL_BUSY when another scan of this stock-take runs here; FILE_UNWRITABLE. Lines that are no
  /// kept sightings are set aside.
  static Result<AuditSpool> Open(const std::string& server, uint64_t stock_take);
  AuditSpool(AuditSpool&& other) noexcept;
  AuditSpool& operator=(AuditSpool&&) = delete;
  ~AuditSpool();

  /// FILE_UNWRITABLE; it waits here all the same, until the process ends.
  Result<void> Add(const KeptSighting& seen);
  /// What was added is on disk.
  Result<void> Sync();
  const std::vector<KeptSighting>& waiting() const { return waiting_; }
  /// The first so many were answered. The file is emptied once all were.
  Result<void> Drop(size_t answered);
  /// Moves one that waits to refused_file(), with why.
  Result<void> SetAside(size_t place, const Error& why);
  const std::filesystem::path& file() const { return file_; }
  /// One JSON object a line; there is none until something was set aside.
  const std::filesystem::path& refused_file() const { return refused_file_; }
  /// By this process.
  size_t refused() const { return refused_; }

 private:
  explicit AuditSpool(const std::filesystem::path& file)
      : file_(file), refused_file_(file.string() + ".refused") {}
  Result<void> Load();
  Result<void> OpenFile();
  void Take(const std::string& line, uint64_t number, std::vector<std::string>& damaged);
  Result<void> SetLinesAside(const std::vector<std::string>& damaged);
  /// All that waits, once more, and that nothing before it does.
  Result<void> WriteAnew();
  Result<void> Refuse(const std::string& line);
  /// Writes down that so many from a place on wait no more.
  Result<void> Erase(size_t place, size_t count);
  Result<void> Empty();

  std::filesystem::path file_;
  std::filesystem::path refused_file_;
  int descriptor_ = -1;
  size_t refused_ = 0;
  std::vector<KeptSighting> waiting_;
  bool out_of_step_ = false;  ///< Something waits that does not stand in the file.
};

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_AUDIT_SPOOL_H_
