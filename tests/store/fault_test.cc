// Every single write and sync fails once: on a full disk, and on one that breaks.
#include <chrono>
#include <thread>

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

constexpr size_t kChanges = 10;

class FaultTest : public ::testing::Test {
 protected:
  FaultTest() : vfs_(RecordingVfs::Install()) {
    vfs_.SetSyncs(false);
    RandomChanges random(1);
    const auto model = OpenMemoryStore(TestNow);
    dumps_.push_back(DumpOf(*model));
    while (changes_.size() < kChanges) {
      Change change = random.Next(*model->Read());
      if (!std::holds_alternative<Committed>(ApplyAndWait(*model, change))) continue;
      changes_.push_back(std::move(change));
      dumps_.push_back(DumpOf(*model));
    }
  }
  ~FaultTest() override {
    vfs_.FailNoMore();
    vfs_.SetIndexFull(false);
  }

  static std::vector<std::string> DumpOf(const Store& store) {
    return Dump(*store.Read(), RandomChanges::Requests());
  }
  Result<std::unique_ptr<Store>> Open(const TempFolder& folder) {
    SqliteOptions options;
    options.create = true;
    options.now = TestNow;
    options.log_pages_max = log_pages_max_;
    return OpenSqliteStore(folder.db(), options);
  }
  /// Applies what is left; gives the first refusal.
  std::optional<Error> Continue(Store& store, size_t& done) {
    reading_.reset();
    while (done < kChanges) {
      const Outcome outcome = ApplyAndWait(store, changes_[done]);
      if (const auto* error = std::get_if<Error>(&outcome)) return *error;
      As<Committed>(outcome);
      vfs_.Mark(static_cast<int64_t>(++done));
      // Somebody reads for long, so that the log is copied back in parts.
      if (done == 3) reading_ = store.Read();
      if (done != 7 || !reading_) continue;
      reading_.reset();
      // Then an idle view is ended by the next commit.
      std::this_thread::sleep_for(std::chrono::milliseconds(60));
    }
    return std::nullopt;
  }

  /// Runs all with the n-th operation failing; false when there is no n-th.
  bool FillDiskAt(uint64_t n) {
    const TempFolder folder;
    vfs_.Reset();
    vfs_.FailAt(n, SQLITE_FULL, UINT64_MAX);
    auto store = Open(folder);
    if (!store) {
      EXPECT_EQ(store.error().reason, "DISK_FULL");
      vfs_.FailNoMore();
      store = Open(folder);
    }
    size_t done = 0;
    const auto refusal = Continue(**store, done);
    if (refusal) {
      EXPECT_EQ(refusal->reason, "DISK_FULL");
      EXPECT_EQ(refusal->code, StatusCode::kResourceExhausted);
      EXPECT_EQ(DumpOf(**store), dumps_[done]);
      EXPECT_EQ((*store)->Reserve("s", 1).error().reason, "DISK_FULL");
      EXPECT_EQ((*store)->Refusing()->reason, "DISK_FULL");
    }
    vfs_.FailNoMore();
    EXPECT_EQ(Continue(**store, done), std::nullopt);
    EXPECT_EQ((*store)->Refusing(), std::nullopt);
    EXPECT_EQ(*(*store)->Reserve("s", 1), 1);
    store->reset();
    EXPECT_EQ(DumpOf(**Open(folder)), dumps_[kChanges]);
    return vfs_.failed();
  }

  /// All that was acknowledged outlives a power failure at each moment since, though the system
  /// has given up what waited when a sync failed.
  void ExpectKept(size_t done) {
    Disk disk;
    size_t acknowledged = 0;
    bool failed = false;
    for (const auto& operation : vfs_.operations()) {
      disk.Do(operation);
      failed |= operation.type == Operation::Type::kSyncFailed;
      if (operation.type != Operation::Type::kMark) continue;
      acknowledged = static_cast<size_t>(operation.offset);
      if (!failed) continue;
      const TempFolder crashed;
      disk.Write(crashed.path(), Disk::Unsynced::kLost, random_);
      EXPECT_EQ(DumpOf(**Open(crashed)), dumps_[acknowledged]);
      EXPECT_EQ(*CheckIntegrity(crashed.db()), std::vector<std::string>{});
    }
    EXPECT_EQ(acknowledged, done);
  }

