// One commit for many changes, and what one of them can do to the others: nothing.
#include <future>

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "server/store/sqlite_store.h"
#include "tests/store/store_kit.h"

namespace yima::store::testing {
namespace {

/// Keeps the store's writing thread waiting while it lives, so that changes gather.
class HeldFile {
 public:
  explicit HeldFile(const std::filesystem::path& db) {
    EXPECT_EQ(sqlite3_open(db.c_str(), &database_), SQLITE_OK);
    Execute("BEGIN IMMEDIATE");
  }
  HeldFile(const HeldFile&) = delete;
  HeldFile& operator=(const HeldFile&) = delete;
  ~HeldFile() {
    if (database_ != nullptr) Release();
  }
  void Release() {
    Execute("ROLLBACK");
    sqlite3_close(database_);
    database_ = nullptr;
  }

 private:
  void Execute(const char* sql) {
    EXPECT_EQ(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sql;
  }
  sqlite3* database_ = nullptr;
};

/// Hands over changes while the writer is held, and gives what became of them.
class SqliteGroupTest : public ::testing::Test {
 protected:
  SqliteGroupTest() : store_(OpenSqlite(folder_.db())) {}

  std::vector<Outcome> ApplyTogether(std::vector<Change> changes) {
    HeldFile held(folder_.db());
    std::vector<std::future<Outcome>> waiting;
    // The first one draws the writing thread into its wait; those after it gather behind.
    changes.insert(changes.begin(), Change{});
    for (auto& change : changes) {
      auto promise = std::make_shared<std::promise<Outcome>>();
      waiting.push_back(promise->get_future());
      store_->Apply(std::move(change), [promise](Outcome outcome) { promise->set_value(outcome); });
    }
    held.Release();
    std::vector<Outcome> outcomes;
    for (auto& outcome : waiting) outcomes.push_back(outcome.get());
    outcomes.erase(outcomes.begin());
    return outcomes;
  }

  TempFolder folder_;
  std::unique_ptr<Store> store_;
};

Change AddingTo(const std::string& counter, int64_t delta) {
  Change change;
  change.adds = {{counter, delta}};
  return change;
}

TEST_F(SqliteGroupTest, ManyChangesShareACommit) {
  std::vector<Change> changes;
  for (uint64_t id = 1; id <= 500; ++id) changes.push_back(Putting(PutFacility(id, 0, "x")));
  const auto outcomes = ApplyTogether(std::move(changes));
  // The clock is asked once a commit, so changes of one commit have one time.
  const TimeUs time = As<Committed>(outcomes[0]).time;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(As<Committed>(outcomes[i]).first_index, i);
    EXPECT_EQ(As<Committed>(outcomes[i]).time, time);
  }
}

TEST_F(SqliteGroupTest, AChangeThatSqliteWillNotTakeDoesNotTouchItsNeighbours) {
  As<Committed>(ApplyAndWait(*store_, AddingTo("full", INT64_MAX)));
  std::vector<Change> changes;
  changes.push_back(Putting(PutFacility(1, 0, "before")));
  changes.push_back(Putting(PutFacility(2, 0, "half of the one refused")));
  changes.back().adds = {{"full", 1}};
  changes.push_back(Putting(PutFacility(1, 1, "after")));
  changes.push_back(Putting(PutFacility(2, 0, "as if nothing had been")));
  const auto outcomes = ApplyTogether(std::move(changes));
  EXPECT_EQ(As<Committed>(outcomes[0]).first_index, 0);
  EXPECT_EQ(ReasonOf(outcomes[1]), "STORE_FAILED");
  EXPECT_EQ(As<Committed>(outcomes[2]).first_index, 1);
  EXPECT_EQ(As<Committed>(outcomes[3]).first_index, 2);
  EXPECT_EQ(FacilityBytes(*store_, 1), "after");
  EXPECT_EQ(FacilityBytes(*store_, 2), "as if nothing had been");
  EXPECT_EQ(*store_->Read()->Counter("full"), INT64_MAX);
  EXPECT_EQ(*store_->Read()->LogSize(), 3);
}

TEST(SqliteHangTest, ACommitThatDoesNotEndIsSaidAndReadsGoOn) {
  TempFolder folder;
  SqliteOptions options;
  options.create = true;
  options.hangs_after = std::chrono::milliseconds(100);
  const auto store = *OpenSqliteStore(folder.db(), options);
  As<Committed>(ApplyAndWait(*store, Putting(PutFacility(1, 0, "before"))));
  EXPECT_EQ(store->Refusing(), std::nullopt);
  std::promise<Outcome> told;
  {
    HeldFile held(folder.db());
    store->Apply(Putting(PutFacility(1, 1, "after")),
                 [&](Outcome outcome) { told.set_value(std::move(outcome)); });
    // Waited for by the same thread that others are served on, so it may not wait for ever.
    EXPECT_EQ(store->Reserve("numbers", 1).error().reason, "DISK_HANGS");
    EXPECT_EQ(store->Refusing()->reason, "DISK_HANGS");
    EXPECT_EQ(FacilityBytes(*store, 1), "before");
  }
  As<Committed>(told.get_future().get());
  EXPECT_EQ(*store->Reserve("numbers", 1), 2u);
  EXPECT_EQ(store->Refusing(), std::nullopt);
  EXPECT_EQ(FacilityBytes(*store, 1), "after");
}

TEST_F(SqliteGroupTest, ChangesOfOneCommitSeeEachOther) {
  std::vector<Change> changes;
  for (uint64_t i = 0; i < 10; ++i) {
    changes.push_back(Putting(PutFacility(1, i, std::to_string(i))));
    changes.back().claims = {ClaimCode("a", i, i + 1)};
  }
  changes.push_back(Putting(PutFacility(1, 0, "late")));
  const auto outcomes = ApplyTogether(std::move(changes));
  for (size_t i = 0; i < 10; ++i) As<Committed>(outcomes[i]);
  EXPECT_EQ(As<MovedRecord>(outcomes[10]).revision, 10);
  EXPECT_EQ(*store_->Read()->Holder(Index::kFacilityCode, "a"), 10);
}

}  // namespace
}  // namespace yima::store::testing
