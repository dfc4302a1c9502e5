// Every single write and sync fails once: on a full disk, and on one that breaks.
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
    return OpenSqliteStore(folder.db(), options);
  }
  /// Applies what is left; gives the first refusal.
  std::optional<Error> Continue(Store& store, size_t& done) {
    while (done < kChanges) {
      const Outcome outcome = ApplyAndWait(store, changes_[done]);
      if (const auto* error = std::get_if<Error>(&outcome)) return *error;
      As<Committed>(outcome);
      ++done;
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

  bool BreakDiskAt(uint64_t n) {
    const TempFolder folder;
    vfs_.Reset();
    vfs_.FailAt(n, SQLITE_IOERR_WRITE, 1);
    auto store = Open(folder);
    if (!store) {
      EXPECT_EQ(store.error().reason, "STORE_DAMAGED");
      store = Open(folder);
    }
    size_t done = 0;
    const auto refusal = Continue(**store, done);
    if (refusal) {
      EXPECT_EQ(refusal->reason, "STORE_DAMAGED");
      EXPECT_EQ(refusal->code, StatusCode::kDataLoss);
      // The disk is whole again, but what it holds is not known: only opening it anew tells.
      EXPECT_EQ(ReasonOf(ApplyAndWait(**store, changes_[done])), "STORE_DAMAGED");
      EXPECT_EQ((*store)->Refusing()->reason, "STORE_DAMAGED");
      EXPECT_EQ(DumpOf(**store), dumps_[done]);
    }
    store->reset();
    store = Open(folder);
    const auto found = DumpOf(**store);
    const bool one_more = refusal && found == dumps_[done + 1];
    EXPECT_TRUE(one_more || found == dumps_[done]);
    if (one_more) ++done;
    EXPECT_EQ(Continue(**store, done), std::nullopt);
    EXPECT_EQ(*CheckIntegrity(folder.db()), std::vector<std::string>{});
    return vfs_.failed();
  }

  RecordingVfs& vfs_;
  std::vector<Change> changes_;
  std::vector<std::vector<std::string>> dumps_;
};

TEST_F(FaultTest, AFullDiskIsSaidReadFromAndRecoveredFrom) {
  uint64_t n = 1;
  for (; FillDiskAt(n); ++n) ASSERT_FALSE(HasFailure()) << "from operation " << n;
  EXPECT_GT(n, 50);
}

TEST_F(FaultTest, ADiskThatFailsOnceEndsWritingUntilOpenedAnew) {
  uint64_t n = 1;
  for (; BreakDiskAt(n); ++n) ASSERT_FALSE(HasFailure()) << "at operation " << n;
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
