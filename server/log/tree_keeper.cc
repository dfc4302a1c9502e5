#include "server/log/tree_keeper.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "server/log/tree_hash.h"

namespace yima::server {
namespace {

/// Entries of one part: some 40 tiles, as much as a commit of a ledger's rows.
constexpr uint64_t kPart = 10'000;

tl::unexpected<Error> Damaged(std::string_view what) {
  return Fail(StatusCode::kDataLoss, "TREE_DAMAGED",
              fmt::format("the log's tree is damaged: {}; run yimad check", what));
}

/// A head must be of this log: its last tile is compared with the entries themselves.
Result<void> CheckFits(const TreeHead& head, const store::Snapshot& snapshot) {
  const uint64_t size = head.checkpoint.size;
  YIMA_ASSIGN_OR_RETURN(const uint64_t log_size, snapshot.LogSize());
  if (size > log_size) {
    return Damaged(fmt::format("{} entries are signed, the log holds {}", size, log_size));
  }
  if (head.checkpoint.root != RootOfOpen(head)) return Damaged("it has another root than it signs");
  if (size == 0) return {};
  const auto hashes = HashesIn(head, snapshot);
  uint64_t next = (size - 1) / Tile::kWidth * Tile::kWidth;
  Result<TreeHash> kept;
  bool same = true;
  YIMA_RETURN_IF_ERROR(snapshot.ScanLog(next, [&](const store::LogRecord& record) {
    kept = hashes({0, next});
    same = record.index == next && kept && *kept == FastHashLeaf(record.entry);
    return same && ++next < size;
  }));
  if (!kept) return tl::unexpected(kept.error());
  if (same && next == size) return {};
  return Damaged(fmt::format("log entry {} is another than was signed", next));
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
    if (std::ranges::find(published, AsString(key->public_key())) != published.end()) {
      note.Sign(checkpoint.origin, *key);
    }
  }
  if (!note.signatures.empty()) return note.ToString();
  return Fail(StatusCode::kFailedPrecondition, "LOG_KEY_MISSING",
              "no log key that the registry publishes is held");
}

Result<void> TreeKeeper::Load() {
  std::optional<TreeHead> head;
  {
    const auto snapshot = domain_.store.Read();
    YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot->Get(store::Kind::kTreeHead, kTreeHeadId));
    if (stored) {
      revision_ = stored->revision;
      head = TreeHead::Parse(stored->bytes);
      if (!head) return Damaged("its stored head does not parse");
      YIMA_RETURN_IF_ERROR(CheckFits(*head, *snapshot));
    } else {
      YIMA_ASSIGN_OR_RETURN(const auto tile, snapshot->Get(store::Kind::kTreeTile, 1));
      if (tile) return Damaged("it has tiles, but no head");
      revision_ = 0;
    }
  }
  if (!head) {
    TreeHead first;
    first.checkpoint = {Origin(), 0, EmptyTreeRoot(), {}};
    return Keep(std::move(first), {});
  }
  // After a restore the same entries begin the log of another epoch.
  if (head->checkpoint.origin != Origin()) {
    head->checkpoint.origin = Origin();
    return Keep(*std::move(head), {});
  }
  domain_.tree->Set(std::make_shared<const TreeHead>(*std::move(head)));
  return {};
}

Result<bool> TreeKeeper::Grow() {
  if (broken_) return tl::unexpected(*broken_);
  auto more = GrowByPart();
  // Entries to come would hide that earlier ones are not those that were signed.
  if (!more && more.error().code == StatusCode::kDataLoss) broken_ = more.error();
  return more;
}

Result<bool> TreeKeeper::GrowByPart() {
  if (!loaded_) YIMA_RETURN_IF_ERROR(Load());
  loaded_ = true;
  TreeHead head;
  store::Change change;
  uint64_t log_size = 0;
  {
    // Let go before it is written: a view that is lent holds back the write-ahead log.
    const auto snapshot = domain_.store.Read();
    YIMA_ASSIGN_OR_RETURN(log_size, snapshot->LogSize());
    head = submitted_ ? submitted_->head : *domain_.tree->head();
    uint64_t next = head.checkpoint.size;
    if (next >= log_size) {
      YIMA_RETURN_IF_ERROR(Settle());
      return false;
    }
    const uint64_t end = std::min(log_size, next + kPart);
    YIMA_RETURN_IF_ERROR(snapshot->ScanLog(next, [&](const store::LogRecord& record) {
      if (record.index != next) return false;
      AddLeaf(FastHashLeaf(record.entry), next++, head, change);
      return next < end;
    }));
    if (next != end) return Damaged(fmt::format("log entry {} is missing", next));
    head.checkpoint.size = end;
  }
  head.checkpoint.root = RootOfOpen(head);
  const bool more = head.checkpoint.size < log_size;
  YIMA_RETURN_IF_ERROR(Settle());
  YIMA_RETURN_IF_ERROR(Submit(std::move(head), std::move(change)));
  if (!more) YIMA_RETURN_IF_ERROR(Settle());
  return more;
}

Result<void> TreeKeeper::Keep(TreeHead head, store::Change change) {
  YIMA_RETURN_IF_ERROR(Submit(std::move(head), std::move(change)));
  return Settle();
}

Result<void> TreeKeeper::Submit(TreeHead head, store::Change change) {
  YIMA_ASSIGN_OR_RETURN(head.note, Sign(head.checkpoint));
  change.puts.push_back({store::Kind::kTreeHead, kTreeHeadId, revision_, head.Serialize(), {}});
  const auto done = std::make_shared<std::promise<store::Outcome>>();
  submitted_.emplace(Submitted{std::move(head), done->get_future()});
  domain_.store.Apply(std::move(change),
                      [done](store::Outcome outcome) { done->set_value(std::move(outcome)); });
  return {};
}

Result<void> TreeKeeper::Settle() {
  if (!submitted_) return {};
  const auto outcome = submitted_->outcome.get();
  TreeHead head = std::move(submitted_->head);
  submitted_.reset();
  if (const auto* error = std::get_if<Error>(&outcome)) return tl::unexpected(*error);
  if (!std::holds_alternative<store::Committed>(outcome)) {
    loaded_ = false;
    return Fail(StatusCode::kAborted, "TREE_MOVED", "somebody else has written the log's tree");
  }
  ++revision_;
  domain_.tree->Set(std::make_shared<const TreeHead>(std::move(head)));
  return {};
}

}  // namespace yima::server
