#ifndef YIMA_SERVER_CHECK_LOG_TAIL_H_
#define YIMA_SERVER_CHECK_LOG_TAIL_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sodium.h>

#include "server/check/check.h"
#include "server/check/findings.h"
#include "server/store/store.h"

namespace yima::server {

/// `facility`, `code`, …: for findings.
std::string_view KindName(store::Kind kind);

/// What the log says last of every record: revision and a hash of its bytes. Reading the log checks
/// it on the way: indexes dense, times never falling, revisions of a record 1, 2, 3 …, each entry
/// linked to the one of its record before it, and each record to its last.
class LogTail {
 public:
  struct Last {
    uint64_t revision = 0;  ///< 0: the log does not know the record.
    uint64_t hash = 0;
  };

  LogTail();

  /// Reads the ids of all logged records, then the log.
  Result<void> Read(const store::Snapshot& snapshot, Findings& findings,
                    const CheckProgress& progress);

  bool Exists(store::Kind kind, uint64_t id) const;
  Last Of(store::Kind kind, uint64_t id) const;
  /// Keyed, so that no damage can be made to look sound.
  uint64_t HashOf(std::string_view bytes) const;

 private:
  /// Columns rather than rows: a city has millions of records.
  struct Column {
    std::vector<uint64_t> ids;  ///< Rising.
    std::vector<uint32_t> revisions;
    std::vector<uint64_t> hashes;
    std::vector<uint64_t> entries;  ///< Index + 1 of the last.
  };
  static std::optional<size_t> Find(const Column& column, uint64_t id);
  Result<void> ReadIds(const store::Snapshot& snapshot, const CheckProgress& progress);
  void ReadEntry(const store::LogRecord& record, Findings& findings);
  Result<void> CompareLastEntries(const store::Snapshot& snapshot, Findings& findings) const;
  uint64_t IdOf(store::Kind kind, std::string_view record) const;

  std::array<uint8_t, crypto_shorthash_KEYBYTES> key_{};
  std::map<store::Kind, Column> columns_;
  std::map<std::string, uint64_t, std::less<>> class_ids_;  ///< By code: the record holds no id.
  uint64_t time_ = 0;                                       ///< Of the last entry.
};

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_LOG_TAIL_H_
