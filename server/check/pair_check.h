#ifndef YIMA_SERVER_CHECK_PAIR_CHECK_H_
#define YIMA_SERVER_CHECK_PAIR_CHECK_H_

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sodium.h>

namespace yima::server {

/// Compares two sets of (key, id), such as the terms that follow from records and those that are
/// stored, in whatever order they come and in flat memory. Ids fall into buckets, and each bucket
/// has a sum of keyed hashes, in which what stands on both sides cancels out. Only the pairs of
/// buckets whose sums are not zero are collected, in a second pass over both sides.
class PairCheck {
 public:
  using Pair = std::pair<std::string, uint64_t>;

  PairCheck();
  /// First pass.
  void AddDerived(std::string_view key, uint64_t id);
  void AddStored(std::string_view key, uint64_t id);

  /// Ends the first pass: whether the sets are equal. Of very many differences it keeps the first
  /// buckets, so that the second pass stays small too.
  bool IsEqual();
  /// Second pass: the same calls again, of all pairs or of those with a suspicious id.
  bool IsSuspicious(uint64_t id) const;
  void CollectDerived(std::string_view key, uint64_t id);
  void CollectStored(std::string_view key, uint64_t id);

  std::vector<Pair> Missing() const;  ///< Derived and not stored.
  std::vector<Pair> Surplus() const;  ///< Stored and not derived.

 private:
  static constexpr size_t kBuckets = 4096;
  static constexpr size_t kSuspiciousMax = 64;
  struct Sum {
    uint64_t low = 0;
    uint64_t high = 0;
    bool operator==(const Sum&) const = default;
  };
  static size_t BucketOf(uint64_t id);
  Sum HashOf(std::string_view key, uint64_t id) const;

  std::array<uint8_t, crypto_shorthash_siphashx24_KEYBYTES> key_{};
  std::vector<Sum> sums_;
  std::set<Pair> derived_;
  std::set<Pair> stored_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_PAIR_CHECK_H_
