#include "server/log/tree_head.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "server/log/tree_hash.h"
#include "yima/v1/tree.pb.h"

namespace yima::server {
namespace {

constexpr size_t kHash = sizeof(TreeHash);
constexpr int kLevelShift = 48;
/// 256 + 128 + … + 2.
constexpr size_t kStoredTile = (2 * Tile::kWidth - 2) * kHash;

/// Where the hashes of a level within a tile begin, counted in hashes: 0, 256, 384 …
constexpr size_t LevelBegin(int level) { return 2 * Tile::kWidth - ((2 * Tile::kWidth) >> level); }

TreeHash HashAt(std::string_view bytes, size_t index) {
  TreeHash hash;
  std::copy_n(bytes.data() + index * kHash, kHash, hash.begin());
  return hash;
}

std::string Bytes(std::span<const TreeHash> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * kHash);
  for (const TreeHash& hash : hashes) bytes.append(hash.begin(), hash.end());
  return bytes;
}

tl::unexpected<Error> Damaged(const Tile& tile) {
  return Fail(StatusCode::kDataLoss, "TREE_DAMAGED",
              fmt::format("{} is not as it was stored; run yimad check", tile.Path()));
}

Result<std::string> ReadStored(const Tile& tile, const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(auto stored, snapshot.Get(store::Kind::kTreeTile, TileId(tile)));
  if (!stored || stored->bytes.size() != kStoredTile) return Damaged(tile);
  return std::move(stored->bytes);
}

/// What proofs of one head need again and again, kept by each thread: hashes of subtrees within its
/// open tiles, each made of up to 128 others, and its full tiles above the lowest, a 256th of all.
/// They follow from the head alone, which its root names: full tiles stay true under the next, too,
/// but only a root tells one log from another.
class KeptOfHead {
 public:
  /// Until the next call with another head.
  static KeptOfHead& Of(const TreeHead& head) {
    thread_local KeptOfHead kept;
    if (kept.root_ != head.checkpoint.root) kept = KeptOfHead(head.checkpoint.root);
    return kept;
  }

  TreeHash OpenSubtree(const TreeHead& head, const Tile& tile, uint64_t index, int level) {
    auto [found, added] = open_.try_emplace({tile.level, index, level});
    if (added) {
      const auto& open = head.open[static_cast<size_t>(tile.level)];
      found->second = FastRoot(std::span(open).subspan(index << level, size_t{1} << level));
    }
    return found->second;
  }

  /// Of a tile above the lowest, until the next call.
  Result<const std::string*> FullTile(const Tile& tile, const store::Snapshot& snapshot) {
    const uint64_t id = TileId(tile);
    if (const auto found = full_.find(id); found != full_.end()) return &found->second;
    YIMA_ASSIGN_OR_RETURN(auto stored, ReadStored(tile, snapshot));
    // A bound, not a tuning: so many are there at 16 million entries.
    constexpr size_t kFullMax = 256;
    if (full_.size() >= kFullMax) full_.clear();
    return &full_.emplace(id, std::move(stored)).first->second;
  }

 private:
  KeptOfHead() = default;
  explicit KeptOfHead(const TreeHash& root) : root_(root) {}

  TreeHash root_{};
  std::map<std::tuple<int, uint64_t, int>, TreeHash> open_;
  std::unordered_map<uint64_t, std::string> full_;
};

}  // namespace

std::string TreeHead::Serialize() const {
  v1::TreeHead stored;
  stored.set_note(note);
  for (const auto& hashes : open) stored.add_open(Bytes(hashes));
  return stored.SerializeAsString();
}

std::optional<TreeHead> TreeHead::Parse(std::string_view bytes) {
  v1::TreeHead stored;
  TreeHead head;
  if (!stored.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      stored.open_size() != static_cast<int>(head.open.size())) {
    return std::nullopt;
  }
  head.note = stored.note();
  const auto note = SignedNote::Parse(head.note);
  auto checkpoint = note ? Checkpoint::Parse(note->text) : tl::unexpected(note.error());
  if (!checkpoint) return std::nullopt;
  head.checkpoint = *std::move(checkpoint);
  for (size_t level = 0; level < head.open.size(); ++level) {
    const std::string& hashes = stored.open(static_cast<int>(level));
    const uint64_t wanted = (head.checkpoint.size >> (level * Tile::kHeight)) % Tile::kWidth;
    if (hashes.size() != wanted * kHash) return std::nullopt;
    for (size_t i = 0; i < wanted; ++i) head.open[level].push_back(HashAt(hashes, i));
  }
  return head;
}

std::string StoredTile(const std::vector<TreeHash>& hashes) {
  std::string stored;
  stored.reserve(kStoredTile);
  std::vector<TreeHash> level = hashes;
  while (level.size() > 1) {
    stored += Bytes(level);
    for (size_t i = 0; i < level.size() / 2; ++i) {
      level[i] = FastHashChildren(level[2 * i], level[2 * i + 1]);
    }
    level.resize(level.size() / 2);
  }
  return stored;
}

TreeHash TileRoot(std::string_view stored) {
  constexpr size_t kLast = kStoredTile / kHash;
  return FastHashChildren(HashAt(stored, kLast - 2), HashAt(stored, kLast - 1));
}

uint64_t TileId(const Tile& tile) {
  return 1 + (static_cast<uint64_t>(tile.level) << kLevelShift | tile.index);
}

Tile TileOfId(uint64_t id) {
  constexpr uint64_t kIndexes = (uint64_t{1} << kLevelShift) - 1;
  return {false, static_cast<int>((id - 1) >> kLevelShift), (id - 1) & kIndexes};
}

SubtreeHashes HashesIn(const TreeHead& head, const store::Snapshot& snapshot) {
  struct Kept {
    uint64_t id = 0;
    std::string stored;
  };
  // Hashes of one proof mostly stand in the same lowest tile.
  const auto lowest = std::make_shared<Kept>();
  return [&head, &snapshot, lowest](const Subtree& subtree) -> Result<TreeHash> {
    const Tile tile = TileOf(subtree, head.checkpoint.size);
    const int level = subtree.level % Tile::kHeight;
    const uint64_t index = subtree.index - (tile.index << (Tile::kHeight - level));
    const size_t at = LevelBegin(level) + index;
    if (tile.width < Tile::kWidth) {
      return KeptOfHead::Of(head).OpenSubtree(head, tile, index, level);
    }
    if (tile.level > 0) {
      YIMA_ASSIGN_OR_RETURN(const auto* stored, KeptOfHead::Of(head).FullTile(tile, snapshot));
      return HashAt(*stored, at);
    }
    if (lowest->id != TileId(tile)) {
      lowest->id = 0;
      YIMA_ASSIGN_OR_RETURN(lowest->stored, ReadStored(tile, snapshot));
      lowest->id = TileId(tile);
    }
    return HashAt(lowest->stored, at);
  };
}

Result<std::string> TileBytes(const Tile& tile, const TreeHead& head,
                              const store::Snapshot& snapshot) {
  const uint64_t hashes = head.checkpoint.size >> (tile.level * Tile::kHeight);
  if (tile.index < hashes / Tile::kWidth) {
    YIMA_ASSIGN_OR_RETURN(std::string stored, ReadStored(tile, snapshot));
    stored.resize(tile.width * kHash);
    return stored;
  }
  return Bytes(std::span(head.open[static_cast<size_t>(tile.level)]).first(tile.width));
}

}  // namespace yima::server
