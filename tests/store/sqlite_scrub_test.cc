// What was replaced or emptied is nowhere in the files any more, once it was scrubbed.
#include <chrono>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sqlite3.h>

#include "server/store/sqlite_copy.h"
#include "server/store/sqlite_pages.h"
#include "server/store/sqlite_schema.h"
#include "server/store/sqlite_store.h"
#include "tests/store/store_kit.h"

namespace yima::store::testing {
namespace {

constexpr int kFacilities = 600;

std::string ReadFile(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

size_t CountIn(const std::filesystem::path& folder, std::string_view text) {
  size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string bytes = ReadFile(entry.path());
    for (size_t at = 0; (at = bytes.find(text, at)) != std::string::npos; ++at) ++found;
  }
  return found;
}

/// What stands in a facility and must go: no other holds it.
std::string Secret(int n) { return fmt::format("<secret-{:05}>", n); }

class SqliteScrubTest : public ::testing::Test {
 protected:
  static store::Put MakePut(uint64_t id, uint64_t revision, std::string bytes) {
    return {Kind::kFacility, id, revision, std::move(bytes), "an entry"};
  }
  static void Put(Store& store, uint64_t id, uint64_t revision, std::string bytes) {
    ASSERT_TRUE(std::holds_alternative<Committed>(
        ApplyAndWait(store, Putting(MakePut(id, revision, std::move(bytes))))));
  }

  /// Facilities in no order that grow twice, so that their rows move from page to page.
  static void Fill(Store& store) {
    std::vector<int> order(kFacilities);
    for (int n = 0; n < kFacilities; ++n) order[static_cast<size_t>(n)] = n;
    std::mt19937_64 random(7);
    uint64_t revision = 0;
    for (const size_t size : {20, 260, 900}) {
      std::ranges::shuffle(order, random);
      Change change;
      for (const int n : order) {
        change.puts.push_back(
            MakePut(static_cast<uint64_t>(n + 1), revision,
                    Secret(n) + std::string(size + static_cast<size_t>(n % 50), 'x')));
      }
      ASSERT_TRUE(std::holds_alternative<Committed>(ApplyAndWait(store, std::move(change))));
      ++revision;
    }
  }
  static void Empty(Store& store) {
    Change change;
    for (int n = 0; n < kFacilities; ++n) {
      change.puts.push_back(
          MakePut(static_cast<uint64_t>(n + 1), 3, fmt::format("<nothing-{:05}>", n)));
    }
    ASSERT_TRUE(std::holds_alternative<Committed>(ApplyAndWait(store, std::move(change))));
  }

