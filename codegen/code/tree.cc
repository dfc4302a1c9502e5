#include "codegen/code/tree.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>

namespace yima {
namespace {

/// Entries begin up to end.
struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;
};

tl::unexpected<Error> OutOfRange(std::string message) {
  return Fail(StatusCode::kOutOfRange, "PROOF_RANGE", std::move(message));
}

tl::unexpected<Error> Wrong(std::string message) {
  return Fail(StatusCode::kDataLoss, "PROOF_WRONG", std::move(message));
}

/// Of hashes from the left, each of a larger subtree than the next.
TreeHash Join(const std::vector<TreeHash>& hashes) {
  if (hashes.empty()) return EmptyTreeRoot();
  TreeHash joined = hashes.back();
  for (size_t i = hashes.size() - 1; i-- > 0;) joined = HashChildren(hashes[i], joined);
  return joined;
}

/// A range that begins where a subtree of at least its length may begin.
Result<TreeHash> HashOf(const Range& range, const SubtreeHashes& hashes) {
  const uint64_t size = range.end - range.begin;
  // All of a proof but what lies at the right end.
  if (std::has_single_bit(size)) {
    const int level = std::countr_zero(size);
    return hashes({level, range.begin >> level});
  }
  std::vector<TreeHash> parts;
  for (const auto& [level, index] : SubtreesOf(size)) {
    YIMA_ASSIGN_OR_RETURN(const TreeHash hash, hashes({level, (range.begin >> level) + index}));
    parts.push_back(hash);
  }
  return Join(parts);
}

Result<std::vector<TreeHash>> HashesOf(const std::vector<Range>& ranges,
                                       const SubtreeHashes& hashes) {
  std::vector<TreeHash> proof;
  proof.reserve(ranges.size());
  for (const Range& range : ranges) {
    YIMA_ASSIGN_OR_RETURN(const TreeHash hash, HashOf(range, hashes));
    proof.push_back(hash);
  }
  return proof;
}

/// Takes the side of a range that holds `entry` and gives the other: the two are split at the
/// largest power of two below the length.
Range Descend(Range& range, uint64_t entry) {
  const uint64_t split = range.begin + std::bit_floor(range.end - range.begin - 1);
  const Range left{range.begin, split};
  const Range right{split, range.end};
  range = entry < split ? left : right;
  return entry < split ? right : left;
}

}  // namespace

TreeHash HashLeaf(std::string_view entry) {
  constexpr uint8_t kLeaf = 0;
  TreeHash hash;
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, &kLeaf, 1);
  crypto_hash_sha256_update(&state, reinterpret_cast<const uint8_t*>(entry.data()), entry.size());
  crypto_hash_sha256_final(&state, hash.data());
  return hash;
}

TreeHash HashChildren(const TreeHash& left, const TreeHash& right) {
  std::array<uint8_t, 65> both;
  both[0] = 1;
  std::ranges::copy(left, both.begin() + 1);
  std::ranges::copy(right, both.begin() + 33);
  TreeHash hash;
  crypto_hash_sha256(hash.data(), both.data(), both.size());
  return hash;
}

TreeHash EmptyTreeRoot() {
  TreeHash hash;
  crypto_hash_sha256(hash.data(), nullptr, 0);
  return hash;
}

std::vector<Subtree> SubtreesOf(uint64_t size) {
  std::vector<Subtree> subtrees;
  for (uint64_t begin = 0; begin < size;) {
    const int level = 63 - std::countl_zero(size - begin);
    subtrees.push_back({level, begin >> level});
    begin += uint64_t{1} << level;
  }
  return subtrees;
}

Result<TreeHash> RootOf(uint64_t size, const SubtreeHashes& hashes) {
  return HashOf({0, size}, hashes);
}

Result<GrowingTree> GrowingTree::From(uint64_t size, const SubtreeHashes& hashes) {
  GrowingTree tree;
  tree.size_ = size;
  for (const Subtree& subtree : SubtreesOf(size)) {
    YIMA_ASSIGN_OR_RETURN(const TreeHash hash, hashes(subtree));
    tree.hashes_.push_back(hash);
  }
  return tree;
}

void GrowingTree::Append(const TreeHash& leaf, const Completed& completed) {
  Subtree subtree{0, size_};
  hashes_.push_back(leaf);
  if (completed) completed(subtree, leaf);
  while (subtree.index % 2 == 1) {
    subtree = {subtree.level + 1, subtree.index / 2};
    const TreeHash right = hashes_.back();
    hashes_.pop_back();
    hashes_.back() = HashChildren(hashes_.back(), right);
    if (completed) completed(subtree, hashes_.back());
  }
  ++size_;
}

