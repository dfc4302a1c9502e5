#include "client/log/log_verify.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "client/log/entry_shape.h"
#include "client/log/fast_hash.h"
#include "client/log/verify_state.h"
#include "yima/v1/log_entry.pb.h"

namespace yima {
namespace {

using Clock = std::chrono::steady_clock;

/// Entries may be 65 KB each, so few at a time: usually a millisecond's work.
constexpr uint64_t kTilesPerReader = 4;
constexpr std::chrono::seconds kKeepEvery{20};

tl::unexpected<Error> Differs(std::string message) {
  return Fail(StatusCode::kFailedPrecondition, "LOG_DIFFERS", std::move(message));
}

/// One tile of the leaves' level, read and hashed, with what its entries say.
struct Leaves {
  EntryTile tile;
  std::vector<TreeHash> hashes;
  std::optional<TreeHash> root;  ///< Of a full one.
  std::vector<EntryFacts> facts;
  std::optional<Error> wrong;
};

class Verification {
 public:
  Verification(const LogSource& source, const KnownLog& log, const VerifyOptions& options)
      : source_(source), log_(log), options_(options), size_(log.checkpoint.size) {}

  Result<VerifyReport> Run() {
    YIMA_RETURN_IF_ERROR(LoadState());
    report_.begun = state_.tree.size();
    report_.size = size_;
    YIMA_RETURN_IF_ERROR(CheckGrown());
    kept_at_ = Clock::now();
    if (tree_.size() % Tile::kWidth != 0) YIMA_RETURN_IF_ERROR(TakeRest());
    const uint64_t full = size_ / Tile::kWidth;
    const uint64_t batch = kTilesPerReader * source_.readers();
    for (uint64_t first = tree_.size() / Tile::kWidth; first < full; first += batch) {
      YIMA_RETURN_IF_ERROR(TakeBatch(first, std::min(first + batch, full)));
      if (Clock::now() - kept_at_ > kKeepEvery) YIMA_RETURN_IF_ERROR(KeepProgress());
      if (options_.progress) options_.progress(tree_.size(), size_);
    }
    YIMA_RETURN_IF_ERROR(TakeRest());
    YIMA_RETURN_IF_ERROR(ComparePartialTiles());
    YIMA_RETURN_IF_ERROR(CheckRoot());
    YIMA_RETURN_IF_ERROR(CheckNamed());
    YIMA_RETURN_IF_ERROR(CheckRestores());
    YIMA_RETURN_IF_ERROR(CheckEpochBefore());
    if (options_.report) YIMA_RETURN_IF_ERROR(options_.report(report_));
    state_.note = log_.note;
    YIMA_RETURN_IF_ERROR(KeepState());
    return std::move(report_);
  }

 private:
  /// On all cores; taken in in their order.
  Result<void> TakeBatch(uint64_t first, uint64_t end) {
    std::vector<Leaves> read(end - first);
    std::atomic<size_t> next = 0;
    const auto work = [&] {
      for (size_t i; (i = next.fetch_add(1)) < read.size();) {
        ReadLeaves(first + i, Tile::kWidth, read[i]);
      }
    };
    std::vector<std::jthread> others;
    for (size_t i = 1; i < std::min<size_t>(source_.readers(), read.size()); ++i) {
      others.emplace_back(work);
    }
    work();
    others.clear();  // joins
    for (const Leaves& leaves : read) {
      if (leaves.wrong) return tl::unexpected(*leaves.wrong);
      YIMA_RETURN_IF_ERROR(TakeFacts(leaves));
      YIMA_RETURN_IF_ERROR(tree_.AppendTile(leaves.hashes, *leaves.root, compare_));
    }
    return {};
  }