  /// Runs all with the n-th operation failing once; false when there is no n-th.
  bool BreakDiskAt(uint64_t n, bool restart) {
    const TempFolder folder;
    vfs_.Reset();
    vfs_.FailAt(n, SQLITE_IOERR_WRITE, 1);
    auto store = Open(folder);
    if (!store) {
      EXPECT_EQ(store.error().reason, "DISK_ERROR");
      store = Open(folder);
    }
    size_t done = 0;
    auto refusal = Continue(**store, done);
    if (refusal) {
      EXPECT_EQ(refusal->reason, "DISK_ERROR");
      EXPECT_EQ(refusal->code, StatusCode::kUnavailable);
      EXPECT_EQ((*store)->Refusing()->reason, "DISK_ERROR");
      EXPECT_EQ(DumpOf(**store), dumps_[done]);
      if (restart) {
        reading_.reset();
        store->reset();
        store = Open(folder);
        if (DumpOf(**store) == dumps_[done + 1]) ++done;
      }
      EXPECT_EQ(DumpOf(**store), dumps_[done]);
      EXPECT_EQ(Continue(**store, done), std::nullopt);
      EXPECT_EQ((*store)->Refusing(), std::nullopt);
    }
    EXPECT_EQ(DumpOf(**store), dumps_[kChanges]);
    if (!restart) ExpectKept(kChanges);
    store->reset();
    EXPECT_EQ(DumpOf(**Open(folder)), dumps_[kChanges]);
    EXPECT_EQ(*CheckIntegrity(folder.db()), std::vector<std::string>{});
    return vfs_.failed();
  }

  RecordingVfs& vfs_;
  std::mt19937_64 random_;
  int log_pages_max_ = 8000;
  std::unique_ptr<Snapshot> reading_;
  std::vector<Change> changes_;
  std::vector<std::vector<std::string>> dumps_;
};

TEST_F(FaultTest, AFullDiskIsSaidReadFromAndRecoveredFrom) {
  uint64_t n = 1;
  for (; FillDiskAt(n); ++n) ASSERT_FALSE(HasFailure()) << "from operation " << n;
  EXPECT_GT(n, 50);
}

TEST_F(FaultTest, ADiskThatFailedOnceIsWrittenToAgainAndLosesNothing) {
  log_pages_max_ = 20;
  uint64_t n = 1;
  for (; BreakDiskAt(n, false); ++n) ASSERT_FALSE(HasFailure()) << "at operation " << n;
  EXPECT_GT(n, 100);
}

TEST_F(FaultTest, ALogCopiedBackInPartsWhenTheDiskFailsLosesNothing) {
  // Pages of their own for each change: what the first part has copied, no later one copies again.
  const auto model = OpenMemoryStore(TestNow);
  changes_.clear();
  dumps_.resize(1);
  for (uint64_t id = 1; id <= kChanges; ++id) {
    Change& change = changes_.emplace_back();
    change.puts = {{Kind::kBatchItems, id, 0, std::string(40'000, 'x'), {}}};
    As<Committed>(ApplyAndWait(*model, change));
    dumps_.push_back(DumpOf(*model));
  }
  log_pages_max_ = 80;
  // Nothing is copied back before.
  uint64_t n = 220;
  for (; BreakDiskAt(n, false); ++n) ASSERT_FALSE(HasFailure()) << "at operation " << n;
  EXPECT_GT(n, 300);
}

TEST_F(FaultTest, ADiskThatFailedOnceMayHaveKeptTheWriteWhenOpenedAnew) {
  uint64_t n = 1;
  for (; BreakDiskAt(n, true); ++n) ASSERT_FALSE(HasFailure()) << "at operation " << n;
  EXPECT_GT(n, 50);
}

TEST_F(FaultTest, AnIndexThatCannotGrowIsAFullDiskToo) {
  const TempFolder folder;
  vfs_.Reset();
  auto store = Open(folder);
  ASSERT_TRUE(store);
  vfs_.SetIndexFull(true);
  // So many pages that the log's index, 32 KB for some 4,000 of them, must grow.
  std::optional<Error> refusal;
  uint64_t applied = 0;
  Change change;
  while (!refusal && applied < 10) {
    change = {};
    for (uint64_t id = 1; id <= 1000; ++id) {
      change.puts.push_back(
          {Kind::kBatchItems, applied * 1000 + id, 0, std::string(4000, 'x'), {}});
    }
    const Outcome outcome = ApplyAndWait(**store, change);
    if (const auto* error = std::get_if<Error>(&outcome)) {
      refusal = *error;
    } else {
      ++applied;
    }
  }
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, "DISK_FULL");
  const auto count = [&] {
    uint64_t records = 0;
    EXPECT_TRUE(
        (*store)->Read()->Scan(Kind::kBatchItems, 0, {}, [&](uint64_t, uint64_t, std::string_view) {
          ++records;
          return true;
        }));
    return records;
  };
  EXPECT_EQ(count(), applied * 1000);
  vfs_.SetIndexFull(false);
  As<Committed>(ApplyAndWait(**store, change));
  EXPECT_EQ(count(), (applied + 1) * 1000);
  store->reset();
  EXPECT_EQ(*CheckIntegrity(folder.db()), std::vector<std::string>{});
  vfs_.SetIndexFull(true);
  store = Open(folder);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().reason, "DISK_FULL");
  vfs_.SetIndexFull(false);
  store = Open(folder);
  ASSERT_TRUE(store);
  EXPECT_EQ(count(), (applied + 1) * 1000);
}

}  // namespace
}  // namespace yima::store::testing
