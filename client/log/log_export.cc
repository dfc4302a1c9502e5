#include "client/log/log_export.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "client/log/fast_hash.h"
#include "client/trust_dir.h"

namespace yima {
namespace {

namespace fs = std::filesystem;

/// Lies in the folder while entries are added to what was published without.
constexpr const char* kFilling = ".filling";

tl::unexpected<Error> NotWritable(const fs::path& file, int error) {
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("cannot write {}: {}", file.string(), std::strerror(error)),
              file.string());
}

/// Under another name first. Made durable with all others, before the checkpoint names them.
Result<void> WriteTile(const fs::path& file, std::string_view bytes) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) return NotWritable(file.parent_path(), error.value());
  const fs::path part = file.parent_path() / ("." + file.filename().string() + ".part");
  std::ofstream stream(part, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream) return NotWritable(part, errno);
  fs::rename(part, file, error);
  if (error) return NotWritable(file, error.value());
  return {};
}

/// Waits until all that was written to the folder's disk is on it.
Result<void> SyncDisk(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return NotWritable(folder, errno);
  const int synced = ::syncfs(fd);
  const int error = errno;
  ::close(fd);
  return synced == 0 ? Result<void>() : NotWritable(folder, error);
}

class Exporting {
 public:
  Exporting(const LogSource& source, const KnownLog& log, const fs::path& folder,
            const ExportOptions& options)
      : source_(source), log_(log), folder_(folder), held_(folder), options_(options) {}

  Result<ExportReport> Run() {
    report_.size = log_.checkpoint.size;
    if (report_.size > 0) {
      YIMA_ASSIGN_OR_RETURN(auto tiles, VerifiedTiles::Open(
                                            report_.size, log_.checkpoint.root,
                                            [this](const Tile& tile) { return source_.Read(tile); },
                                            FastHashChildren));
      signed_.emplace(std::move(tiles));
    }
    YIMA_RETURN_IF_ERROR(Begin());
    report_.begun = filling_ ? 0 : before_.size;
    YIMA_RETURN_IF_ERROR(TakeLeaves());
    if (tree_.Root() != log_.checkpoint.root) return OtherTree();
    YIMA_RETURN_IF_ERROR(WritePartialTiles());
    YIMA_RETURN_IF_ERROR(SyncDisk(folder_));
    YIMA_RETURN_IF_ERROR(ReplaceFile(folder_ / "checkpoint", log_.note));
    RemoveFilledUp();
    std::error_code ignored;
    // Hashes alone fill up nothing that a broken run has left.
    if (!options_.hashes_only) fs::remove(folder_ / kFilling, ignored);
    return report_;
  }

