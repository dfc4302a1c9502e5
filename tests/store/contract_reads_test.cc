// What every store's snapshots show.
#include <future>

#include "tests/store/contract.h"
#include "tests/store/dump.h"

namespace yima::store::testing {
namespace {

class StoreReadsContract : public StoreContract {
 protected:
  std::vector<uint64_t> Scan(uint64_t after, const std::vector<std::string>& terms,
                             size_t count_max = 1000) {
    std::vector<uint64_t> ids;
    EXPECT_TRUE(
        Read()->Scan(Kind::kFacility, after, terms, [&](uint64_t id, uint64_t, std::string_view) {
          ids.push_back(id);
          return ids.size() < count_max;
        }));
    return ids;
  }
  std::vector<std::string> Keys(const std::string& prefix, size_t count_max = 1000) {
    std::vector<std::string> keys;
    EXPECT_TRUE(
        Read()->ScanClaims(Index::kFacilityCode, prefix, [&](std::string_view key, uint64_t) {
          keys.emplace_back(key);
          return keys.size() < count_max;
        }));
    return keys;
  }
  void AddTerms(uint64_t id, const std::vector<std::string>& terms) {
    Change change = Putting(PutFacility(id, 0, "x"));
    for (const auto& term : terms) change.terms.push_back({Kind::kFacility, term, id, true});
    As<Committed>(Apply(std::move(change)));
  }
};

using Ids = std::vector<uint64_t>;
using Words = std::vector<std::string>;

TEST_P(StoreReadsContract, SnapshotsAreIsolatedFromLaterWrites) {
  Change change = Putting(PutFacility(1, 0, "one"));
  change.claims = {ClaimCode("a", 0, 1)};
  change.terms = {{Kind::kFacility, "t", 1, true}};
  change.adds = {{"n", 1}};
  As<Committed>(Apply(change));
  const auto snapshot = Read();
  const auto before = Dump(*snapshot, {{"principal", "method", "r"}});
  Change later;
  later.puts = {PutFacility(1, 1, "changed"), PutFacility(2, 0, "two")};
  later.claims = {ClaimCode("a", 1, 2), ClaimCode("b", 0, 2)};
  later.terms = {{Kind::kFacility, "t", 1, false}, {Kind::kFacility, "t", 2, true}};
  later.adds = {{"n", 1}};
  later.request = MakeRequest("r", 1, "reply");
  As<Committed>(Apply(later));
  EXPECT_EQ(Dump(*snapshot, {{"principal", "method", "r"}}), before);
  EXPECT_NE(Dump(*Read(), {{"principal", "method", "r"}}), before);
}

TEST_P(StoreReadsContract, SnapshotsOfOneMomentAreEqual) {
  As<Committed>(Apply(Putting(PutFacility(1, 0, "one"))));
  const auto first = Read();
  const auto second = Read();
  As<Committed>(Apply(Putting(PutFacility(1, 1, "two"))));
  const auto third = Read();
  EXPECT_EQ(Dump(*first, {}), Dump(*second, {}));
  EXPECT_NE(Dump(*first, {}), Dump(*third, {}));
}

TEST_P(StoreReadsContract, ScansByRisingIdAboveAPlace) {
  for (const uint64_t id : {uint64_t{5}, uint64_t{1}, uint64_t{INT64_MAX}, uint64_t{1} << 40}) {
    AddTerms(id, {});
  }
  EXPECT_EQ(Scan(0, {}), (Ids{1, 5, uint64_t{1} << 40, INT64_MAX}));
  EXPECT_EQ(Scan(5, {}), (Ids{uint64_t{1} << 40, INT64_MAX}));
  EXPECT_EQ(Scan(0, {}, 2), (Ids{1, 5}));
  EXPECT_EQ(Scan(INT64_MAX, {}), Ids{});
}

TEST_P(StoreReadsContract, ScansWhatStandsUnderAllTerms) {
  AddTerms(1, {"a", "b"});
  AddTerms(2, {"a"});
  AddTerms(3, {"a", "b", "c"});
  EXPECT_EQ(Scan(0, {"a"}), (Ids{1, 2, 3}));
  EXPECT_EQ(Scan(0, {"a", "b"}), (Ids{1, 3}));
  EXPECT_EQ(Scan(1, {"b", "a"}), (Ids{3}));
  EXPECT_EQ(Scan(0, {"a", "b", "c", "a"}), (Ids{3}));
  EXPECT_EQ(Scan(0, {"d"}), Ids{});
  EXPECT_EQ(Scan(0, {"a"}, 1), Ids{1});
}

TEST_P(StoreReadsContract, ATermWithoutItsRecordIsNotScanned) {
  Change change;
  change.terms = {{Kind::kFacility, "t", 1, true}, {Kind::kCode, "t", 2, true}};
  As<Committed>(Apply(change));
  EXPECT_EQ(Scan(0, {"t"}), Ids{});
}

TEST_P(StoreReadsContract, TermsComeAndGo) {
  AddTerms(1, {"a", "b"});
  Change change;
  change.terms = {{Kind::kFacility, "a", 1, false},
                  {Kind::kFacility, "never", 1, false},
                  {Kind::kFacility, "b", 1, true}};
  As<Committed>(Apply(change));
  EXPECT_EQ(Scan(0, {"a"}), Ids{});
  EXPECT_EQ(Scan(0, {"b"}), Ids{1});
  change.terms = {{Kind::kFacility, "c", 1, true}, {Kind::kFacility, "c", 1, false}};
  As<Committed>(Apply(change));
  EXPECT_EQ(Scan(0, {"c"}), Ids{});
}

TEST_P(StoreReadsContract, ListsTermsByTermAndId) {
  AddTerms(2, {"b", "a"});
  AddTerms(1, {"b"});
  Words seen;
  EXPECT_TRUE(Read()->ScanTerms(Kind::kFacility, [&](std::string_view term, uint64_t id) {
    seen.push_back(std::string(term) + std::to_string(id));
    return seen.size() < 3;
  }));
  EXPECT_EQ(seen, (Words{"a2", "b1", "b2"}));
}

TEST_P(StoreReadsContract, ScansKeysByPrefixInByteOrder) {
  Change change;
  const std::string zero("a\0", 2);
  change.claims = {ClaimCode("b", 0, 1),
                   ClaimCode("a\xff", 0, 2),
                   ClaimCode(zero, 0, 3),
                   ClaimCode("a", 0, 4),
                   {Index::kExternalCode, "ab", 0, 5}};
  As<Committed>(Apply(change));
  EXPECT_EQ(Keys("a"), (Words{"a", zero, "a\xff"}));
  EXPECT_EQ(Keys("", 2), (Words{"a", zero}));
  EXPECT_EQ(Keys("a\xff"), Words{"a\xff"});
  EXPECT_EQ(Keys("c"), Words{});
}

TEST_P(StoreReadsContract, ScansTheLogFromAPlaceAndStops) {
  for (uint64_t id = 1; id <= 5; ++id) AddTerms(id, {});
  std::vector<uint64_t> seen;
  EXPECT_TRUE(Read()->ScanLog(2, [&](const LogRecord& record) {
    seen.push_back(record.index);
    return seen.size() < 2;
  }));
  EXPECT_EQ(seen, (Ids{2, 3}));
  EXPECT_TRUE(Read()->ScanLog(5, [&](const LogRecord&) {
    ADD_FAILURE();
    return true;
  }));
}

TEST_P(StoreReadsContract, AVisitMayAskForMore) {
  AddTerms(1, {"a"});
  AddTerms(2, {"a"});
  const auto snapshot = Read();
  int pairs = 0;
  EXPECT_TRUE(
      snapshot->Scan(Kind::kFacility, 0, {"a"}, [&](uint64_t id, uint64_t, std::string_view) {
        EXPECT_TRUE(*snapshot->Get(Kind::kFacility, id));
        EXPECT_TRUE(
            snapshot->Scan(Kind::kFacility, 0, {"a"}, [&](uint64_t, uint64_t, std::string_view) {
              ++pairs;
              return true;
            }));
        return true;
      }));
  EXPECT_EQ(pairs, 4);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreReadsContract,
                         ::testing::Values(StoreType::kSqlite, StoreType::kMemory), StoreTypeName);

}  // namespace
}  // namespace yima::store::testing