  /// The entries to come of one tile that is not full, or was not when the run before ended.
  Result<void> TakeRest() {
    if (tree_.size() == size_) return {};
    const uint64_t index = tree_.size() / Tile::kWidth;
    const uint64_t had = tree_.size() % Tile::kWidth;
    const auto width =
        static_cast<uint32_t>(std::min<uint64_t>(size_ - index * Tile::kWidth, Tile::kWidth));
    Leaves leaves;
    ReadLeaves(index, width, leaves);
    if (leaves.wrong) return tl::unexpected(*leaves.wrong);
    for (size_t i = 0; i < had; ++i) {
      if (leaves.hashes[i] == tree_.open()[0][i]) continue;
      return Differs(fmt::format("entry {} is another than the one that was verified before",
                                 index * Tile::kWidth + i));
    }
    if (!leaves.facts.empty()) {
      leaves.facts.erase(leaves.facts.begin(),
                         leaves.facts.begin() + static_cast<std::ptrdiff_t>(had));
    }
    YIMA_RETURN_IF_ERROR(TakeFacts(leaves));
    for (size_t i = had; i < width; ++i) {
      YIMA_RETURN_IF_ERROR(tree_.Append(leaves.hashes[i], compare_));
    }
    return {};
  }

  Result<void> ComparePartialTiles() const {
    for (const Tile& tile : tree_.PartialTiles()) {
      if (tile.level == 0) continue;  // compared with its entries
      YIMA_RETURN_IF_ERROR(Compare(tile, tree_.open()[static_cast<size_t>(tile.level)]));
    }
    return {};
  }

  void ReadLeaves(uint64_t index, uint32_t width, Leaves& leaves) const {
    const auto read = options_.hashes_only ? ReadHashTile(index, width, leaves)
                                           : ReadEntryTile(index, width, leaves);
    if (!read) leaves.wrong = read.error();
  }

  Result<void> ReadHashTile(uint64_t index, uint32_t width, Leaves& leaves) const {
    YIMA_ASSIGN_OR_RETURN(leaves.hashes, ReadHashes(source_, {false, 0, index, width}));
    if (width == Tile::kWidth) leaves.root = RootOverHashes(leaves.hashes, FastHashChildren);
    return {};
  }

  Result<void> ReadEntryTile(uint64_t index, uint32_t width, Leaves& leaves) const {
    YIMA_ASSIGN_OR_RETURN(leaves.tile, ReadEntries(source_, index, width));
    YIMA_RETURN_IF_ERROR(ReadHashTile(index, width, leaves));
    leaves.facts.reserve(width);
    for (size_t i = 0; i < width; ++i) {
      const auto entry = leaves.tile.entries[i];
      const uint64_t at = index * Tile::kWidth + i;
      if (FastHashLeaf(entry) != leaves.hashes[i]) {
        return Differs(fmt::format("entry {} is not the one that {} was made of", at,
                                   Tile{false, 0, index, width}.Path()));
      }
      const auto facts = EntryFacts::Of(entry);
      if (!facts || !IsLogEntry(entry)) {
        return Differs(fmt::format("entry {} is no LogEntry", at));
      }
      leaves.facts.push_back(*facts);
    }
    return {};
  }

  Result<void> TakeFacts(const Leaves& leaves) {
    uint64_t index = tree_.size();
    for (const EntryFacts& facts : leaves.facts) {
      if (facts.time_us < state_.time_us) {
        return Differs(fmt::format("entry {} is older than the one before it", index));
      }
      state_.time_us = facts.time_us;
      const uint32_t before = state_.revisions.Set(facts, static_cast<uint32_t>(facts.revision));
      if (facts.revision != uint64_t{before} + 1) {
        return Differs(fmt::format("entry {} makes revision {} of {} after revision {}", index,
                                   facts.revision, RecordWords(facts), before));
      }
      YIMA_RETURN_IF_ERROR(state_.restores.Take(index, facts));
      if (facts.kind == v1::LogEntry::kRegistryFieldNumber) {
        YIMA_RETURN_IF_ERROR(CheckIsOfLog(index));
      }
      ++index;
    }
    return {};
  }

  /// The registry's own record must be of the log that the checkpoint names.
  Result<void> CheckIsOfLog(uint64_t index) const {
    const RestoreFinder& said = state_.restores;
    if (said.registry() == log_.name.registry && said.epoch() <= log_.name.epoch) return {};
    return Differs(fmt::format("entry {} is of log \"{}\", the checkpoint of \"{}\"", index,
                               LogName{said.registry(), said.epoch()}.ToString(),
                               log_.checkpoint.origin));
  }

