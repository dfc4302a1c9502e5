// What every store does with changes: the contract of store.h, fact by fact.
#include "tests/store/contract.h"

#include <algorithm>
#include <future>
#include <thread>

#include "tests/store/dump.h"

namespace yima::store::testing {
namespace {

TEST_P(StoreContract, ScrubbingChangesNothingThatStands) {
  ASSERT_TRUE(std::holds_alternative<Committed>(Apply(Putting(PutFacility(1, 0, "a")))));
  ASSERT_TRUE(std::holds_alternative<Committed>(Apply(Putting(PutFacility(1, 1, "b")))));
  const auto scrubbed = ScrubAndWait(*store_);
  ASSERT_TRUE(scrubbed) << scrubbed.error().message;
  EXPECT_TRUE(*scrubbed);
  EXPECT_EQ(FacilityBytes(*store_, 1), "b");
  EXPECT_EQ(*Read()->LogSize(), 2);
  ASSERT_TRUE(std::holds_alternative<Committed>(Apply(Putting(PutFacility(1, 2, "c")))));
  EXPECT_EQ(FacilityBytes(*store_, 1), "c");
}

TEST_P(StoreContract, BeginsEmpty) {
  EXPECT_TRUE(Dump(*Read(), {}).empty());
  EXPECT_EQ(*Read()->LogSize(), 0);
  EXPECT_FALSE(*Read()->Get(Kind::kFacility, 1));
  EXPECT_EQ(*Read()->Counter("facilities"), 0);
  EXPECT_EQ(*Read()->Holder(Index::kFacilityCode, "a"), 0);
}

TEST_P(StoreContract, PutsAndReadsBack) {
  std::string bytes("a\0b", 3);
  const auto committed = As<Committed>(Apply(Putting(PutFacility(7, 0, bytes))));
  EXPECT_EQ(committed.first_index, 0);
  EXPECT_EQ(committed.time, 1'000'000);
  const auto record = *Read()->Get(Kind::kFacility, 7);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->revision, 1);
  EXPECT_EQ(record->bytes, bytes);
}

TEST_P(StoreContract, KeepsEmptyBytesApartFromAbsence) {
  As<Committed>(Apply(Putting({Kind::kNote, 1, 0, "", ""})));
  const auto record = *Read()->Get(Kind::kNote, 1);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->bytes, "");
}

TEST_P(StoreContract, KindsAreApart) {
  As<Committed>(Apply(Putting(PutFacility(1, 0, "facility"))));
  EXPECT_FALSE(*Read()->Get(Kind::kCode, 1));
  As<Committed>(Apply(Putting({Kind::kCode, 1, 0, "code", "entry"})));
  EXPECT_EQ(FacilityBytes(*store_, 1), "facility");
}

TEST_P(StoreContract, RaisesRevisions) {
  for (uint64_t revision = 0; revision < 5; ++revision) {
    As<Committed>(Apply(Putting(PutFacility(1, revision, std::to_string(revision)))));
  }
  EXPECT_EQ((*Read()->Get(Kind::kFacility, 1))->revision, 5);
}

TEST_P(StoreContract, RefusesAPutOfAMovedRecord) {
  As<Committed>(Apply(Putting(PutFacility(1, 0, "first"))));
  auto moved = As<MovedRecord>(Apply(Putting(PutFacility(1, 0, "second"))));
  EXPECT_EQ(moved.kind, Kind::kFacility);
  EXPECT_EQ(moved.id, 1);
  EXPECT_EQ(moved.revision, 1);
  moved = As<MovedRecord>(Apply(Putting(PutFacility(2, 3, "absent"))));
  EXPECT_EQ(moved.id, 2);
  EXPECT_EQ(moved.revision, 0);
  EXPECT_EQ(FacilityBytes(*store_, 1), "first");
}

