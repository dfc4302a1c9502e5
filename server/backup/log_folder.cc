#include "server/backup/log_folder.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include <fmt/format.h>

#include "codegen/code/tile.h"

namespace yima::server {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNoteSizeMax = 64 << 10;
constexpr size_t kTileSizeMax = Tile::kWidth * (2 + Tile::kEntryBytesMax);

std::optional<std::string> ReadFile(const fs::path& file, size_t size_max) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error || size > size_max) return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  std::string bytes(size, '\0');
  if (!stream.read(bytes.data(), static_cast<std::streamsize>(size))) return std::nullopt;
  return bytes;
}

/// The tile, or the full one that took its place since; says how many entries are in it.
Result<std::string> ReadTile(const fs::path& folder, Tile& tile) {
  const fs::path wanted = folder / tile.Path();
  if (auto bytes = ReadFile(wanted, kTileSizeMax)) return *std::move(bytes);
  tile.width = Tile::kWidth;
  if (auto bytes = ReadFile(folder / tile.Path(), kTileSizeMax)) return *std::move(bytes);
  return Fail(StatusCode::kNotFound, "TILE_NOT_FOUND",
              fmt::format("{} is missing or cannot be read", wanted.string()), "--from");
}

}  // namespace

Result<LogFolder> LogFolder::Open(const fs::path& folder) {
  LogFolder log;
  log.folder_ = folder;
  auto note = ReadFile(folder / "checkpoint", kNoteSizeMax);
  if (!note) {
    return Fail(
        StatusCode::kFailedPrecondition, "LOG_FOLDER_UNFINISHED",
        fmt::format("{} holds no checkpoint: no log was exported to it whole", folder.string()),
        "--from");
  }
  log.note_ = *std::move(note);
  YIMA_ASSIGN_OR_RETURN(const auto opened, SignedNote::Parse(log.note_, kNoteSizeMax));
  YIMA_ASSIGN_OR_RETURN(log.checkpoint_, Checkpoint::Parse(opened.text));
  auto name = LogName::Parse(log.checkpoint_.origin);
  if (!name) {
    return Fail(StatusCode::kFailedPrecondition, "CHECKPOINT_FOREIGN",
                fmt::format("\"{}\" is no log of a registry", log.checkpoint_.origin), "--from");
  }
  log.name_ = *std::move(name);
  return log;
}

Result<void> LogFolder::Visit(const Visitor& visit) const {
  for (uint64_t begin = 0; begin < checkpoint_.size; begin += Tile::kWidth) {
    const auto width =
        static_cast<uint32_t>(std::min<uint64_t>(checkpoint_.size - begin, Tile::kWidth));
    Tile tile{true, 0, begin / Tile::kWidth, width};
    YIMA_ASSIGN_OR_RETURN(const std::string bytes, ReadTile(folder_, tile));
    auto entries = ParseTileEntries(bytes, tile.width);
    if (!entries) {
      entries.error().message = fmt::format("{}: {}", tile.Path(), entries.error().message);
      return tl::unexpected(std::move(entries).error());
    }
    for (uint32_t i = 0; i < width; ++i) YIMA_RETURN_IF_ERROR(visit(begin + i, (*entries)[i]));
  }
  return {};
}

}  // namespace yima::server