  Result<void> CheckNamed() const {
    const uint16_t epoch = state_.restores.epoch();
    if (options_.hashes_only || size_ == 0 || epoch == log_.name.epoch) return {};
    if (epoch == 0) return Differs("no entry says whose log this is");
    return Differs(
        fmt::format("the checkpoint is of epoch {}, the entries are of the log of epoch {}: none "
                    "tells of the restore that opened the later one",
                    log_.name.epoch, epoch));
  }

  Result<void> Compare(const Tile& tile, std::span<const TreeHash> hashes) const {
    YIMA_ASSIGN_OR_RETURN(const auto stored, ReadHashes(source_, tile));
    for (size_t i = 0; i < hashes.size(); ++i) {
      if (stored[i] == hashes[i]) continue;
      const int shift = tile.level * Tile::kHeight;
      const uint64_t at = tile.index * Tile::kWidth + i;
      return Differs(
          fmt::format("{} is not what the entries make: hash {} is not that of entries "
                      "{} to {}",
                      tile.Path(), i, at << shift, ((at + 1) << shift) - 1));
    }
    return {};
  }

  Result<void> CheckRoot() const {
    if (tree_.Root() == log_.checkpoint.root) return {};
    if (report_.begun == 0) {
      return Differs(fmt::format("the root that is signed for {} entries is not theirs", size_));
    }
    return Differs(
        fmt::format("the root that is signed for {} entries is not theirs, or the first "
                    "{} are no longer those that were verified",
                    size_, report_.begun));
  }

  Result<void> CheckRestores() {
    report_.restores = state_.restores.found();
    if (report_.restores.empty()) return {};
    YIMA_ASSIGN_OR_RETURN(auto tiles, SignedTiles());
    for (auto& restore : report_.restores) {
      YIMA_RETURN_IF_ERROR(CheckRestore(log_.name.registry, log_.bundle.log_keys, tiles, restore));
    }
    return {};
  }

  /// Tiles of the tree that the checkpoint signs.
  Result<VerifiedTiles> SignedTiles() const {
    return VerifiedTiles::Open(
        size_, log_.checkpoint.root, [this](const Tile& tile) { return source_.Read(tile); },
        FastHashChildren);
  }

  Result<void> LoadState() {
    state_.log = log_.name;
    state_.source = source_.name();
    state_.hashes_only = options_.hashes_only;
    if (options_.state.empty()) return {};
    YIMA_ASSIGN_OR_RETURN(auto kept, VerifyState::Load(options_.state));
    if (!kept) return {};
    known_ = kept->known();
    known_source_ = kept->source;
    YIMA_RETURN_IF_ERROR(CheckGoesWith(kept->log));
    if (known_) {
      YIMA_RETURN_IF_ERROR(CheckGoesWith(known_->name));
      report_.before = known_->checkpoint;
    }
    const bool same = kept->log == state_.log && kept->source == state_.source &&
                      kept->hashes_only == state_.hashes_only;
    // What was gone through elsewhere says nothing of what lies here.
    if (same) {
      state_ = *std::move(kept);
    } else {
      state_.note = std::move(kept->note);
    }
    return {};
  }

  Result<void> CheckGoesWith(const LogName& kept) const {
    if (kept.registry != log_.name.registry) {
      return Fail(StatusCode::kFailedPrecondition, "STATE_FOREIGN",
                  fmt::format("{} is of registry {}, the log of {}; each registry has a state of "
                              "its own",
                              options_.state.string(), kept.registry, log_.name.registry),
                  "--state");
    }
    if (kept.epoch <= log_.name.epoch) return {};
    return Fail(StatusCode::kFailedPrecondition, "EPOCH_BEHIND",
                fmt::format("the log of epoch {} was verified before, this is the log of epoch {}",
                            kept.epoch, log_.name.epoch),
                "--state");
  }

