#ifndef YIMA_CLIENT_LOG_LOG_EXPORT_H_
#define YIMA_CLIENT_LOG_LOG_EXPORT_H_

#include <cstdint>
#include <filesystem>
#include <functional>

#include "client/log/known_log.h"
#include "client/log/log_source.h"

namespace yima {

struct ExportOptions {
  /// A mirror for everybody: checkpoint and hashes, no entries.
  bool hashes_only = false;
  std::function<void(uint64_t done, uint64_t total)> progress;
};

struct ExportReport {
  uint64_t begun = 0;  ///< Entries that were in the folder already.
  uint64_t size = 0;
};

/// Writes a log into a folder in the layout of C2SP tlog-tiles, partial tiles too, which any web
/// server of files can serve. May be killed at any moment: files get their names when they are
/// whole, the checkpoint comes last, and the same call again goes on where it stopped. A folder
/// that holds the log already is only added to, and only if its tree is the beginning of the one
/// that the checkpoint signs, by whichever key its own checkpoint was signed. One that was a mirror
/// without entries is given those that it lacks. Holds some tiles in memory.
///
/// LOG_FOLDER_FOREIGN when the folder is of another log or epoch, or its checkpoint neither counts
/// nor is of the log's beginning;
/// LOG_DIFFERS when the tree of the folder, or of what the source gave, is not the one that is
/// signed; LOG_SMALLER; FILE_UNWRITABLE, FILE_UNREADABLE; what the source says.
Result<ExportReport> ExportLog(const LogSource& source, const KnownLog& log,
                               const std::filesystem::path& folder, const ExportOptions& options);

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_LOG_EXPORT_H_