TEST_P(StoreContract, RefusesWhenACheckedRecordMoved) {
  As<Committed>(Apply(Putting(PutFacility(1, 0, "one"))));
  Change change = Putting(PutFacility(2, 0, "two"));
  change.checks = {{Kind::kFacility, 1, 2}};
  EXPECT_EQ(As<MovedRecord>(Apply(change)).revision, 1);
  change.checks = {{Kind::kFacility, 1, 1}, {Kind::kFacility, 3, 1}};
  EXPECT_EQ(As<MovedRecord>(Apply(change)).id, 3);
  change.checks = {{Kind::kFacility, 1, 1}, {Kind::kFacility, 3, 0}};
  As<Committed>(Apply(change));
}

TEST_P(StoreContract, RefusesATakenKeyAndNamesItsHolder) {
  Change change;
  change.claims = {ClaimCode("a", 0, 7)};
  As<Committed>(Apply(change));
  change.claims = {ClaimCode("free", 0, 8), ClaimCode("a", 0, 8)};
  const auto taken = As<TakenKey>(Apply(change));
  EXPECT_EQ(taken.index, Index::kFacilityCode);
  EXPECT_EQ(taken.key, "a");
  EXPECT_EQ(taken.holder, 7);
  EXPECT_EQ(*Read()->Holder(Index::kFacilityCode, "free"), 0);
  change.claims = {ClaimCode("b", 9, 8)};
  EXPECT_EQ(As<TakenKey>(Apply(change)).holder, 0);
}

TEST_P(StoreContract, ClaimsMoveAndEnd) {
  Change change;
  change.claims = {ClaimCode("a", 0, 1), ClaimCode("b", 0, 1), {Index::kExternalCode, "a", 0, 5}};
  As<Committed>(Apply(change));
  change.claims = {ClaimCode("a", 1, 2), ClaimCode("b", 1, 0), ClaimCode("c", 0, 0)};
  As<Committed>(Apply(change));
  EXPECT_EQ(*Read()->Holder(Index::kFacilityCode, "a"), 2);
  EXPECT_EQ(*Read()->Holder(Index::kFacilityCode, "b"), 0);
  EXPECT_EQ(*Read()->Holder(Index::kFacilityCode, "c"), 0);
  EXPECT_EQ(*Read()->Holder(Index::kExternalCode, "a"), 5);
}

TEST_P(StoreContract, AClaimThatMovesNothingIsOnlyExpected) {
  Change change;
  change.claims = {ClaimCode("a", 0, 1)};
  As<Committed>(Apply(change));
  change.claims = {ClaimCode("a", 1, 1)};
  As<Committed>(Apply(change));
  EXPECT_EQ(*Read()->Holder(Index::kFacilityCode, "a"), 1);
}

TEST_P(StoreContract, AnswersARequestDoneWithItsReply) {
  Change change = Putting(PutFacility(1, 0, "one"));
  change.request = MakeRequest("r", 1, "reply");
  As<Committed>(Apply(change));
  // Before anything else: the retried change no longer fits, and must not say so.
  EXPECT_EQ(As<RequestDone>(Apply(change)).reply, "reply");
  change.request->hash.fill(2);
  As<RequestReused>(Apply(change));
  change.request->method = "other";
  As<MovedRecord>(Apply(change));
  EXPECT_EQ(*Read()->LogSize(), 1);
  const auto kept = *Read()->FindRequest("principal", "method", "r");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->hash, MakeRequest("r", 1, "").hash);
  EXPECT_EQ(kept->reply, "reply");
  EXPECT_FALSE(*Read()->FindRequest("principal", "other", "r"));
}

TEST_P(StoreContract, RefusesMoreThanAThousandRecords) {
  Change change;
  for (uint64_t id = 1; id <= 1000; ++id) change.puts.push_back(PutFacility(id, 0, "x"));
  As<Committed>(Apply(change));
  EXPECT_EQ(*Read()->LogSize(), 1000);
  for (auto& put : change.puts) put.expected_revision = 1;
  change.puts.push_back(PutFacility(1001, 0, "x"));
  EXPECT_EQ(ReasonOf(Apply(change)), "CHANGE_TOO_LARGE");
  EXPECT_EQ(*Read()->LogSize(), 1000);
}