  /// The log must begin with what was verified of it before, whole or in part.
  Result<void> CheckGrown() const {
    uint64_t before = tree_.size();
    const bool same = known_ && known_->name == log_.name;
    if (same) before = std::max(before, known_->checkpoint.size);
    if (size_ < before) return Smaller(before);
    if (same) YIMA_RETURN_IF_ERROR(CheckBegins(known_->checkpoint.size, known_->checkpoint.root));
    return before > 0 ? CheckBegins(tree_.size(), tree_.Root()) : Result<void>();
  }

  /// A copy may be older than what was verified elsewhere; it must not lose what it had.
  tl::unexpected<Error> Smaller(uint64_t before) const {
    if (source_.is_copy() && known_source_ != source_.name()) {
      return Fail(StatusCode::kFailedPrecondition, "LOG_OLDER",
                  fmt::format("the copy has {} entries, {} were verified before in {}", size_,
                              before, known_source_));
    }
    return Fail(StatusCode::kFailedPrecondition, "LOG_SMALLER",
                fmt::format("the log has {} entries, {} were verified before", size_, before));
  }

  Result<void> CheckBegins(uint64_t size, const TreeHash& root) const {
    YIMA_ASSIGN_OR_RETURN(auto tiles, SignedTiles());
    YIMA_ASSIGN_OR_RETURN(const TreeHash begins, RootOf(size, tiles.hashes()));
    if (begins == root) return {};
    return Differs(
        fmt::format("the {} entries that were verified before are not the beginning of "
                    "the {} that are signed now",
                    size, size_));
  }

  /// What became of the log of an earlier epoch, of which the state keeps a checkpoint.
  Result<void> CheckEpochBefore() {
    if (!known_ || known_->name == log_.name) return {};
    const Checkpoint& before = known_->checkpoint;
    YIMA_ASSIGN_OR_RETURN(auto tiles, SignedTiles());
    if (!options_.hashes_only) {
      const std::vector<SeenLog> seen{*known_};
      YIMA_ASSIGN_OR_RETURN(const auto wrong, FindContradiction(seen, report_.restores, tiles));
      if (wrong) return Differs(wrong->what);
      YIMA_ASSIGN_OR_RETURN(report_.over,
                            GoOver(*known_, seen, log_.name.epoch, report_.restores, tiles));
      return {};
    }
    if (before.size <= size_ && CheckBegins(before.size, before.root)) return {};
    return Fail(StatusCode::kFailedPrecondition, "EPOCH_UNPROVEN",
                fmt::format("the log of epoch {} does not begin with the {} entries that were "
                            "verified of epoch {}, and whether a restore lost some stands in the "
                            "entries",
                            log_.name.epoch, before.size, known_->name.epoch),
                "--hashes-only");
  }

  /// Only what is of the tree that is signed is kept: a run may be broken off before it finds that
  /// the rest is not.
  Result<void> KeepProgress() {
    kept_at_ = Clock::now();
    return options_.state.empty() || !CheckBegins(tree_.size(), tree_.Root()) ? Result<void>()
                                                                              : KeepState();
  }

  Result<void> KeepState() {
    return options_.state.empty() ? Result<void>() : state_.Keep(options_.state);
  }

  const LogSource& source_;
  const KnownLog& log_;
  const VerifyOptions& options_;
  const uint64_t size_;
  VerifyState state_;
  TileTree& tree_ = state_.tree;
  std::optional<SeenLog> known_;  ///< The last checkpoint that was verified whole.
  std::string known_source_;      ///< Where the state's entries were read last.
  VerifyReport report_;
  Clock::time_point kept_at_;
  /// Leaves are compared with their entries already.
  const TileTree::Filled compare_ = [this](const Tile& tile, std::span<const TreeHash> hashes) {
    return tile.level == 0 ? Result<void>() : Compare(tile, hashes);
  };
};

}  // namespace

Result<VerifyReport> VerifyLog(const LogSource& source, const KnownLog& log,
                               const VerifyOptions& options) {
  return Verification(source, log, options).Run();
}

}  // namespace yima
