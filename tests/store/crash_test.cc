// The power fails after every single thing that SQLite does to the disk. Whatever of the unsynced
// writes was kept, the reopened store holds all that was acknowledged, and nothing half.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "server/store/memory_store.h"
#include "server/store/sqlite_store.h"
#include "tests/store/dump.h"
#include "tests/store/random_changes.h"
#include "tests/store/recording_vfs.h"
#include "tests/store/store_kit.h"

namespace yima::store::testing {
namespace {

constexpr int kChanges = 30;
/// Marks from here on say how far a sequence was reserved; those below, how many changes stand.
constexpr int64_t kReservedMark = 1'000'000;

/// Copies pages from the write-ahead log back into the file, as happens now and then.
void Checkpoint(const std::filesystem::path& db, int mode) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(db.c_str(), &database), SQLITE_OK);
  // A reader may keep it from finishing, which is as good.
  sqlite3_wal_checkpoint_v2(database, nullptr, mode, nullptr, nullptr);
  sqlite3_close(database);
}

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() : vfs_(RecordingVfs::Install()), random_(TestSeed()) {
    vfs_.Reset();
    vfs_.SetSyncs(false);
  }

  /// Runs changes and marks each that was acknowledged. `dumps_[n]` is what n of them make.
  void RunScenario() {
    RandomChanges changes(TestSeed());
    const auto model = OpenMemoryStore(TestNow);
    auto store = OpenSqlite(folder_.db());
    dumps_.push_back(Dump(*model->Read(), RandomChanges::Requests()));
    vfs_.Mark(0);
    for (int i = 0; static_cast<int>(dumps_.size()) <= kChanges; ++i) {
      const Change change = changes.Next(*model->Read());
      if (!std::holds_alternative<Committed>(ApplyAndWait(*model, change))) {
        ASSERT_FALSE(std::holds_alternative<Committed>(ApplyAndWait(*store, change)));
        continue;
      }
      dumps_.push_back(Dump(*model->Read(), RandomChanges::Requests()));
      ASSERT_TRUE(std::holds_alternative<Committed>(ApplyAndWait(*store, change)));
      vfs_.Mark(static_cast<int64_t>(dumps_.size()) - 1);
      if (i % 7 == 3) {
        vfs_.Mark(kReservedMark + static_cast<int64_t>(*store->Reserve("s", 10)) + 9);
      }
      if (i % 11 == 5) Checkpoint(folder_.db(), SQLITE_CHECKPOINT_PASSIVE);
      if (i % 17 == 9) Checkpoint(folder_.db(), SQLITE_CHECKPOINT_TRUNCATE);
      if (i % 10 == 6) {
        EXPECT_EQ(ScrubAndWait(*store), Result<bool>(true));
      }
      if (i % 13 == 12) {
        store.reset();
        store = OpenSqlite(folder_.db());
      }
    }
  }

  void CheckCrash(const Disk& disk, Disk::Unsynced unsynced, size_t acknowledged,
                  uint64_t reserved) {
    const TempFolder crashed;
    disk.Write(crashed.path(), unsynced, random_);
    const auto store = OpenSqlite(crashed.db());
    ASSERT_NE(store, nullptr);
    const auto found = Dump(*store->Read(), RandomChanges::Requests());
    const bool one_more = acknowledged + 1 < dumps_.size() && found == dumps_[acknowledged + 1];
    EXPECT_TRUE(one_more || found == dumps_[acknowledged]);
    EXPECT_GT(*store->Reserve("s", 1), reserved);
    EXPECT_EQ(*CheckIntegrity(crashed.db()), std::vector<std::string>{});
  }

  RecordingVfs& vfs_;
  std::mt19937_64 random_;
  TempFolder folder_;
  std::vector<std::vector<std::string>> dumps_;
};

TEST_F(CrashTest, NothingAcknowledgedIsLostWhereverThePowerFails) {
  SCOPED_TRACE("YIMA_TEST_SEED=" + std::to_string(TestSeed()));
  ASSERT_NO_FATAL_FAILURE(RunScenario());
  const auto operations = vfs_.operations();
  Disk disk;
  size_t acknowledged = 0;
  uint64_t reserved = 0;
  for (size_t i = 0; i < operations.size(); ++i) {
    SCOPED_TRACE("after operation " + std::to_string(i) + " of " +
                 std::to_string(operations.size()));
    const Operation& operation = operations[i];
    disk.Do(operation);
    if (operation.type == Operation::Type::kMark && operation.offset >= kReservedMark) {
      reserved = static_cast<uint64_t>(operation.offset - kReservedMark);
    } else if (operation.type == Operation::Type::kMark) {
      acknowledged = static_cast<size_t>(operation.offset);
    }
    for (const auto unsynced :
         {Disk::Unsynced::kLost, Disk::Unsynced::kKept, Disk::Unsynced::kTorn}) {
      CheckCrash(disk, unsynced, acknowledged, reserved);
      ASSERT_FALSE(HasFailure()) << "unsynced writes: " << static_cast<int>(unsynced);
    }
  }
  EXPECT_EQ(acknowledged, kChanges);
}

}  // namespace
}  // namespace yima::store::testing
