#include "server/log/tree_keeper.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "server/log/tree_hash.h"

namespace yima::server {
namespace {

constexpr uint64_t kHeadId = 1;
/// Entries of one part: some 40 tiles, as much as a commit of a ledger's rows.
constexpr uint64_t kPart = 10'000;

tl::unexpected<Error> Damaged(std::string message) {
  return Fail(StatusCode::kDataLoss, "TREE_DAMAGED", std::move(message));
}

std::string_view AsView(const PublicKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

}  // namespace

void AddLeaf(const TreeHash& leaf, uint64_t index, TreeHead& head, store::Change& change) {
  TreeHash hash = leaf;
  for (int level = 0; level <= Tile::kLevelMax; ++level, index /= Tile::kWidth) {
    auto& open = head.open[static_cast<size_t>(level)];
    open.push_back(hash);
    if (open.size() < Tile::kWidth) return;
    std::string stored = StoredTile(open);
    open.clear();
    hash = TileRoot(stored);
    const Tile tile{false, level, index / Tile::kWidth};
    change.puts.push_back({store::Kind::kTreeTile, TileId(tile), 0, std::move(stored), {}});
  }
}

TreeHash RootOfOpen(const TreeHead& head) {
  std::optional<TreeHash> root;
  // What a level leaves open stands to the right of all that is full at it.
  for (auto hashes : head.open) {
    if (root) hashes.push_back(*root);
    if (!hashes.empty()) root = FastRoot(hashes);
  }
  return root.value_or(EmptyTreeRoot());
}

std::string TreeKeeper::Origin() const {
  const v1::Registry& registry = *domain_.registry;
  return fmt::format("{}/{}", registry.id(), registry.epoch());
}

Result<std::string> TreeKeeper::Sign(const Checkpoint& checkpoint) const {
  SignedNote note{checkpoint.ToString(), {}};
  for (const auto& key : domain_.keys.All(KeyKind::kLog)) {
    const auto& published = domain_.registry->log_keys();
    if (std::ranges::find(published, AsView(key->public_key())) != published.end()) {
      note.Sign(checkpoint.origin, *key);
    }
  }
  if (!note.signatures.empty()) return note.ToString();
  return Fail(StatusCode::kFailedPrecondition, "LOG_KEY_MISSING",
              "no log key that the registry publishes is held");
}

Result<void> TreeKeeper::Load() {
  const auto snapshot = domain_.store.Read();
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot->Get(store::Kind::kTreeHead, kHeadId));
  if (!stored) {
    TreeHead first;
    first.checkpoint = {Origin(), 0, EmptyTreeRoot(), {}};
    return Keep(std::move(first), {});
  }
  revision_ = stored->revision;
  auto head = TreeHead::Parse(stored->bytes);
  if (!head) return Damaged("the stored head of the log's tree does not parse; run yimad check");
  YIMA_ASSIGN_OR_RETURN(const uint64_t size, snapshot->LogSize());
  if (head->checkpoint.size > size) {
    return Damaged(
        fmt::format("a tree of {} entries is signed, but the log holds {}; run yimad check",
                    head->checkpoint.size, size));
  }
  if (head->checkpoint.root != RootOfOpen(*head)) {
    return Damaged(
        "the stored head of the log's tree has another root than it signs; run yimad check");
  }
  // After a restore the same entries begin the log of another epoch.
  if (head->checkpoint.origin != Origin()) {
    head->checkpoint.origin = Origin();
    return Keep(*std::move(head), {});
  }
  domain_.tree->Set(std::make_shared<const TreeHead>(*std::move(head)));
  return {};
}

Result<void> TreeKeeper::Grow() {
  if (!loaded_) YIMA_RETURN_IF_ERROR(Load());
  loaded_ = true;
  const auto snapshot = domain_.store.Read();
  YIMA_ASSIGN_OR_RETURN(const uint64_t log_size, snapshot->LogSize());
  for (;;) {
    const uint64_t size = domain_.tree->head()->checkpoint.size;
    if (size >= log_size) return {};
    YIMA_RETURN_IF_ERROR(GrowBy(*snapshot, std::min(log_size, size + kPart)));
  }
}

Result<void> TreeKeeper::GrowBy(const store::Snapshot& snapshot, uint64_t size) {
  TreeHead head = *domain_.tree->head();
  uint64_t next = head.checkpoint.size;
  store::Change change;
  YIMA_RETURN_IF_ERROR(snapshot.ScanLog(next, [&](const store::LogRecord& record) {
    if (record.index != next) return false;
    AddLeaf(FastHashLeaf(record.entry), next++, head, change);
    return next < size;
  }));
  if (next != size) return Damaged(fmt::format("log entry {} is missing; run yimad check", next));
  head.checkpoint.size = size;
  head.checkpoint.root = RootOfOpen(head);
  return Keep(std::move(head), std::move(change));
}

Result<void> TreeKeeper::Keep(TreeHead head, store::Change change) {
  YIMA_ASSIGN_OR_RETURN(head.note, Sign(head.checkpoint));
  change.puts.push_back({store::Kind::kTreeHead, kHeadId, revision_, head.Serialize(), {}});
  const auto outcome = store::ApplyAndWait(domain_.store, std::move(change));
  if (const auto* error = std::get_if<Error>(&outcome)) return tl::unexpected(*error);
  if (!std::holds_alternative<store::Committed>(outcome)) {
    return Fail(StatusCode::kInternal, "TREE_MOVED", "somebody else has written the log's tree");
  }
  ++revision_;
  domain_.tree->Set(std::make_shared<const TreeHead>(std::move(head)));
  return {};
}

}  // namespace yima::server
