#ifndef YIMA_SERVER_LOG_TREE_HEAD_H_
#define YIMA_SERVER_LOG_TREE_HEAD_H_

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/checkpoint.h"
#include "codegen/code/tile.h"
#include "codegen/code/tree.h"
#include "server/store/store.h"

namespace yima::server {

constexpr uint64_t kTreeHeadId = 1;  ///< Of the one kTreeHead record.

/// The log's tree at one size, signed. Full tiles are records of the store; what is in none yet is
/// held here.
struct TreeHead {
  Checkpoint checkpoint;
  std::string note;  ///< The checkpoint, signed by the log's keys.
  /// For each level of tiles the hashes of the one at the right end, fewer than 256.
  std::array<std::vector<TreeHash>, Tile::kLevelMax + 1> open;

  /// As it is stored; nothing when the bytes are damaged.
  std::string Serialize() const;
  static std::optional<TreeHead> Parse(std::string_view bytes);
};

/// The newest head, for whoever serves it. Thread-safe.
class TreeNow {
 public:
  /// Null before the first.
  std::shared_ptr<const TreeHead> head() const {
    const std::lock_guard lock(mutex_);
    return head_;
  }
  void Set(std::shared_ptr<const TreeHead> head) {
    const std::lock_guard lock(mutex_);
    head_ = std::move(head);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const TreeHead> head_;
};

/// A full tile as it is stored: its 256 hashes, then what is made of them, a level at a time up to
/// the two below its root, so that a proof reads and hashes nothing.
std::string StoredTile(const std::vector<TreeHash>& hashes);
/// The hash over all of a tile.
TreeHash TileRoot(std::string_view stored);
/// The id of its record, and back.
uint64_t TileId(const Tile& tile);
Tile TileOfId(uint64_t id);

/// The hash of any subtree that is complete in a tree: from the store, which must hold the head's
/// tiles, or from the head. TREE_DAMAGED (DATA_LOSS) when a tile is missing or too short; what the
/// store says. Both must outlive it; for one thread, which keeps the head's upper tiles until it
/// asks for another head's.
SubtreeHashes HashesIn(const TreeHead& head, const store::Snapshot& snapshot);

/// The bytes of a tile of hashes, as it is served, that the head's tree has; as HashesIn.
Result<std::string> TileBytes(const Tile& tile, const TreeHead& head,
                              const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_LOG_TREE_HEAD_H_
