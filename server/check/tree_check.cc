#include "server/check/tree_check.h"

#include <algorithm>

#include "server/log/tree_hash.h"
#include "server/log/tree_keeper.h"
#include "server/resolver/trust_notes.h"

namespace yima::server {
namespace {

bool IsSigned(const TreeHead& head, const v1::Registry& registry) {
  const auto note = SignedNote::Parse(head.note);
  const auto published = BundleOf(registry);
  return note && published && std::ranges::any_of(published->log_keys, [&](const PublicKey& key) {
           return note->IsSignedBy(key);
         });
}

/// A restored registry that was not served yet still has the head of the epoch before.
bool IsOfRegistry(const TreeHead& head, const v1::Registry& registry) {
  return head.checkpoint.origin.starts_with(registry.id() + "/");
}

/// The tree over the log's first entries, tile by tile.
class TreeMadeAnew {
 public:
  TreeMadeAnew(const store::Snapshot& snapshot, Findings& findings, const CheckProgress& progress)
      : snapshot_(snapshot), findings_(findings), progress_(progress) {}

  Result<void> Compare(const TreeHead& stored) {
    const uint64_t size = stored.checkpoint.size;
    uint64_t next = 0;
    Result<void> read;
    if (size > 0) {
      YIMA_RETURN_IF_ERROR(snapshot_.ScanLog(0, [&](const store::LogRecord& record) {
        AddLeaf(FastHashLeaf(record.entry), next++, tree_, filled_);
        read = CompareFilled();
        return read && next < size;
      }));
    }
    YIMA_RETURN_IF_ERROR(read);
    if (next < size) findings_.Add("a tree of {} entries is signed, the log holds {}", size, next);
    if (next == size && !differs_ && RootOfOpen(tree_) != stored.checkpoint.root) {
      findings_.Add("the root that is signed for {} entries is not theirs", size);
    }
    return CompareCount();
  }

 private:
  Result<void> CompareFilled() {
    for (const auto& put : filled_.puts) {
      ++tiles_;
      YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot_.Get(store::Kind::kTreeTile, put.id));
      if (differs_ || (stored && stored->bytes == put.bytes)) continue;
      differs_ = true;
      findings_.Add("{} of the log's tree is not what its entries make", TileOfId(put.id).Path());
    }
    if (!filled_.puts.empty()) progress_("the log's tree", tiles_ * Tile::kWidth);
    filled_.puts.clear();
    return {};
  }

  Result<void> CompareCount() {
    uint64_t stored = 0;
    YIMA_RETURN_IF_ERROR(
        snapshot_.Scan(store::Kind::kTreeTile, 0, {}, [&](uint64_t, uint64_t, std::string_view) {
          ++stored;
          return true;
        }));
    if (stored != tiles_) {
      findings_.Add("{} tiles of the log's tree are stored, want {}", stored, tiles_);
    }
    return {};
  }

  const store::Snapshot& snapshot_;
  Findings& findings_;
  const CheckProgress& progress_;
  TreeHead tree_;
  store::Change filled_;
  uint64_t tiles_ = 0;
  bool differs_ = false;
};

}  // namespace

Result<void> CheckTree(const store::Snapshot& snapshot, const v1::Registry& registry,
                       Findings& findings, const CheckProgress& progress) {
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kTreeHead, kTreeHeadId));
  // Not served yet since it was made, or since logs have trees.
  if (!stored) {
    YIMA_ASSIGN_OR_RETURN(const auto tile, snapshot.Get(store::Kind::kTreeTile, 1));
    if (tile) findings.Add("the log's tree has tiles, but no head");
    return {};
  }
  const auto head = TreeHead::Parse(stored->bytes);
  if (!head) {
    findings.Add("the head of the log's tree does not parse");
    return {};
  }
  if (!IsOfRegistry(*head, registry)) {
    findings.Add("the log's checkpoint is of \"{}\"", head->checkpoint.origin);
  }
  if (!IsSigned(*head, registry)) {
    findings.Add("the log's checkpoint is not signed by a key that the registry publishes");
  }
  return TreeMadeAnew(snapshot, findings, progress).Compare(*head);
}

}  // namespace yima::server
