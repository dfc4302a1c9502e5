// Random changes against the SQLite store and the model in memory: equal outcomes, equal contents.
#include <algorithm>
#include <future>

#include "server/store/memory_store.h"
#include "tests/store/dump.h"
#include "tests/store/random_changes.h"
#include "tests/store/store_kit.h"

namespace yima::store::testing {
namespace {

constexpr int kChanges = 10'000;
constexpr uint64_t kReopenedOneIn = 100;

/// An outcome in words, without its time.
std::string Describe(const Outcome& outcome) {
  struct {
    std::string operator()(const Committed& committed) const {
      return "committed " + std::to_string(committed.first_index);
    }
    std::string operator()(const MovedRecord& moved) const {
      return "moved " + std::to_string(static_cast<int>(moved.kind)) + " " +
             std::to_string(moved.id) + " " + std::to_string(moved.revision);
    }
    std::string operator()(const TakenKey& taken) const {
      return "taken " + taken.key + " " + std::to_string(taken.holder);
    }
    std::string operator()(const RequestDone& done) const { return "done " + done.reply; }
    std::string operator()(const RequestReused&) const { return "reused"; }
    std::string operator()(const Error& error) const { return error.reason; }
  } describe;
  return std::visit(describe, outcome);
}

TEST(StoreModelTest, TenThousandRandomChangesEndAlike) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE("YIMA_TEST_SEED=" + std::to_string(seed));
  RandomChanges random(seed);
  TempFolder folder;
  auto store = OpenSqlite(folder.db());
  const auto model = OpenMemoryStore(TestNow);
  std::map<size_t, int> seen;
  for (int i = 1; i <= kChanges;) {
    // Changes that are under way together share commits, and must not be seen to.
    std::vector<std::pair<std::string, std::future<Outcome>>> under_way;
    for (uint64_t n = 1 + random.Below(20); n > 0 && i <= kChanges; --n, ++i) {
      if (random.Below(10) == 0) test_now += static_cast<TimeUs>(random.Below(2'000)) - 900;
      Change change = random.Next(*model->Read());
      const Outcome expected = ApplyAndWait(*model, change);
      ++seen[expected.index()];
      auto promise = std::make_shared<std::promise<Outcome>>();
      under_way.emplace_back(Describe(expected), promise->get_future());
      store->Apply(std::move(change), [promise](Outcome outcome) { promise->set_value(outcome); });
    }
    for (auto& [expected, outcome] : under_way) ASSERT_EQ(Describe(outcome.get()), expected);
    if (random.Below(50) == 0) {
      ASSERT_EQ(*store->Reserve("s", 1 + i % 7), *model->Reserve("s", 1 + i % 7));
    }
    if (random.Below(50) == 0) {
      // All of them: which commit stamped a request is the store's own affair.
      ASSERT_EQ(*store->ForgetRequests(INT64_MAX), *model->ForgetRequests(INT64_MAX));
    }
    if (random.Below(kReopenedOneIn) == 0) {
      store.reset();
      store = OpenSqlite(folder.db());
      ASSERT_EQ(Dump(*store->Read(), RandomChanges::Requests()),
                Dump(*model->Read(), RandomChanges::Requests()));
    }
  }
  const auto dump = Dump(*store->Read(), RandomChanges::Requests());
  ASSERT_EQ(dump, Dump(*model->Read(), RandomChanges::Requests()));
  EXPECT_TRUE(std::ranges::none_of(
      dump, [](const std::string& line) { return line.starts_with("FAULT"); }));
  // Every outcome but an Error must have been met, or the test tests little.
  for (size_t alternative = 0; alternative < 5; ++alternative) {
    EXPECT_GT(seen[alternative], 20) << alternative;
  }
}

}  // namespace
}  // namespace yima::store::testing
