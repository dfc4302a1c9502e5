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
  /// Lends a reader, lets it stand for so long, and gives it back.
  bool IsMapped(std::chrono::seconds stood = {}) {
    auto reader = *pool_.Take();
    const bool mapped = reader->mapped;
    EXPECT_EQ(reader->log_size, facilities_);
    reader->since -= stood;
    pool_.Return(std::move(reader), /*sound=*/true);
    return mapped;
  }

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
  EXPECT_FALSE(IsMapped(std::chrono::seconds(2)));
  EXPECT_TRUE(IsMapped()) << "nothing was committed since";
}

TEST_F(ReaderPoolTest, StaysMappedWhenCommitsAreRare) {
  IsMapped(std::chrono::seconds(2));
  Commit();
  EXPECT_TRUE(IsMapped());
}

}  // namespace
}  // namespace yima::store::testing
