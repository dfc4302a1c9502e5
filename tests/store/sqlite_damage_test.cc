// A damaged file: nothing more is written, reads go on where they can, and words lead to check.
#include <fstream>

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "server/store/sqlite_store.h"
#include "tests/store/store_kit.h"

namespace yima::store::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr size_t kPage = 4096;

class SqliteDamageTest : public ::testing::Test {
 protected:
  SqliteDamageTest() {
    auto store = OpenSqlite(folder_.db());
    for (uint64_t id = 1; id <= 200; ++id) {
      Change change = Putting(PutFacility(id, 0, std::string(1000, 'x')));
      change.claims = {ClaimCode(std::to_string(id), 0, id)};
      As<Committed>(ApplyAndWait(*store, std::move(change)));
    }
  }

  /// The first page of a table.
  size_t RootPage(const std::string& table) {
    sqlite3* database = nullptr;
    sqlite3_open(folder_.db().c_str(), &database);
    sqlite3_stmt* statement = nullptr;
    const std::string sql = "SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'";
    EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const auto page = static_cast<size_t>(sqlite3_column_int64(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return page;
  }
  void Overwrite(size_t page) {
    std::fstream file(folder_.db(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>((page - 1) * kPage));
    file << std::string(kPage, '\x5a');
  }
  void ExpectNothingIsWritten(Store& store) {
    const Outcome outcome = ApplyAndWait(store, Putting({Kind::kNote, 1, 0, "note", ""}));
    ASSERT_EQ(ReasonOf(outcome), "STORE_DAMAGED");
    EXPECT_EQ(std::get<Error>(outcome).code, StatusCode::kDataLoss);
    EXPECT_THAT(std::get<Error>(outcome).message, HasSubstr("yimad check"));
    EXPECT_EQ(store.Reserve("a", 1).error().reason, "STORE_DAMAGED");
    EXPECT_EQ(store.ForgetRequests(0).error().reason, "STORE_DAMAGED");
  }

  TempFolder folder_;
};

TEST_F(SqliteDamageTest, DamageFoundByWritingEndsWriting) {
  Overwrite(RootPage("claim"));
  const auto store = OpenSqlite(folder_.db());
  Change change;
  change.claims = {ClaimCode("new", 0, 1)};
  EXPECT_EQ(ReasonOf(ApplyAndWait(*store, change)), "STORE_DAMAGED");
  ExpectNothingIsWritten(*store);
  // What is whole is still read.
  EXPECT_EQ(FacilityBytes(*store, 7), std::string(1000, 'x'));
}

TEST_F(SqliteDamageTest, DamageFoundByReadingEndsWritingToo) {
  Overwrite(RootPage("claim"));
  const auto store = OpenSqlite(folder_.db());
  const auto holder = store->Read()->Holder(Index::kFacilityCode, "7");
  ASSERT_FALSE(holder);
  EXPECT_EQ(holder.error().reason, "STORE_DAMAGED");
  ExpectNothingIsWritten(*store);
  EXPECT_EQ(FacilityBytes(*store, 7), std::string(1000, 'x'));
}

TEST_F(SqliteDamageTest, OtherReadersGoOnAfterDamage) {
  Overwrite(RootPage("record1"));
  const auto store = OpenSqlite(folder_.db());
  const auto snapshot = store->Read();
  EXPECT_FALSE(snapshot->Get(Kind::kFacility, 7));
  EXPECT_EQ(*snapshot->Holder(Index::kFacilityCode, "7"), 7);
  EXPECT_EQ(*store->Read()->LogSize(), 200);
}

TEST_F(SqliteDamageTest, IntegrityCheckNamesWhatIsWrong) {
  EXPECT_THAT(*CheckIntegrity(folder_.db()), IsEmpty());
  Overwrite(RootPage("claim"));
  EXPECT_THAT(*CheckIntegrity(folder_.db()), Not(IsEmpty()));
}

TEST_F(SqliteDamageTest, AFileThatIsNoDatabaseIsRefused) {
  Overwrite(1);
  const auto store = OpenSqliteStore(folder_.db(), {});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().reason, "STORE_DAMAGED");
  EXPECT_THAT(store.error().message, HasSubstr("yimad check"));
  EXPECT_THAT(*CheckIntegrity(folder_.db()), Not(IsEmpty()));
}

TEST_F(SqliteDamageTest, ATruncatedFileIsRefusedOrReadsSayWhatIsLost) {
  std::filesystem::resize_file(folder_.db(), 20 * kPage);
  EXPECT_THAT(*CheckIntegrity(folder_.db()), Not(IsEmpty()));
  const auto store = OpenSqliteStore(folder_.db(), {});
  if (!store) {
    EXPECT_EQ(store.error().reason, "STORE_DAMAGED");
    return;
  }
  bool lost = false;
  for (uint64_t id = 1; id <= 200; ++id) lost |= !(*store)->Read()->Get(Kind::kFacility, id);
  EXPECT_TRUE(lost);
  ExpectNothingIsWritten(**store);
}

}  // namespace
}  // namespace yima::store::testing
