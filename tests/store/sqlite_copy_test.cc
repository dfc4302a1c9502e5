// Copies that are made while another connection writes: each is the state after one commit.
#include "server/store/sqlite_copy.h"

#include <thread>

#include <gmock/gmock.h>

#include "server/store/sqlite_store.h"
#include "tests/store/store_kit.h"

namespace yima::store::testing {
namespace {

using ::testing::IsEmpty;

constexpr uint64_t kRecords = 200;

/// All records say the same, and are long: the log goes into the file every few dozen changes.
Change ChangeAll(uint64_t revision) {
  const std::string text = std::to_string(revision) + std::string(4000, 'x');
  Change change;
  for (uint64_t id = 1; id <= kRecords; ++id) {
    change.puts.push_back(PutFacility(id, revision, text));
  }
  return change;
}

void ExpectOneState(const std::filesystem::path& file) {
  EXPECT_THAT(*CheckIntegrity(file), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(file.string() + "-wal"));
  SqliteOptions options;
  options.read_only = true;
  const auto store = OpenSqliteStore(file, options);
  ASSERT_TRUE(store) << store.error().message;
  const auto snapshot = (*store)->Read();
  const auto first = *snapshot->Get(Kind::kFacility, 1);
  ASSERT_TRUE(first);
  EXPECT_EQ(*snapshot->LogSize(), first->revision * kRecords);
  for (uint64_t id = 2; id <= kRecords; ++id) {
    EXPECT_EQ((*snapshot->Get(Kind::kFacility, id))->bytes, first->bytes) << id;
  }
}

TEST(SqliteCopyTest, IsOneStateThoughAnotherWrites) {
  const TempFolder folder;
  const auto store = OpenSqlite(folder.db());
  As<Committed>(ApplyAndWait(*store, ChangeAll(0)));
  const std::jthread writer([&](const std::stop_token& stop) {
    for (uint64_t revision = 1; !stop.stop_requested(); ++revision) {
      As<Committed>(ApplyAndWait(*store, ChangeAll(revision)));
    }
  });
  for (int i = 0; i < 25; ++i) {
    const auto copy = folder.path() / ("copy-" + std::to_string(i));
    const auto copied = CopyStore(folder.db(), copy);
    ASSERT_TRUE(copied) << copied.error().message;
    ASSERT_TRUE(SyncFile(copy));
    ExpectOneState(copy);
    std::filesystem::remove(copy);
  }
}

TEST(SqliteCopyTest, HoldsWhatIsInTheLogAlone) {
  const TempFolder folder;
  const auto store = OpenSqlite(folder.db());
  As<Committed>(ApplyAndWait(*store, ChangeAll(0)));
  ASSERT_TRUE(CopyStore(folder.db(), folder.path() / "copy"));
  ExpectOneState(folder.path() / "copy");
}

TEST(SqliteCopyTest, CopiesAStoreThatNobodyServes) {
  const TempFolder folder;
  As<Committed>(ApplyAndWait(*OpenSqlite(folder.db()), ChangeAll(0)));
  ASSERT_TRUE(CopyStore(folder.db(), folder.path() / "copy"));
  ASSERT_TRUE(CopyStore(folder.path() / "copy", folder.path() / "again"));
  ExpectOneState(folder.path() / "again");
  EXPECT_EQ(CopyStore(folder.path() / "none", folder.path() / "x").error().reason, "STORE_MISSING");
}

}  // namespace
}  // namespace yima::store::testing