TEST_P(StoreContract, RefusesAnEntryAboveTheTilesLimit) {
  Change change = Putting(PutFacility(1, 0, "x"));
  change.puts[0].entry.assign(65'535 - 8, 'e');
  EXPECT_EQ(ReasonOf(Apply(change)), "ENTRY_TOO_LARGE");
  EXPECT_TRUE(Dump(*Read(), {}).empty());
  change.puts[0].entry.pop_back();
  As<Committed>(Apply(change));
}

TEST_P(StoreContract, RefusesWhatNoCallerMeans) {
  Change twice = Putting(PutFacility(1, 0, "x"));
  twice.puts.push_back(PutFacility(1, 0, "y"));
  EXPECT_EQ(ReasonOf(Apply(twice)), "CHANGE_MALFORMED");
  Change same_key;
  same_key.claims = {ClaimCode("a", 0, 1), ClaimCode("a", 0, 2)};
  EXPECT_EQ(ReasonOf(Apply(same_key)), "CHANGE_MALFORMED");
  EXPECT_EQ(ReasonOf(Apply(Putting({Kind::kFacility, 1, 0, "x", ""}))), "CHANGE_MALFORMED");
  EXPECT_EQ(ReasonOf(Apply(Putting({Kind::kNote, 1, 0, "x", "entry"}))), "CHANGE_MALFORMED");
  EXPECT_EQ(ReasonOf(Apply(Putting({Kind{200}, 1, 0, "x", ""}))), "CHANGE_MALFORMED");
  EXPECT_EQ(ReasonOf(Apply(Putting(PutFacility(0, 0, "x")))), "CHANGE_MALFORMED");
  EXPECT_EQ(ReasonOf(Apply(Putting(PutFacility(uint64_t{1} << 63, 0, "x")))), "CHANGE_MALFORMED");
  Change far_holder;
  far_holder.claims = {ClaimCode("a", 0, uint64_t{1} << 63)};
  EXPECT_EQ(ReasonOf(Apply(far_holder)), "CHANGE_MALFORMED");
  EXPECT_TRUE(Dump(*Read(), {}).empty());
}

TEST_P(StoreContract, IsAllOrNothing) {
  As<Committed>(Apply(Putting(PutFacility(1, 0, "one"))));
  const auto before = Dump(*Read(), {{"principal", "method", "r"}});
  Change change;
  change.puts = {PutFacility(2, 0, "two"), PutFacility(1, 0, "moved")};
  change.claims = {ClaimCode("a", 0, 2)};
  change.terms = {{Kind::kFacility, "t", 2, true}};
  change.places = {{2, Point{112.5, 37.5}}};
  change.adds = {{"n", 1}};
  change.request = MakeRequest("r", 1, "reply");
  As<MovedRecord>(Apply(change));
  EXPECT_EQ(Dump(*Read(), {{"principal", "method", "r"}}), before);
  change.puts.pop_back();
  change.claims.push_back(ClaimCode("b", 5, 2));
  As<TakenKey>(Apply(change));
  EXPECT_EQ(Dump(*Read(), {{"principal", "method", "r"}}), before);
  change.claims.pop_back();
  As<Committed>(Apply(change));
  EXPECT_EQ(Dump(*Read(), {{"principal", "method", "r"}}).size(), before.size() + 8);
}

TEST_P(StoreContract, RefusedAmongOthersLeavesNoTrace) {
  // All are handed over before the first is waited for, so that a store may commit them together.
  std::vector<std::future<Outcome>> outcomes;
  for (uint64_t i = 1; i <= 300; ++i) {
    Change change = Putting(PutFacility(i, i % 3 == 0 ? 1 : 0, "x"));
    change.claims = {ClaimCode(i % 3 == 1 ? "same" : std::to_string(i), 0, i)};
    change.adds = {{"n", 1}};
    change.terms = {{Kind::kFacility, "t", i, true}};
    auto promise = std::make_shared<std::promise<Outcome>>();
    outcomes.push_back(promise->get_future());
    store_->Apply(std::move(change), [promise](Outcome outcome) { promise->set_value(outcome); });
  }
  uint64_t index = 0;
  for (uint64_t i = 1; i <= 300; ++i) {
    const Outcome outcome = outcomes[i - 1].get();
    if (i % 3 == 0) {
      EXPECT_EQ(As<MovedRecord>(outcome).id, i);
    } else if (i % 3 == 1 && i != 1) {
      EXPECT_EQ(As<TakenKey>(outcome).holder, 1);
    } else {
      EXPECT_EQ(As<Committed>(outcome).first_index, index++);
    }
  }
  EXPECT_EQ(*Read()->Counter("n"), 101);
  EXPECT_EQ(*Read()->LogSize(), 101);
  for (uint64_t i = 1; i <= 300; ++i) {
    EXPECT_EQ(FacilityBytes(*store_, i), i == 1 || i % 3 == 2 ? "x" : "") << i;
  }
}

TEST_P(StoreContract, AppliesInTheOrderOfTheCalls) {
  std::promise<void> last;
  std::vector<uint64_t> told;
  for (uint64_t i = 0; i < 200; ++i) {
    store_->Apply(Putting(PutFacility(1, i, std::to_string(i))), [&, i](Outcome outcome) {
      As<Committed>(outcome);
      told.push_back(i);
      if (i == 199) last.set_value();
    });
  }
  last.get_future().wait();
  EXPECT_TRUE(std::ranges::is_sorted(told));
  EXPECT_EQ(told.size(), 200);
  EXPECT_EQ(FacilityBytes(*store_, 1), "199");
}

TEST_P(StoreContract, DoneMayApply) {
  std::promise<Outcome> last;
  std::function<void(uint64_t)> next = [&](uint64_t id) {
    store_->Apply(Putting(PutFacility(id, 0, "x")), [&, id](Outcome outcome) {
      if (id == 50) return last.set_value(outcome);
      next(id + 1);
    });
  };
  next(1);
  EXPECT_EQ(As<Committed>(last.get_future().get()).first_index, 49);
}

TEST_P(StoreContract, DoneMayReadWhatItWasToldOf) {
  std::promise<std::string> seen;
  store_->Apply(Putting(PutFacility(1, 0, "one")),
                [&](Outcome) { seen.set_value(FacilityBytes(*store_, 1)); });
  EXPECT_EQ(seen.get_future().get(), "one");
}

TEST_P(StoreContract, TakesChangesFromManyThreads) {
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 1; i <= 50; ++i) {
        Change change = Putting(PutFacility(t * 1000 + i, 0, "x"));
        change.adds = {{"n", 1}};
        As<Committed>(ApplyAndWait(*store_, std::move(change)));
        EXPECT_EQ(FacilityBytes(*store_, t * 1000 + i), "x");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(*Read()->Counter("n"), 400);
  EXPECT_EQ(*Read()->LogSize(), 400);
}

TEST_P(StoreContract, CountersAddUpAndNeverConflict) {
  Change change;
  change.adds = {{"a", 5}, {"b", -2}, {"a", 1}, {"zero", 0}};
  As<Committed>(Apply(change));
  change.adds = {{"a", -6}, {"b", -3}};
  As<Committed>(Apply(change));
  EXPECT_EQ(*Read()->Counter("a"), 0);
  EXPECT_EQ(*Read()->Counter("b"), -5);
  std::vector<std::string> names;
  EXPECT_TRUE(Read()->ScanCounters([&](std::string_view name, int64_t) {
    names.emplace_back(name);
    return true;
  }));
  EXPECT_EQ(names, std::vector<std::string>{"b"});
}

TEST_P(StoreContract, TimesNeverFall) {
  EXPECT_EQ(As<Committed>(Apply(Putting(PutFacility(1, 0, "x")))).time, 1'000'000);
  test_now = 5'000'000;
  EXPECT_EQ(As<Committed>(Apply(Putting(PutFacility(2, 0, "x")))).time, 5'000'000);
  test_now = 2'000'000;
  EXPECT_EQ(As<Committed>(Apply(Putting(PutFacility(3, 0, "x")))).time, 5'000'000);
  test_now = 6'000'000;
  EXPECT_EQ(As<Committed>(Apply(Putting(PutFacility(4, 0, "x")))).time, 6'000'000);
}

TEST_P(StoreContract, StampsEntriesAndKeepsTheirBytes) {
  test_now = 0x0102030405060708;
  Change change;
  change.puts = {
      PutFacility(1, 0, "one"), {Kind::kNote, 1, 0, "unlogged", ""}, PutFacility(2, 0, "two")};
  EXPECT_EQ(As<Committed>(Apply(change)).first_index, 0);
  std::vector<std::string> entries;
  EXPECT_TRUE(Read()->ScanLog(0, [&](const LogRecord& record) {
    EXPECT_EQ(record.index, entries.size());
    entries.emplace_back(record.entry);
    return true;
  }));
  const std::string time("\x09\x08\x07\x06\x05\x04\x03\x02\x01", 9);
  EXPECT_EQ(entries, (std::vector<std::string>{time + "entry of one", time + "entry of two"}));
}

TEST_P(StoreContract, IndexesAreDenseOverRefusals) {
  uint64_t index = 0;
  for (uint64_t i = 1; i <= 20; ++i) {
    Change change;
    change.puts = {PutFacility(2 * i, 0, "x"), PutFacility(2 * i + 1, 0, "x")};
    EXPECT_EQ(As<Committed>(Apply(change)).first_index, index);
    As<MovedRecord>(Apply(change));
    index += 2;
  }
  EXPECT_EQ(*Read()->LogSize(), index);
}

TEST_P(StoreContract, ReservesNumbersOnce) {
  EXPECT_EQ(*store_->Reserve("a", 10), 1);
  EXPECT_EQ(*store_->Reserve("a", 1), 11);
  EXPECT_EQ(*store_->Reserve("b", 5), 1);
  EXPECT_EQ(*store_->Reserve("a", 1), 12);
}

TEST_P(StoreContract, ReservesToManyThreadsWithoutOverlap) {
  std::vector<std::vector<uint64_t>> firsts(4);
  std::vector<std::thread> threads;
  for (auto& own : firsts) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) own.push_back(*store_->Reserve("a", 3));
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<uint64_t> all;
  for (const auto& own : firsts) all.insert(all.end(), own.begin(), own.end());
  std::ranges::sort(all);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], 1 + 3 * i);
}

TEST_P(StoreContract, ForgetsOldRequests) {
  Change change;
  for (int i = 0; i < 3; ++i) {
    test_now = 1'000'000 * (i + 1);
    change.request = MakeRequest(std::to_string(i), 1, "reply");
    As<Committed>(Apply(change));
  }
  EXPECT_EQ(*store_->ForgetRequests(3'000'000), 2);
  EXPECT_FALSE(*Read()->FindRequest("principal", "method", "1"));
  EXPECT_TRUE(*Read()->FindRequest("principal", "method", "2"));
  EXPECT_EQ(*store_->ForgetRequests(3'000'000), 0);
  // Forgotten is as if it had never been.
  change.request = MakeRequest("1", 2, "another");
  As<Committed>(Apply(change));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         ::testing::Values(StoreType::kSqlite, StoreType::kMemory), StoreTypeName);

}  // namespace
}  // namespace yima::store::testing