  TempFolder folder_;
};

TEST_F(SqliteScrubTest, NothingIsLeftInTheFiles) {
  const auto store = OpenSqlite(folder_.db());
  Fill(*store);
  // Part of it goes into the file with rows that were moved.
  ASSERT_TRUE(ScrubAndWait(*store));
  Empty(*store);
  EXPECT_GT(CountIn(folder_.path(), "<secret-"), 0);
  const auto scrubbed = ScrubAndWait(*store);
  ASSERT_TRUE(scrubbed) << scrubbed.error().message;
  EXPECT_TRUE(*scrubbed);
  EXPECT_EQ(CountIn(folder_.path(), "<secret-"), 0);
  EXPECT_EQ(FacilityBytes(*store, 77), "<nothing-00076>");
  EXPECT_EQ(*CheckIntegrity(folder_.db()), std::vector<std::string>{});
}

/// The writer remembers pages from before: they must not come back with the next change.
TEST_F(SqliteScrubTest, NothingComesBackWithLaterChanges) {
  const auto store = OpenSqlite(folder_.db());
  Fill(*store);
  Empty(*store);
  ASSERT_TRUE(ScrubAndWait(*store));
  for (int n = 0; n < kFacilities; n += 3) {
    Put(*store, static_cast<uint64_t>(n + 1), 4, std::string(300, 'y'));
  }
  EXPECT_EQ(CountIn(folder_.path(), "<secret-"), 0);
  const TempFolder copy;
  ASSERT_TRUE(CopyStore(folder_.db(), copy.db()));
  EXPECT_EQ(CountIn(copy.path(), "<secret-"), 0);
}

/// Through SQLite alone rows do stay behind, or the way into the file would not be needed.
TEST_F(SqliteScrubTest, SqliteAloneLeavesRowsInFreeSpace) {
  OpenSqlite(folder_.db()).reset();
  SQLite::Database database(folder_.db().string(), SQLite::OPEN_READWRITE);
  database.exec("PRAGMA secure_delete = ON");
  std::mt19937_64 random(7);
  for (const int size : {20, 260, 900}) {
    SQLite::Transaction transaction(database);
    for (int n = 0; n < kFacilities; ++n) {
      const int id = static_cast<int>(random() % kFacilities);
      SQLite::Statement put(database,
                            "INSERT INTO record1 (id, revision, bytes) VALUES (?1, 1, CAST(?2 AS "
                            "BLOB)) ON CONFLICT DO UPDATE SET bytes = excluded.bytes");
      put.bind(1, id + 1);
      put.bind(2, Secret(id) + std::string(static_cast<size_t>(size + id % 50), 'x'));
      put.exec();
    }
    transaction.commit();
  }
  database.exec("UPDATE record1 SET bytes = CAST('nothing' AS BLOB)");
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_GT(CountIn(folder_.path(), "<secret-"), 0);
}

TEST_F(SqliteScrubTest, WaitsForAReaderAndGoesOnByItself) {
  const auto store = OpenSqlite(folder_.db());
  Put(*store, 1, 0, Secret(1));
  auto reader = store->Read();
  ASSERT_TRUE(reader->Get(Kind::kFacility, 1));
  Put(*store, 1, 1, "nothing");
  const auto scrubbed = ScrubAndWait(*store);
  ASSERT_TRUE(scrubbed);
  EXPECT_FALSE(*scrubbed);
  EXPECT_GT(CountIn(folder_.path(), "<secret-"), 0);
  reader.reset();
  while (CountIn(folder_.path(), "<secret-") > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(FacilityBytes(*store, 1), "nothing");
}

/// In the same process none but views in use stand in the way, however new they are.
TEST_F(SqliteScrubTest, IdleViewsDoNotStandInTheWay) {
  const auto store = OpenSqlite(folder_.db());
  Put(*store, 1, 0, Secret(1));
  Put(*store, 1, 1, "nothing");
  EXPECT_EQ(FacilityBytes(*store, 1), "nothing");
  EXPECT_EQ(ScrubAndWait(*store), Result<bool>(true));
  EXPECT_EQ(CountIn(folder_.path(), "<secret-"), 0);
  EXPECT_EQ(FacilityBytes(*store, 1), "nothing");
}

TEST_F(SqliteScrubTest, OpeningAnewDoesWhatAKilledProcessLeft) {
  const TempFolder left;
  {
    const auto store = OpenSqlite(folder_.db());
    Put(*store, 1, 0, Secret(1));
    Put(*store, 1, 1, "nothing");
    std::filesystem::copy(folder_.path(), left.path(), std::filesystem::copy_options::recursive);
  }
  EXPECT_GT(CountIn(left.path(), "<secret-"), 0);
  const auto store = OpenSqlite(left.db());
  EXPECT_EQ(FacilityBytes(*store, 1), "nothing");
  EXPECT_EQ(CountIn(left.path(), "<secret-"), 0);
}

/// Versions before 4 went through SQLite alone.
TEST_F(SqliteScrubTest, BringingAnOldFileUpToDateClearsItsFreeSpace) {
  {
    SQLite::Database database(folder_.db().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    Connection connection(folder_.db(), SQLite::OPEN_READWRITE);
    ASSERT_TRUE(PrepareSchema(connection, SchemaSteps().first(3)));
  }
  std::string bytes = ReadFile(folder_.db());
  constexpr size_t kPage = 4096;
  bool planted = false;
  // In the middle of an empty table's page.
  for (size_t page = kPage; page < bytes.size() && !planted; page += kPage) {
    if (bytes[page] != 13) continue;
    bytes.replace(page + kPage / 2, Secret(1).size(), Secret(1));
    planted = true;
  }
  ASSERT_TRUE(planted);
  std::ofstream(folder_.db(), std::ios::binary) << bytes;
  const auto store = OpenSqlite(folder_.db());
  EXPECT_EQ(CountIn(folder_.path(), "<secret-"), 0);
  EXPECT_EQ(*CheckIntegrity(folder_.db()), std::vector<std::string>{});
}

TEST_F(SqliteScrubTest, AStoreOpenForReadingRefuses) {
  OpenSqlite(folder_.db()).reset();
  SqliteOptions options;
  options.read_only = true;
  const auto store = OpenSqliteStore(folder_.db(), options);
  ASSERT_TRUE(store);
  const auto scrubbed = ScrubAndWait(**store);
  ASSERT_FALSE(scrubbed);
  EXPECT_EQ(scrubbed.error().reason, "STORE_READ_ONLY");
}

TEST(ClearFreeSpaceTest, TouchesSoundPagesOfRowsAlone) {
  std::vector<uint8_t> page(4096, 0xAA);
  const auto head = [&](size_t at, uint8_t type, uint8_t rows, uint16_t content) {
    page.assign(4096, 0xAA);
    page[at] = type;
    page[at + 3] = 0;
    page[at + 4] = rows;
    page[at + 5] = static_cast<uint8_t>(content >> 8);
    page[at + 6] = static_cast<uint8_t>(content);
  };
  head(0, 13, 2, 1000);
  ASSERT_TRUE(ClearFreeSpace(page, false));
  EXPECT_EQ(page[11], 0xAA);
  EXPECT_EQ(page[12], 0);
  EXPECT_EQ(page[999], 0);
  EXPECT_EQ(page[1000], 0xAA);
  EXPECT_FALSE(ClearFreeSpace(page, false)) << "it is clear by now";
  head(100, 13, 0, 2000);
  ASSERT_TRUE(ClearFreeSpace(page, true));
  EXPECT_EQ(page[107], 0xAA);
  EXPECT_EQ(page[108], 0);
  // Other pages, content that begins before the rows' list ends, or behind the page.
  for (const auto& [type, rows, content] :
       {std::tuple(5, 2, 1000), {10, 2, 1000}, {0, 2, 1000}, {13, 255, 500}, {13, 2, 5000}}) {
    head(0, static_cast<uint8_t>(type), static_cast<uint8_t>(rows), static_cast<uint16_t>(content));
    const auto before = page;
    EXPECT_FALSE(ClearFreeSpace(page, false)) << type << ' ' << rows << ' ' << content;
    EXPECT_EQ(page, before);
  }
  std::vector<uint8_t> small(7, 13);
  EXPECT_FALSE(ClearFreeSpace(small, false));
}

}  // namespace
}  // namespace yima::store::testing
