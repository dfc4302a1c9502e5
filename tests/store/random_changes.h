#ifndef YIMA_TESTS_STORE_RANDOM_CHANGES_H_
#define YIMA_TESTS_STORE_RANDOM_CHANGES_H_

#include <random>
#include <vector>

#include "server/store/store.h"
#include "tests/store/dump.h"

namespace yima::store::testing {

/// YIMA_TEST_SEED, or another one at each run; printed, so that a failure can be repeated.
uint64_t TestSeed();

/// Changes over a few records, keys, terms, counters and requests, so that they meet often: most
/// fit what a snapshot holds, the others must be refused.
class RandomChanges {
 public:
  explicit RandomChanges(uint64_t seed) : random_(seed) {}

  Change Next(const Snapshot& snapshot);
  /// Every request that Next may have named.
  static std::vector<RequestName> Requests();
  /// 0 … n - 1.
  uint64_t Below(uint64_t n) { return std::uniform_int_distribution<uint64_t>(0, n - 1)(random_); }

 private:
  uint64_t Revision(const Snapshot& snapshot, Kind kind, uint64_t id);
  uint64_t Holder(const Snapshot& snapshot, Index index, const std::string& key);
  std::string Bytes();
  void AddPuts(const Snapshot& snapshot, Change& change);
  void AddClaims(const Snapshot& snapshot, Change& change);

  std::mt19937_64 random_;
};

}  // namespace yima::store::testing

#endif  // YIMA_TESTS_STORE_RANDOM_CHANGES_H_
