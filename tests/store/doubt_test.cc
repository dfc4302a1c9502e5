// A sync that failed while the log was copied back: what waited is given up by the system, and no
// later sync tells of it.
#include <chrono>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "server/store/sqlite_store.h"
#include "tests/store/recording_vfs.h"
#include "tests/store/store_kit.h"

namespace yima::store::testing {
namespace {

constexpr const char* kFile = "yima.db";
constexpr const char* kLog = "yima.db-wal";

/// Some ten pages of its own.
Change Big(uint64_t id, uint64_t revision = 0) {
  Change change;
  change.puts = {{Kind::kBatchItems, id, revision, std::string(40'000, 'x'), {}}};
  return change;
}

Change Organization(uint64_t id, uint64_t revision, const std::string& bytes) {
  Change change;
  change.puts = {{Kind::kOrganization, id, revision, bytes, "entry"}};
  return change;
}

void Nap() { std::this_thread::sleep_for(std::chrono::milliseconds(70)); }

class DoubtTest : public ::testing::Test {
 protected:
  DoubtTest() : vfs_(RecordingVfs::Install()) {
    vfs_.SetSyncs(false);
    vfs_.Reset();
    Open();
  }
  ~DoubtTest() override { vfs_.FailSyncsOf({}); }

  void Open() {
    SqliteOptions options;
    options.create = true;
    options.log_pages_max = 60;
    store_.reset();
    store_ = *OpenSqliteStore(folder_.db(), options);
  }
  /// Empty: committed.
  std::string Try(Change change) {
    const Outcome outcome = ApplyAndWait(*store_, std::move(change));
    if (const auto* error = std::get_if<Error>(&outcome)) return error->reason;
    return std::holds_alternative<Committed>(outcome) ? "" : "refused";
  }
  /// Tried again until the disk is found well, which is looked for once a second.
  void TryUntilCommitted(const Change& change) {
    for (int i = 0; i < 200 && !Try(change).empty(); ++i) Nap();
    EXPECT_EQ(store_->Refusing(), std::nullopt);
  }
  /// Writes until the log is copied back, which fails; gives the id that is next.
  uint64_t BreakFile(uint64_t id) {
    vfs_.FailSyncsOf({kFile});
    for (int i = 0; i < 40; ++i, ++id) {
      if (const std::string reason = Try(Big(id)); !reason.empty()) {
        EXPECT_TRUE(reason == "DISK_ERROR" || reason == "STORE_BUSY") << reason;
        return id;
      }
      Nap();
    }
    ADD_FAILURE() << "nothing was copied back";
    return id;
  }
  std::string BytesOf(const Store& store, Kind kind, uint64_t id) {
    const auto read = store.Read()->Get(kind, id);
    return read && *read ? (*read)->bytes : "";
  }
  /// The store as a power failure now would leave it.
  std::unique_ptr<Store> AfterPowerFailure() {
    Disk disk;
    for (const auto& operation : vfs_.operations()) disk.Do(operation);
    std::mt19937_64 random;
    disk.Write(crashed_.path(), Disk::Unsynced::kLost, random);
    EXPECT_EQ(*CheckIntegrity(crashed_.db()), std::vector<std::string>{});
    return *OpenSqliteStore(crashed_.db(), {});
  }

  RecordingVfs& vfs_;
  TempFolder folder_;
  TempFolder crashed_;
  std::unique_ptr<Store> store_;
};

TEST_F(DoubtTest, NothingIsCommittedUntilTheLogIsCopiedAnew) {
  const uint64_t next = BreakFile(1);
  ASSERT_GT(next, 2u);
  vfs_.FailSyncsOf({kFile, kLog});
  EXPECT_EQ(Try(Big(next)), "DISK_ERROR");
  vfs_.FailSyncsOf({kFile});
  // Nor does a change that would be refused anyway say that the disk is well.
  EXPECT_EQ(Try(Big(1, 7)), "DISK_ERROR");
  EXPECT_EQ(store_->Refusing()->reason, "DISK_ERROR");
  EXPECT_EQ(BytesOf(*store_, Kind::kBatchItems, next), "");
  EXPECT_NE(BytesOf(*store_, Kind::kBatchItems, next - 1), "");
  vfs_.FailSyncsOf({});
  TryUntilCommitted(Big(next));
  const auto after = AfterPowerFailure();
  for (uint64_t id = 1; id <= next; ++id) {
    EXPECT_NE(BytesOf(*after, Kind::kBatchItems, id), "") << id;
  }
}

TEST_F(DoubtTest, ReadersGoOnAndHoldItUp) {
  const uint64_t next = BreakFile(1);
  auto reading = store_->Read();
  vfs_.FailSyncsOf({});
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  EXPECT_EQ(Try(Big(next)), "DISK_ERROR");
  EXPECT_NE((*reading->Get(Kind::kBatchItems, 1))->bytes, "");
  reading.reset();
  TryUntilCommitted(Big(next));
}

TEST_F(DoubtTest, ARestartBesideAnotherProgramDoesNotForget) {
  ASSERT_EQ(Try(Organization(1, 0, "one")), "");
  for (uint64_t id = 1; id <= 8; ++id) ASSERT_EQ(Try(Big(id)), "");
  Nap();
  ASSERT_EQ(Try(Organization(1, 1, "ONE")), "");
  {
    // Who reads for long lets the log be copied back in part only.
    const auto reading = store_->Read();
    ASSERT_TRUE(reading->Get(Kind::kOrganization, 1));
    for (uint64_t id = 9; id <= 19; ++id) ASSERT_EQ(Try(Big(id)), "");
  }
  Nap();
  auto other = std::make_unique<SQLite::Database>(folder_.db().string(), SQLite::OPEN_READONLY);
  other->execAndGet("SELECT count(*) FROM log");
  uint64_t next = BreakFile(20);
  vfs_.FailSyncsOf({});
  Open();
  EXPECT_EQ(Try(Big(next)), "STORE_BUSY");
  EXPECT_EQ(BytesOf(*store_, Kind::kOrganization, 1), "ONE");
  other.reset();
  TryUntilCommitted(Big(next++));
  for (int i = 0; i < 40; ++i) ASSERT_EQ(Try(Big(next++)), "");
  EXPECT_EQ(BytesOf(*AfterPowerFailure(), Kind::kOrganization, 1), "ONE");
}

}  // namespace
}  // namespace yima::store::testing
