// What the SQLite store promises beyond the contract: its file, its lock, its end.
#include "server/store/sqlite_store.h"

#include <future>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/dump.h"
#include "tests/store/store_kit.h"

namespace yima::store::testing {
namespace {

using ::testing::HasSubstr;

class SqliteStoreTest : public ::testing::Test {
 protected:
  SqliteStoreTest() { test_now = 1'000'000; }
  std::string ReasonToOpen(const SqliteOptions& options) {
    const auto store = OpenSqliteStore(folder_.db(), options);
    if (store) return "";
    message_ = store.error().message;
    return store.error().reason;
  }
  static SqliteOptions ReadOnly() {
    SqliteOptions options;
    options.read_only = true;
    return options;
  }

  TempFolder folder_;
  std::string message_;
};

TEST_F(SqliteStoreTest, KeepsEverythingOverReopening) {
  auto store = OpenSqlite(folder_.db());
  Change change = Putting(PutFacility(1, 0, "one"));
  change.claims = {ClaimCode("a", 0, 1)};
  change.terms = {{Kind::kFacility, "t", 1, true}};
  change.places = {{1, Point{112.5, 37.5}}};
  change.adds = {{"n", 1}};
  change.request = MakeRequest("r", 1, "reply");
  As<Committed>(ApplyAndWait(*store, change));
  const auto before = Dump(*store->Read(), {{"principal", "method", "r"}});
  EXPECT_EQ(before.size(), 8);
  store.reset();
  store = OpenSqlite(folder_.db());
  EXPECT_EQ(Dump(*store->Read(), {{"principal", "method", "r"}}), before);
  EXPECT_EQ(As<RequestDone>(ApplyAndWait(*store, change)).reply, "reply");
}

TEST_F(SqliteStoreTest, TimesNeverFallOverReopening) {
  auto store = OpenSqlite(folder_.db());
  test_now = 9'000'000;
  As<Committed>(ApplyAndWait(*store, Putting(PutFacility(1, 0, "x"))));
  store.reset();
  test_now = 1'000'000;
  store = OpenSqlite(folder_.db());
  const auto committed = As<Committed>(ApplyAndWait(*store, Putting(PutFacility(2, 0, "x"))));
  EXPECT_EQ(committed.time, 9'000'000);
  EXPECT_EQ(committed.first_index, 1);
}

TEST_F(SqliteStoreTest, NeverReservesTwiceOverReopening) {
  auto store = OpenSqlite(folder_.db());
  EXPECT_EQ(*store->Reserve("a", 10), 1);
  store.reset();
  store = OpenSqlite(folder_.db());
  EXPECT_EQ(*store->Reserve("a", 10), 11);
}

TEST_F(SqliteStoreTest, OpensOnlyWhatIsThere) {
  EXPECT_EQ(ReasonToOpen({}), "STORE_MISSING");
  EXPECT_EQ(ReasonToOpen(ReadOnly()), "STORE_MISSING");
  EXPECT_FALSE(std::filesystem::exists(folder_.db()));
}

TEST_F(SqliteStoreTest, ASecondWriterIsRefusedAndToldWhere) {
  const auto store = OpenSqlite(folder_.db());
  EXPECT_EQ(ReasonToOpen({}), "STORE_LOCKED");
  EXPECT_THAT(message_, HasSubstr(folder_.path().string()));
}

TEST_F(SqliteStoreTest, TheLockEndsWithItsProcess) {
  OpenSqlite(folder_.db()).reset();
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto store = OpenSqliteStore(folder_.db(), {});
    if (write(ready[1], store ? "y" : "n", 1) != 1) _exit(1);
    pause();
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  EXPECT_EQ(ReasonToOpen({}), "STORE_LOCKED");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(ReasonToOpen({}), "");
}

TEST_F(SqliteStoreTest, AFolderThatCannotBeWrittenIsNotCalledLocked) {
  OpenSqlite(folder_.db()).reset();
  std::filesystem::remove(folder_.path() / "lock");
  std::filesystem::create_directory(folder_.path() / "lock");
  EXPECT_EQ(ReasonToOpen({}), "STORE_UNWRITABLE");
}

TEST_F(SqliteStoreTest, IsReadBesideAWriterAndSeesEachCommit) {
  const auto store = OpenSqlite(folder_.db());
  const auto beside = OpenSqliteStore(folder_.db(), ReadOnly());
  ASSERT_TRUE(beside);
  for (uint64_t revision = 0; revision < 3; ++revision) {
    As<Committed>(
        ApplyAndWait(*store, Putting(PutFacility(1, revision, std::to_string(revision)))));
    EXPECT_EQ(FacilityBytes(**beside, 1), std::to_string(revision));
  }
  EXPECT_EQ(CheckIntegrity(folder_.db()), std::vector<std::string>{});
}

TEST_F(SqliteStoreTest, ReadOnlyWritesNothing) {
  OpenSqlite(folder_.db()).reset();
  const auto store = OpenSqliteStore(folder_.db(), ReadOnly());
  ASSERT_TRUE(store);
  EXPECT_EQ(ReasonOf(ApplyAndWait(**store, Putting(PutFacility(1, 0, "x")))), "STORE_READ_ONLY");
  EXPECT_EQ((*store)->Reserve("a", 1).error().reason, "STORE_READ_ONLY");
  EXPECT_EQ((*store)->ForgetRequests(0).error().reason, "STORE_READ_ONLY");
  // Nor does it lock anybody out.
  EXPECT_EQ(ReasonToOpen({}), "");
}

TEST_F(SqliteStoreTest, StoppingCarriesOutWhatWaits) {
  auto store = OpenSqlite(folder_.db());
  std::vector<std::future<Outcome>> outcomes;
  for (uint64_t id = 1; id <= 2'000; ++id) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    outcomes.push_back(promise->get_future());
    store->Apply(Putting(PutFacility(id, 0, "x")),
                 [promise](Outcome outcome) { promise->set_value(outcome); });
  }
  store.reset();
  for (auto& outcome : outcomes) As<Committed>(outcome.get());
  EXPECT_EQ(*OpenSqlite(folder_.db())->Read()->LogSize(), 2'000);
}

TEST_F(SqliteStoreTest, WhatComesWhileStoppingIsRefused) {
  auto store = OpenSqlite(folder_.db());
  Store& kept = *store;
  std::promise<void> told;
  std::promise<void> go_on;
  std::promise<Outcome> late;
  store->Apply(Putting(PutFacility(1, 0, "x")), [&](Outcome) {
    told.set_value();
    go_on.get_future().wait();
    kept.Apply(Putting(PutFacility(2, 0, "x")), [&](Outcome outcome) { late.set_value(outcome); });
  });
  told.get_future().wait();
  std::thread stopping([&] { store.reset(); });
  // Until the store says so: only then is it certain that stopping has begun.
  while (kept.Reserve("a", 1)) std::this_thread::yield();
  go_on.set_value();
  stopping.join();
  EXPECT_EQ(ReasonOf(late.get_future().get()), "STORE_STOPPING");
}

TEST_F(SqliteStoreTest, ForgetsManyRequestsPartByPart) {
  const auto store = OpenSqlite(folder_.db());
  std::promise<void> last;
  constexpr int kRequests = 25'000;
  for (int i = 1; i <= kRequests; ++i) {
    Change change;
    change.request = MakeRequest(std::to_string(i), 1, "reply");
    store->Apply(std::move(change), [&last, i](Outcome) {
      if (i == kRequests) last.set_value();
    });
  }
  last.get_future().wait();
  EXPECT_EQ(*store->ForgetRequests(test_now), 0);
  EXPECT_EQ(*store->ForgetRequests(test_now + 1), kRequests);
}

TEST_F(SqliteStoreTest, IsWrittenAheadDurablyAndStrictly) {
  const auto store = OpenSqlite(folder_.db());
  As<Committed>(ApplyAndWait(*store, Putting(PutFacility(1, 0, "x"))));
  EXPECT_TRUE(std::filesystem::exists(folder_.db().string() + "-wal"));
}

}  // namespace
}  // namespace yima::store::testing
