#include "server/backup/last_checkpoint.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "codegen/code/log_name.h"
#include "codegen/code/tile_tree.h"
#include "server/log/tree_hash.h"
#include "server/log/tree_head.h"

namespace yima::server {
namespace {

constexpr const char* kOption = "--checkpoint";
constexpr size_t kNoteSizeMax = 64 << 10;

tl::unexpected<Error> Foreign(std::string what) {
  return Fail(StatusCode::kFailedPrecondition, "CHECKPOINT_FOREIGN", std::move(what), kOption);
}

bool IsSigned(const SignedNote& note, const v1::Registry& registry) {
  return std::ranges::any_of(registry.log_keys(), [&](const std::string& bytes) {
    PublicKey key{};
    if (bytes.size() != key.size()) return false;
    std::ranges::copy(bytes, key.begin());
    return note.IsSignedBy(key);
  });
}

Result<TreeHash> RootOfEntries(const store::Snapshot& snapshot, uint64_t size) {
  TileTree tree(FastHashChildren);
  if (size == 0) return tree.Root();
  YIMA_RETURN_IF_ERROR(snapshot.ScanLog(0, [&](const store::LogRecord& record) {
    static_cast<void>(tree.Append(FastHashLeaf(record.entry), {}));
    return tree.size() < size;
  }));
  return tree.Root();
}

Result<Checkpoint> OpenPublished(std::string_view text, const v1::Registry& registry,
                                 uint32_t epoch) {
  YIMA_ASSIGN_OR_RETURN(const auto note, SignedNote::Parse(text, kNoteSizeMax));
  YIMA_ASSIGN_OR_RETURN(auto checkpoint, Checkpoint::Parse(note.text));
  const auto name = LogName::Parse(checkpoint.origin);
  if (!name || name->registry != registry.id()) {
    return Foreign(fmt::format("the checkpoint is of log \"{}\", the backup of registry {}",
                               checkpoint.origin, registry.id()));
  }
  if (!IsSigned(note, registry)) {
    return Foreign("the checkpoint is signed by no log key of the registry");
  }
  if (name->epoch < epoch) return checkpoint;
  return Foreign(
      fmt::format("the checkpoint is of epoch {}, which was not opened yet; give the "
                  "bundle and the list that were published with it",
                  name->epoch));
}

/// In one epoch a backup's entries are the beginning of the log, or the log of the backup.
Result<void> CheckBegins(const Checkpoint& published, const store::Snapshot& snapshot,
                         uint64_t log_size) {
  if (published.size > log_size) return {};
  YIMA_ASSIGN_OR_RETURN(const TreeHash root, RootOfEntries(snapshot, published.size));
  if (root == published.root) return {};
  return Fail(StatusCode::kFailedPrecondition, "CHECKPOINT_DIFFERS",
              fmt::format("the first {} entries of the backup are not those that the checkpoint "
                          "signs",
                          published.size),
              kOption);
}

/// What the backup itself says was signed must be of its entries: named in the log, it would be
/// taken for a fork by all who compare.
Result<void> CheckOwn(const Checkpoint& own, const store::Snapshot& snapshot, uint64_t log_size) {
  if (own.size <= log_size) {
    YIMA_ASSIGN_OR_RETURN(const TreeHash root, RootOfEntries(snapshot, own.size));
    if (root == own.root) return {};
  }
  return Fail(StatusCode::kDataLoss, "TREE_DAMAGED",
              fmt::format("the backup's own checkpoint signs {} entries that are not the first of "
                          "the {} that it holds; run yimad check on it",
                          own.size, log_size));
}

uint32_t EpochOf(const Checkpoint& checkpoint) {
  const auto name = LogName::Parse(checkpoint.origin);
  return name ? name->epoch : 0;
}

}  // namespace

Result<LastCheckpoint> LastCheckpointOf(const store::Snapshot& snapshot,
                                        const v1::Registry& registry, std::string_view published,
                                        uint32_t epoch) {
  LastCheckpoint last;
  YIMA_ASSIGN_OR_RETURN(const uint64_t log_size, snapshot.LogSize());
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kTreeHead, kTreeHeadId));
  if (stored) {
    auto head = TreeHead::Parse(stored->bytes);
    if (!head) {
      return Fail(StatusCode::kDataLoss, "TREE_DAMAGED",
                  "the backup's head of the log's tree does not parse; run yimad check on it");
    }
    last.note = std::move(head->note);
    last.checkpoint = std::move(head->checkpoint);
    YIMA_RETURN_IF_ERROR(CheckOwn(last.checkpoint, snapshot, log_size));
  }
  if (!published.empty()) {
    YIMA_ASSIGN_OR_RETURN(auto checkpoint, OpenPublished(published, registry, epoch));
    if (EpochOf(checkpoint) == registry.epoch()) {
      YIMA_RETURN_IF_ERROR(CheckBegins(checkpoint, snapshot, log_size));
    }
    const auto rank = [](const Checkpoint& one) { return std::pair(EpochOf(one), one.size); };
    if (last.note.empty() || rank(last.checkpoint) < rank(checkpoint)) {
      last.note = published;
      last.checkpoint = std::move(checkpoint);
    }
  }
  const bool same_epoch = !last.note.empty() && EpochOf(last.checkpoint) == registry.epoch();
  if (same_epoch && last.checkpoint.size > log_size) last.lost = last.checkpoint.size - log_size;
  return last;
}

}  // namespace yima::server
