#include "client/log/log_source.h"

#include <algorithm>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "client/log/fast_hash.h"

namespace yima {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCheckpointSizeMax = 64 << 10;
constexpr size_t kLengthBytes = 2;

size_t SizeMax(const Tile& tile) {
  return tile.width * (tile.entries ? kLengthBytes + Tile::kEntryBytesMax : sizeof(TreeHash));
}

/// At most so many bytes and one, so that a file that is too long is seen and not taken in.
std::optional<std::string> ReadUpTo(const fs::path& file, size_t size_max) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  std::string bytes(std::min<uintmax_t>(size, size_max + 1), '\0');
  if (!stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return std::nullopt;
  return bytes;
}

/// The beginning of a full tile, as a tile of fewer.
Result<std::string> Cut(std::string full, const Tile& tile) {
  size_t size = tile.width * sizeof(TreeHash);
  if (tile.entries) {
    YIMA_ASSIGN_OR_RETURN(const auto entries, ParseTileEntries(full, Tile::kWidth));
    size = 0;
    for (const auto entry : std::span(entries).first(tile.width)) {
      size += kLengthBytes + entry.size();
    }
  }
  full.resize(std::min(size, full.size()));
  return full;
}

}  // namespace

Result<std::string> ServerLog::Checkpoint() const {
  YIMA_ASSIGN_OR_RETURN(auto answer, client_.GetCheckpoint());
  return std::move(*answer.mutable_note());
}

Result<std::string> ServerLog::Read(const Tile& tile) const {
  if (tile.entries) {
    v1::GetEntryBundleRequest request;
    request.set_index(tile.index);
    request.set_width(tile.width);
    YIMA_ASSIGN_OR_RETURN(auto answer, client_.GetEntryBundle(request));
    return std::move(*answer.mutable_bundle());
  }
  v1::GetTileRequest request;
  request.set_level(static_cast<uint32_t>(tile.level));
  request.set_index(tile.index);
  request.set_width(tile.width);
  YIMA_ASSIGN_OR_RETURN(auto answer, client_.GetTile(request));
  return std::move(*answer.mutable_hashes());
}

unsigned ServerLog::readers() const {
  constexpr unsigned kReaders = 4;
  return kReaders;
}

Result<std::string> FolderLog::Checkpoint() const {
  auto note = ReadUpTo(folder_ / "checkpoint", kCheckpointSizeMax);
  if (note) return *std::move(note);
  return Fail(
      StatusCode::kFailedPrecondition, "LOG_FOLDER_UNFINISHED",
      fmt::format("{} holds no checkpoint: no log was exported to it whole", folder_.string()),
      folder_.string());
}

Result<std::string> FolderLog::Read(const Tile& tile) const {
  Tile full = tile;
  full.width = Tile::kWidth;
  const size_t size_max = SizeMax(tile);
  if (auto bytes = ReadUpTo(folder_ / tile.Path(), size_max)) {
    if (bytes->size() <= size_max) return *std::move(bytes);
    return Fail(StatusCode::kDataLoss, "TILE_MALFORMED",
                fmt::format("{} has more than {} bytes", tile.Path(), size_max));
  }
  if (tile.width < Tile::kWidth) {
    if (auto bytes = ReadUpTo(folder_ / full.Path(), SizeMax(full))) {
      return Cut(*std::move(bytes), tile);
    }
  }
  return Fail(StatusCode::kNotFound, "TILE_NOT_FOUND",
              fmt::format("{} is missing or cannot be read", (folder_ / tile.Path()).string()),
              folder_.string());
}

unsigned FolderLog::readers() const { return std::max(1U, std::thread::hardware_concurrency()); }

std::string FolderLog::name() const {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(folder_, error);
  return "folder " + (error ? folder_ : whole).string();
}

Result<std::vector<TreeHash>> ReadHashes(const LogSource& source, const Tile& tile) {
  YIMA_ASSIGN_OR_RETURN(const std::string bytes, source.Read(tile));
  return ParseTileHashes(bytes, tile);
}

Result<EntryTile> ReadEntries(const LogSource& source, uint64_t index, uint32_t width) {
  const Tile place{true, 0, index, width};
  YIMA_ASSIGN_OR_RETURN(auto bytes, source.Read(place));
  EntryTile tile{std::make_unique<const std::string>(std::move(bytes)), {}};
  auto entries = ParseTileEntries(*tile.bytes, width);
  if (!entries) {
    entries.error().message = fmt::format("{}: {}", place.Path(), entries.error().message);
    return tl::unexpected(std::move(entries).error());
  }
  tile.entries = *std::move(entries);
  return tile;
}

Result<void> CheckLeaves(VerifiedTiles& tiles, const Tile& tile,
                         const std::vector<TreeHash>& leaves) {
  if (tile.width == Tile::kWidth) {
    YIMA_ASSIGN_OR_RETURN(const TreeHash wanted, tiles.Hash({Tile::kHeight, tile.index}));
    if (RootOverHashes(leaves, FastHashChildren) == wanted) return {};
  }
  for (size_t i = 0; i < leaves.size(); ++i) {
    const uint64_t index = tile.index * Tile::kWidth + i;
    YIMA_ASSIGN_OR_RETURN(const TreeHash wanted, tiles.Hash({0, index}));
    if (leaves[i] == wanted) continue;
    return Fail(StatusCode::kDataLoss, "TILE_WRONG",
                fmt::format("entry {} is another than the log's tree has", index));
  }
  return {};
}

Result<void> VisitEntries(const LogSource& source, VerifiedTiles& tiles, uint64_t size,
                          uint64_t from, uint64_t to, const EntryVisitor& visit) {
  while (from < to) {
    const uint64_t index = from / Tile::kWidth;
    const uint64_t begin = index * Tile::kWidth;
    const auto width = static_cast<uint32_t>(std::min<uint64_t>(size - begin, Tile::kWidth));
    YIMA_ASSIGN_OR_RETURN(const auto tile, ReadEntries(source, index, width));
    std::vector<TreeHash> leaves;
    leaves.reserve(width);
    for (const auto entry : tile.entries) leaves.push_back(FastHashLeaf(entry));
    YIMA_RETURN_IF_ERROR(CheckLeaves(tiles, {true, 0, index, width}, leaves));
    for (; from < std::min(to, begin + width); ++from) {
      YIMA_RETURN_IF_ERROR(visit(from, tile.entries[from - begin]));
    }
  }
  return {};
}

}  // namespace yima
