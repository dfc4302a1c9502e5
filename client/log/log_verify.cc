#include "client/log/log_verify.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <sodium.h>

#include "client/log/entry_shape.h"
#include "client/log/fast_hash.h"
#include "client/log/state_bytes.h"
#include "client/trust_dir.h"

namespace yima {
namespace {

using Clock = std::chrono::steady_clock;

/// Entries may be 65 KB each, so few at a time: usually a millisecond's work.
constexpr uint64_t kTilesPerReader = 4;
constexpr std::chrono::seconds kKeepEvery{20};
constexpr std::string_view kStateName = "yima-log-state-1\n";

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
    report_.begun = tree_.size();
    report_.size = size_;
    if (size_ < tree_.size()) {
      return Fail(
          StatusCode::kFailedPrecondition, "LOG_SMALLER",
          fmt::format("the log has {} entries, {} were verified before", size_, tree_.size()));
    }
    kept_at_ = Clock::now();
    const uint64_t full = size_ / Tile::kWidth;
    const uint64_t batch = kTilesPerReader * source_.readers();
    for (uint64_t first = tree_.size() / Tile::kWidth; first < full; first += batch) {
      YIMA_RETURN_IF_ERROR(TakeBatch(first, std::min(first + batch, full)));
      if (Clock::now() - kept_at_ > kKeepEvery) YIMA_RETURN_IF_ERROR(KeepState());
      if (options_.progress) options_.progress(tree_.size(), size_);
    }
    YIMA_RETURN_IF_ERROR(KeepState());
    YIMA_RETURN_IF_ERROR(TakeRest());
    YIMA_RETURN_IF_ERROR(CheckRoot());
    YIMA_RETURN_IF_ERROR(CheckRestores());
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

  /// What is in no full tile.
  Result<void> TakeRest() {
    if (const auto width = static_cast<uint32_t>(size_ % Tile::kWidth); width > 0) {
      Leaves leaves;
      ReadLeaves(size_ / Tile::kWidth, width, leaves);
      if (leaves.wrong) return tl::unexpected(*leaves.wrong);
      YIMA_RETURN_IF_ERROR(TakeFacts(leaves));
      for (const TreeHash& leaf : leaves.hashes) YIMA_RETURN_IF_ERROR(tree_.Append(leaf, compare_));
    }
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
      if (facts.time_us < time_us_) {
        return Differs(fmt::format("entry {} is older than the one before it", index));
      }
      time_us_ = facts.time_us;
      const uint32_t before = revisions_.Set(facts, static_cast<uint32_t>(facts.revision));
      if (facts.revision != uint64_t{before} + 1) {
        return Differs(fmt::format("entry {} makes revision {} of {} after revision {}", index,
                                   facts.revision, RecordWords(facts), before));
      }
      restores_.Take(index++, facts);
    }
    return {};
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
    report_.restores = restores_.found();
    if (report_.restores.empty()) return {};
    YIMA_ASSIGN_OR_RETURN(
        auto tiles, VerifiedTiles::Open(
                        size_, log_.checkpoint.root,
                        [this](const Tile& tile) { return source_.Read(tile); }, FastHashChildren));
    for (auto& restore : report_.restores) {
      YIMA_RETURN_IF_ERROR(CheckRestore(log_.name.registry, log_.bundle.log_keys, tiles, restore));
    }
    return {};
  }

  Result<void> LoadState() {
    std::error_code ignored;
    if (options_.state.empty() || !std::filesystem::exists(options_.state, ignored)) return {};
    YIMA_ASSIGN_OR_RETURN(const std::string file, ReadWholeFile(options_.state));
    if (ParseState(file)) return {};
    return Fail(StatusCode::kDataLoss, "STATE_DAMAGED",
                fmt::format("{} is not as it was written, or of another program; without it the "
                            "whole is verified again",
                            options_.state.string()),
                "--state");
  }

  /// The state of another log, of another epoch too, or of hashes alone says nothing of this one.
  bool ParseState(std::string_view file) {
    constexpr size_t kHash = crypto_hash_sha256_BYTES;
    if (!file.starts_with(kStateName) || file.size() < kStateName.size() + kHash) return false;
    const std::string_view sum = file.substr(file.size() - kHash);
    file.remove_suffix(kHash);
    if (Sum(file) != sum) return false;
    file.remove_prefix(kStateName.size());
    std::string origin;
    uint64_t hashes_only = 0;
    if (!TakeText(file, origin) || !TakeNumber(file, hashes_only)) return false;
    if (origin != log_.checkpoint.origin || (hashes_only != 0) != options_.hashes_only) return true;
    uint64_t size = 0;
    if (!TakeNumber(file, size) || !TakeNumber(file, time_us_)) return false;
    OpenTiles open;
    std::string bytes;
    for (size_t level = 0; level < open.size(); ++level) {
      if (!TakeText(file, bytes)) return false;
      const auto width = static_cast<uint32_t>(bytes.size() / sizeof(TreeHash));
      auto hashes = ParseTileHashes(bytes, {false, static_cast<int>(level), 0, width});
      if (!hashes) return false;
      open[level] = *std::move(hashes);
    }
    auto tree = TileTree::From(size, std::move(open), FastHashChildren);
    if (!tree || size % Tile::kWidth != 0 || !revisions_.TakeFrom(file) ||
        !restores_.TakeFrom(file) || !file.empty()) {
      return false;
    }
    tree_ = *std::move(tree);
    return true;
  }

  Result<void> KeepState() {
    if (options_.state.empty()) return {};
    std::string file(kStateName);
    AppendText(file, log_.checkpoint.origin);
    AppendNumber(file, options_.hashes_only ? 1 : 0);
    AppendNumber(file, tree_.size());
    AppendNumber(file, time_us_);
    for (const auto& hashes : tree_.open()) AppendText(file, TileBytesOf(hashes));
    revisions_.AppendTo(file);
    restores_.AppendTo(file);
    file += Sum(file);
    YIMA_RETURN_IF_ERROR(ReplaceFile(options_.state, file, 0600));
    kept_at_ = Clock::now();
    return {};
  }

  static std::string Sum(std::string_view bytes) {
    std::string sum(crypto_hash_sha256_BYTES, '\0');
    crypto_hash_sha256(reinterpret_cast<uint8_t*>(sum.data()),
                       reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    return sum;
  }

  const LogSource& source_;
  const KnownLog& log_;
  const VerifyOptions& options_;
  const uint64_t size_;
  TileTree tree_{FastHashChildren};
  uint64_t time_us_ = 0;
  Revisions revisions_;
  RestoreFinder restores_;
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
