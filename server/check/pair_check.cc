#include "server/check/pair_check.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace yima::server {

PairCheck::PairCheck() : sums_(kBuckets) { randombytes_buf(key_.data(), key_.size()); }

size_t PairCheck::BucketOf(uint64_t id) {
  // Ids are numbered one after another, so their low bits spread them evenly.
  return id % kBuckets;
}

PairCheck::Sum PairCheck::HashOf(std::string_view key, uint64_t id) const {
  std::string bytes(key);
  bytes.append(reinterpret_cast<const char*>(&id), sizeof id);
  uint8_t hash[crypto_shorthash_siphashx24_BYTES];
  crypto_shorthash_siphashx24(hash, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
                              key_.data());
  Sum sum;
  static_assert(sizeof hash == sizeof sum);
  std::memcpy(&sum, hash, sizeof sum);
  return sum;
}

void PairCheck::AddDerived(std::string_view key, uint64_t id) {
  const Sum hash = HashOf(key, id);
  Sum& sum = sums_[BucketOf(id)];
  sum.low += hash.low;
  sum.high += hash.high;
}

void PairCheck::AddStored(std::string_view key, uint64_t id) {
  const Sum hash = HashOf(key, id);
  Sum& sum = sums_[BucketOf(id)];
  sum.low -= hash.low;
  sum.high -= hash.high;
}

bool PairCheck::IsEqual() {
  size_t suspicious = 0;
  for (Sum& sum : sums_) {
    if (sum != Sum{} && ++suspicious > kSuspiciousMax) sum = {};
  }
  return suspicious == 0;
}

bool PairCheck::IsSuspicious(uint64_t id) const { return sums_[BucketOf(id)] != Sum{}; }

void PairCheck::CollectDerived(std::string_view key, uint64_t id) {
  if (IsSuspicious(id)) derived_.emplace(key, id);
}

void PairCheck::CollectStored(std::string_view key, uint64_t id) {
  if (IsSuspicious(id)) stored_.emplace(key, id);
}

std::vector<PairCheck::Pair> PairCheck::Missing() const {
  std::vector<Pair> missing;
  std::ranges::set_difference(derived_, stored_, std::back_inserter(missing));
  return missing;
}

std::vector<PairCheck::Pair> PairCheck::Surplus() const {
  std::vector<Pair> surplus;
  std::ranges::set_difference(stored_, derived_, std::back_inserter(surplus));
  return surplus;
}

}  // namespace yima::server
