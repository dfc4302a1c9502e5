// When the readers' pool maps the file and when it reads it page by page.
#include "server/store/sqlite_snapshot.h"

#include <gmock/gmock.h>

#include "tests/store/store_kit.h"

namespace yima::store::testing {
namespace {

class ReaderPoolTest : public ::testing::Test {
 protected:
  ReaderPoolTest() : store_(OpenSqlite(folder_.db())), pool_(folder_.db()) {}

  /// Another view than before is to be seen from now on.
  void Commit() {
    As<Committed>(ApplyAndWait(*store_, Putting(PutFacility(++facilities_, 0, "x"))));
    pool_.CountCommit();
  }
  /// Lends a reader, and gives it back as if its view had stood for so long, whatever this took.
  bool IsMapped(std::chrono::minutes stood = {}) {
    auto reader = *pool_.Take();
    EXPECT_EQ(reader->log_size, facilities_);
    const bool mapped = reader->connection.database().execAndGet("PRAGMA mmap_size").getInt64() > 0;
    EXPECT_EQ(reader->mapped, mapped);
    constexpr std::chrono::minutes kAhead{10};
    reader->since = std::chrono::steady_clock::now() + kAhead - stood;
    pool_.Return(std::move(reader), /*sound=*/true);
    return mapped;
  }
  static constexpr std::chrono::minutes kLong{20};

  TempFolder folder_;
  std::unique_ptr<Store> store_;
  ReaderPool pool_;
  uint64_t facilities_ = 0;
};

TEST_F(ReaderPoolTest, MapsTheFileForTheFirstView) { EXPECT_TRUE(IsMapped()); }

TEST_F(ReaderPoolTest, MapsNothingForViewsThatAreRenewedAtOnce) {
  IsMapped();
  for (int i = 0; i < 3; ++i) {
    Commit();
    EXPECT_FALSE(IsMapped());
    EXPECT_FALSE(IsMapped()) << "the same view";
  }
}

TEST_F(ReaderPoolTest, MapsTheFileOnceAViewHasStood) {
  IsMapped();
  Commit();
  EXPECT_FALSE(IsMapped(kLong));
  EXPECT_TRUE(IsMapped()) << "nothing was committed since";
}

TEST_F(ReaderPoolTest, KeepsTheMapForAViewOfTheSameState) {
  EXPECT_TRUE(IsMapped());
  pool_.EndViews();
  pool_.KeepViews();
  EXPECT_TRUE(IsMapped());
}

TEST_F(ReaderPoolTest, StaysMappedWhenCommitsAreRare) {
  IsMapped(kLong);
  Commit();
  EXPECT_TRUE(IsMapped());
}

}  // namespace
}  // namespace yima::store::testing
