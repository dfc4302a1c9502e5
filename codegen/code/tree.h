#ifndef YIMA_CODEGEN_CODE_TREE_H_
#define YIMA_CODEGEN_CODE_TREE_H_

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "codegen/code/result.h"

namespace yima {

/// The Merkle tree over a log's entries, as RFC 6962 section 2.1 defines it (RFC 9162 keeps it):
/// SHA-256, 0x00 before an entry, 0x01 before two hashes. All functions here are thread-safe, as
/// far as the source of hashes they are given is; they hand its errors on.
using TreeHash = std::array<uint8_t, 32>;

TreeHash HashLeaf(std::string_view entry);
TreeHash HashChildren(const TreeHash& left, const TreeHash& right);
/// The root of a log without entries.
TreeHash EmptyTreeRoot();

/// The complete subtree over entries index · 2^level up to (index + 1) · 2^level. Its hash never
/// changes once it is complete, so it can be kept, and fetched from anybody.
struct Subtree {
  int level = 0;
  uint64_t index = 0;
  auto operator<=>(const Subtree&) const = default;
};

/// Where the hash of a complete subtree comes from.
using SubtreeHashes = std::function<Result<TreeHash>(const Subtree&)>;

/// The complete subtrees that a tree of this many entries consists of, from the left; at most 64.
std::vector<Subtree> SubtreesOf(uint64_t size);
/// The root of a tree of this many entries.
Result<TreeHash> RootOf(uint64_t size, const SubtreeHashes& hashes);

/// Grows by an entry at a time, holding no more than the hashes of SubtreesOf(size()). Not
/// thread-safe.
class GrowingTree {
 public:
  GrowingTree() = default;
  /// Goes on from a tree of this size.
  static Result<GrowingTree> From(uint64_t size, const SubtreeHashes& hashes);

  /// Each subtree that the leaf completes, itself first; before size() grows.
  using Completed = std::function<void(const Subtree&, const TreeHash&)>;
  void Append(const TreeHash& leaf, const Completed& completed = {});

  uint64_t size() const { return size_; }
  TreeHash Root() const;

 private:
  uint64_t size_ = 0;
  std::vector<TreeHash> hashes_;
};

/// That entry `index` is in the tree of `size`: what PATH of RFC 6962 section 2.1.1 gives.
/// PROOF_RANGE unless index < size.
Result<std::vector<TreeHash>> InclusionProof(uint64_t index, uint64_t size,
                                             const SubtreeHashes& hashes);
/// Whether the proof leads from the hash of the entry to the root: PROOF_WRONG if not, or when it
/// has more or fewer hashes than it must; PROOF_RANGE unless index < size.
Result<void> VerifyInclusion(uint64_t index, uint64_t size, const TreeHash& leaf,
                             const std::vector<TreeHash>& proof, const TreeHash& root);

/// That the tree of `older` entries is the beginning of the tree of `newer`: what PROOF of RFC 6962
/// section 2.1.2 gives; empty when one of them is empty or both are of one size. PROOF_RANGE unless
/// older ≤ newer.
Result<std::vector<TreeHash>> ConsistencyProof(uint64_t older, uint64_t newer,
                                               const SubtreeHashes& hashes);
/// Whether the proof leads to both roots: PROOF_WRONG if not, or when it has more or fewer hashes
/// than it must; PROOF_RANGE unless older ≤ newer. Every tree begins with the one of 0 entries, so
/// from there nothing is said about `newer_root`.
Result<void> VerifyConsistency(uint64_t older, uint64_t newer, const std::vector<TreeHash>& proof,
                               const TreeHash& older_root, const TreeHash& newer_root);

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_TREE_H_