 private:
  /// Reads what the folder's own checkpoint signs, and goes on from the last full tile of leaves.
  Result<void> Begin() {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) return NotWritable(folder_, error.value());
    if (!fs::exists(folder_ / "checkpoint", error)) return {};
    YIMA_ASSIGN_OR_RETURN(const std::string note, held_.Checkpoint());
    const auto opened = SignedNote::Parse(note);
    auto before = opened ? Checkpoint::Parse(opened->text) : tl::unexpected(opened.error());
    if (!before) return Foreign(before.error().message);
    before_ = *std::move(before);
    YIMA_RETURN_IF_ERROR(CheckIsBeginning(note));
    // A mirror of hashes that is to have entries now: all is gone through, and what is there stays.
    if (!options_.hashes_only && !HasEntries()) {
      filling_ = true;
      return ReplaceFile(folder_ / kFilling, "");
    }
    auto tiles = VerifiedTiles::Open(
        before_.size, before_.root, [this](const Tile& tile) { return held_.Read(tile); },
        FastHashChildren);
    if (!tiles) return Foreign(tiles.error().message);
    OpenTiles open = tiles->open();
    begun_ = std::move(open[0]);
    open[0].clear();
    tree_ = *TileTree::From(before_.size - begun_.size(), std::move(open), FastHashChildren);
    return {};
  }

  /// What the folder's own checkpoint names must be the beginning of what is signed now. Its
  /// signature need not hold any more: the key may be closed since.
  Result<void> CheckIsBeginning(const std::string& note) {
    if (before_.origin != log_.checkpoint.origin) {
      return Foreign(
          fmt::format("it holds log \"{}\", want \"{}\"; each epoch has a folder of its "
                      "own",
                      before_.origin, log_.checkpoint.origin));
    }
    const auto held = OpenSignedBy(note, log_.bundle.log_keys);
    if (report_.size < before_.size) {
      if (!held) return Foreign(held.error().message);
      return Fail(StatusCode::kFailedPrecondition, "LOG_SMALLER",
                  fmt::format("the log has {} entries, {} already holds {}", report_.size,
                              folder_.string(), before_.size));
    }
    if (before_.size == 0) return {};
    YIMA_ASSIGN_OR_RETURN(const TreeHash root, RootOf(before_.size, signed_->hashes()));
    if (root == before_.root) return {};
    if (!held) return Foreign(held.error().message);
    return Fail(StatusCode::kFailedPrecondition, "LOG_DIFFERS",
                fmt::format("the {} entries that {} holds, signed, are not the beginning of the {} "
                            "that are signed now",
                            before_.size, folder_.string(), report_.size));
  }

  /// Whether there are entries to all full tiles, and none that a broken run may have left.
  bool HasEntries() const {
    std::error_code ignored;
    if (fs::exists(folder_ / kFilling, ignored)) return false;
    for (uint64_t index = 0; index < before_.size / Tile::kWidth; ++index) {
      if (!fs::exists(folder_ / Tile{true, 0, index}.Path(), ignored)) return false;
    }
    return true;
  }

  Result<void> TakeLeaves() {
    const uint64_t size = log_.checkpoint.size;
    while (tree_.size() < size) {
      const auto width =
          static_cast<uint32_t>(std::min<uint64_t>(size - tree_.size(), Tile::kWidth));
      YIMA_ASSIGN_OR_RETURN(const auto leaves, LeavesOf(tree_.size() / Tile::kWidth, width));
      for (const TreeHash& leaf : leaves) YIMA_RETURN_IF_ERROR(tree_.Append(leaf, write_));
      if (options_.progress) options_.progress(tree_.size(), size);
    }
    return {};
  }

  /// A tile that an export before left whole is not asked for again. What is not of the signed tree
  /// is not written, lest it takes the place of what is.
  Result<std::vector<TreeHash>> LeavesOf(uint64_t index, uint32_t width) {
    if (width == Tile::kWidth) {
      if (auto left = LeftBehind(index)) {
        YIMA_RETURN_IF_ERROR(CheckBegun(*left));
        return *std::move(left);
      }
    }
    if (options_.hashes_only) {
      YIMA_ASSIGN_OR_RETURN(auto leaves, ReadHashes(source_, {false, 0, index, width}));
      YIMA_RETURN_IF_ERROR(CheckBegun(leaves));
      YIMA_RETURN_IF_ERROR(CheckLeaves(*signed_, {false, 0, index, width}, leaves));
      return leaves;
    }
    YIMA_ASSIGN_OR_RETURN(const auto tile, ReadEntries(source_, index, width));
    auto leaves = LeavesIn(tile);
    YIMA_RETURN_IF_ERROR(CheckBegun(leaves));
    YIMA_RETURN_IF_ERROR(CheckLeaves(*signed_, {true, 0, index, width}, leaves));
    YIMA_RETURN_IF_ERROR(WriteTile(folder_ / Tile{true, 0, index, width}.Path(), *tile.bytes));
    return leaves;
  }

  /// After a power cut a file may have its name and not its bytes.
  std::optional<std::vector<TreeHash>> LeftBehind(uint64_t index) {
    const Tile tile{false, 0, index};
    std::error_code error;
    if (!fs::exists(folder_ / tile.Path(), error)) return std::nullopt;
    auto leaves = ReadHashes(held_, tile);
    if (!leaves || !CheckLeaves(*signed_, tile, *leaves)) return std::nullopt;
    if (options_.hashes_only) return *std::move(leaves);
    const auto entries = ReadEntries(held_, index, Tile::kWidth);
    if (!entries || LeavesIn(*entries) != *leaves) return std::nullopt;
    return *std::move(leaves);
  }

  static std::vector<TreeHash> LeavesIn(const EntryTile& tile) {
    std::vector<TreeHash> leaves;
    leaves.reserve(tile.entries.size());
    for (const auto entry : tile.entries) leaves.push_back(FastHashLeaf(entry));
    return leaves;
  }

  /// The tile that was partial in the folder must begin as it did.
  Result<void> CheckBegun(const std::vector<TreeHash>& leaves) {
    const auto begun = std::exchange(begun_, {});
    for (size_t i = 0; i < begun.size(); ++i) {
      if (i < leaves.size() && leaves[i] == begun[i]) continue;
      return Fail(StatusCode::kFailedPrecondition, "LOG_DIFFERS",
                  fmt::format("entry {} is another than the one that {} holds", tree_.size() + i,
                              folder_.string()));
    }
    return {};
  }

  tl::unexpected<Error> OtherTree() const {
    return Fail(StatusCode::kFailedPrecondition, "LOG_DIFFERS",
                fmt::format("what is in {} now does not make the root that is signed for {} "
                            "entries: the log is not what it was, or files of another lie there; "
                            "nothing was published",
                            folder_.string(), log_.checkpoint.size));
  }

  tl::unexpected<Error> Foreign(std::string_view why) const {
    return Fail(StatusCode::kFailedPrecondition, "LOG_FOLDER_FOREIGN",
                fmt::format("{} is not added to: {}", folder_.string(), why), "FOLDER");
  }

  Result<void> WritePartialTiles() const {
    for (const Tile& tile : tree_.PartialTiles()) {
      YIMA_RETURN_IF_ERROR(WriteTile(folder_ / tile.Path(),
                                     TileBytesOf(tree_.open()[static_cast<size_t>(tile.level)])));
    }
    return {};
  }

  /// Partial tiles that are full now: readers take the full one.
  void RemoveFilledUp() const {
    for (int level = 0; level <= Tile::kLevelMax; ++level) {
      const int shift = level * Tile::kHeight;
      const uint64_t index = (before_.size >> shift) / Tile::kWidth;
      const bool partial = (before_.size >> shift) % Tile::kWidth != 0;
      if (!partial || (log_.checkpoint.size >> shift) / Tile::kWidth <= index) continue;
      for (const bool entries : {false, true}) {
        if (entries && level > 0) continue;
        const fs::path full = folder_ / Tile{entries, level, index}.Path();
        std::error_code ignored;
        fs::remove_all(full.string() + ".p", ignored);
      }
    }
  }

  const LogSource& source_;
  const KnownLog& log_;
  const fs::path& folder_;
  const FolderLog held_;
  const ExportOptions& options_;
  Checkpoint before_;                    ///< Of 0 entries when there was none.
  std::optional<VerifiedTiles> signed_;  ///< By the checkpoint that is exported.
  std::vector<TreeHash> begun_;          ///< Leaves of the folder that are in no full tile.
  TileTree tree_{FastHashChildren};
  bool filling_ = false;  ///< Entries are added to a mirror that had none.
  ExportReport report_;
  const TileTree::Filled write_ = [this](const Tile& tile, std::span<const TreeHash> hashes) {
    return WriteTile(folder_ / tile.Path(), TileBytesOf(hashes));
  };
};

}  // namespace

Result<ExportReport> ExportLog(const LogSource& source, const KnownLog& log, const fs::path& folder,
                               const ExportOptions& options) {
  return Exporting(source, log, folder, options).Run();
}

}  // namespace yima