TreeHash GrowingTree::Root() const { return Join(hashes_); }

Result<std::vector<TreeHash>> InclusionProof(uint64_t index, uint64_t size,
                                             const SubtreeHashes& hashes) {
  if (index >= size) {
    return OutOfRange(fmt::format("entry {} is not in a tree of {} entries", index, size));
  }
  std::vector<Range> siblings;
  for (Range range{0, size}; range.end - range.begin > 1;) {
    siblings.push_back(Descend(range, index));
  }
  std::ranges::reverse(siblings);
  return HashesOf(siblings, hashes);
}

// The checks are those of RFC 9162, sections 2.1.3.2 and 2.1.4.2.
Result<void> VerifyInclusion(uint64_t index, uint64_t size, const TreeHash& leaf,
                             const std::vector<TreeHash>& proof, const TreeHash& root) {
  if (index >= size) {
    return OutOfRange(fmt::format("entry {} is not in a tree of {} entries", index, size));
  }
  uint64_t at = index;
  uint64_t last = size - 1;
  TreeHash hash = leaf;
  for (const TreeHash& sibling : proof) {
    if (last == 0) return Wrong("the proof of inclusion is too long");
    if (at % 2 == 1 || at == last) {
      hash = HashChildren(sibling, hash);
      for (; at % 2 == 0 && at != 0; at >>= 1) last >>= 1;
    } else {
      hash = HashChildren(hash, sibling);
    }
    at >>= 1;
    last >>= 1;
  }
  if (last != 0) return Wrong("the proof of inclusion is too short");
  if (hash != root) {
    return Wrong(
        fmt::format("entry {} is not in the tree of {} entries with this root", index, size));
  }
  return {};
}

Result<std::vector<TreeHash>> ConsistencyProof(uint64_t older, uint64_t newer,
                                               const SubtreeHashes& hashes) {
  if (older > newer) {
    return OutOfRange(fmt::format("a tree of {} entries is none before {}", older, newer));
  }
  if (older == 0 || older == newer) return std::vector<TreeHash>{};
  std::vector<Range> ranges;
  Range range{0, newer};
  while (range.end != older) ranges.push_back(Descend(range, older - 1));
  // The older root itself is known to who asks.
  if (range.begin != 0) ranges.push_back(range);
  std::ranges::reverse(ranges);
  return HashesOf(ranges, hashes);
}

Result<void> VerifyConsistency(uint64_t older, uint64_t newer, const std::vector<TreeHash>& proof,
                               const TreeHash& older_root, const TreeHash& newer_root) {
  if (older > newer) {
    return OutOfRange(fmt::format("a tree of {} entries is none before {}", older, newer));
  }
  if (older == 0 || older == newer) {
    if (!proof.empty()) return Wrong("the proof of consistency is too long");
    if (older == 0 && older_root != EmptyTreeRoot())
      return Wrong("the older root is not of 0 entries");
    if (older == newer && older_root != newer_root) {
      return Wrong(fmt::format("two trees of {} entries have different roots", older));
    }
    return {};
  }
  uint64_t at = older - 1;
  uint64_t last = newer - 1;
  for (; at % 2 == 1; at >>= 1) last >>= 1;
  auto next = proof.begin();
  // A tree that is one complete subtree is where the proof begins.
  if (at != 0 && next == proof.end()) return Wrong("the proof of consistency is too short");
  TreeHash older_hash = at == 0 ? older_root : *next++;
  TreeHash newer_hash = older_hash;
  for (; next != proof.end(); ++next) {
    if (last == 0) return Wrong("the proof of consistency is too long");
    if (at % 2 == 1 || at == last) {
      older_hash = HashChildren(*next, older_hash);
      newer_hash = HashChildren(*next, newer_hash);
      for (; at % 2 == 0 && at != 0; at >>= 1) last >>= 1;
    } else {
      newer_hash = HashChildren(newer_hash, *next);
    }
    at >>= 1;
    last >>= 1;
  }
  if (last != 0) return Wrong("the proof of consistency is too short");
  if (older_hash != older_root || newer_hash != newer_root) {
    return Wrong(
        fmt::format("the tree of {} entries is not the beginning of the one of {}", older, newer));
  }
  return {};
}

}  // namespace yima
