#ifndef YIMA_TESTS_STORE_RECORDING_VFS_H_
#define YIMA_TESTS_STORE_RECORDING_VFS_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace yima::store::testing {

/// One thing that SQLite did to a file of the store, or a mark that the test set between them.
struct Operation {
  enum class Type { kWrite, kTruncate, kSync, kSyncFailed, kDelete, kMark };
  Type type = Type::kMark;
  std::string file;    ///< Its name without the folder.
  int64_t offset = 0;  ///< Of a write; the new size of a truncation; the value of a mark.
  std::string bytes;
};

/// Stands between SQLite and the system's files, for all connections of the process: remembers what
/// is done, and makes it fail where a test wants. Thread-safe.
class RecordingVfs {
 public:
  /// Becomes SQLite's default. Once for the life of the process.
  static RecordingVfs& Install();

  /// Begins anew: nothing remembered, nothing fails, operations counted from 1.
  void Reset();
  void Mark(int64_t value);
  std::vector<Operation> operations() const;
  uint64_t count() const;

  /// Lets writes, truncations and syncs fail with this code from the n-th on: `times` of them.
  /// SQLITE_FULL passes syncs by, as a full disk does.
  void FailAt(uint64_t n, int code, uint64_t times);
  void FailNoMore();
  /// Lets each sync of the files of these names fail.
  void FailSyncsOf(std::set<std::string> files);
  /// Whether FailAt has struck.
  bool failed() const;
  /// The index of a write-ahead log, which lies in memory that a file backs, can no longer grow.
  void SetIndexFull(bool full);
  /// Syncs do nothing: for looking at many crashed files quickly.
  void SetSyncs(bool on);
};

/// What is on the disk when the power fails: what was synced, and of what was not, anything. What
/// waits when a sync fails is lost, though it is shown until then: later syncs pass it by.
class Disk {
 public:
  enum class Unsynced {
    kLost,  ///< Nothing else reached the disk.
    kKept,  ///< All did: only the process died.
    kTorn,  ///< Some did, some did not, some in part.
  };

  /// Carries on by one operation.
  void Do(const Operation& operation);
  /// Writes the files as a crash now would leave them.
  void Write(const std::filesystem::path& folder, Unsynced unsynced, std::mt19937_64& random) const;

 private:
  struct File {
    bool synced = false;
    std::string durable;
    std::string cached;  ///< As the system shows it.
    std::vector<Operation> pending;
  };
  static void Apply(const Operation& operation, std::string& bytes);
  std::map<std::string, File> files_;
};

}  // namespace yima::store::testing

#endif  // YIMA_TESTS_STORE_RECORDING_VFS_H_
