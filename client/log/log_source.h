#ifndef YIMA_CLIENT_LOG_LOG_SOURCE_H_
#define YIMA_CLIENT_LOG_LOG_SOURCE_H_

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "codegen/code/tile.h"
#include "codegen/code/tile_tree.h"

namespace yima {

/// Where a log is read: nothing that comes from it is believed. Thread-safe.
class LogSource {
 public:
  virtual ~LogSource() = default;

  /// The newest checkpoint, as a signed note.
  virtual Result<std::string> Checkpoint() const = 0;
  /// A tile of hashes or of entries, as it is served. TILE_NOT_FOUND.
  virtual Result<std::string> Read(const Tile& tile) const = 0;
  /// How many tiles are worth asking for at a time.
  virtual unsigned readers() const = 0;
  /// Which one it is: the server's address, the folder's whole path.
  virtual std::string name() const = 0;
  /// Whether it is a copy, which may lag behind the log itself.
  virtual bool is_copy() const { return false; }
};

/// A registry's server, by LogService.
class ServerLog : public LogSource {
 public:
  /// The client must outlive it. `address` names the server where that matters.
  explicit ServerLog(const Client& client, std::string address = {})
      : client_(client), address_(std::move(address)) {}
  Result<std::string> Checkpoint() const override;
  Result<std::string> Read(const Tile& tile) const override;
  unsigned readers() const override;
  std::string name() const override { return "server " + address_; }

 private:
  const Client& client_;
  std::string address_;
};

/// A folder in the layout of tlog-tiles, as LogExport writes it. LOG_FOLDER_UNFINISHED when it has
/// no checkpoint; FILE_UNREADABLE.
class FolderLog : public LogSource {
 public:
  explicit FolderLog(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<std::string> Checkpoint() const override;
  /// Of a tile that has become full since, the beginning.
  Result<std::string> Read(const Tile& tile) const override;
  unsigned readers() const override;
  std::string name() const override;
  bool is_copy() const override { return true; }

 private:
  std::filesystem::path folder_;
};

/// Hashes of a tile. TILE_MALFORMED, and what the source says.
Result<std::vector<TreeHash>> ReadHashes(const LogSource& source, const Tile& tile);

/// Entries of one tile.
struct EntryTile {
  std::unique_ptr<const std::string> bytes;  ///< Stays where it is when this is moved.
  std::vector<std::string_view> entries;     ///< Point into it.
};
/// TILE_MALFORMED, and what the source says.
Result<EntryTile> ReadEntries(const LogSource& source, uint64_t index, uint32_t width);

/// Whether leaves of a tile's entries are those of the tree. TILE_WRONG (DATA_LOSS) when one is
/// not.
Result<void> CheckLeaves(VerifiedTiles& tiles, const Tile& tile,
                         const std::vector<TreeHash>& leaves);

/// Entries `from` to `to` (exclusive), each proved to be of the tree before it is shown. TILE_WRONG
/// (DATA_LOSS) when one is not; stops with what `visit` returns.
using EntryVisitor = std::function<Result<void>(uint64_t index, std::string_view entry)>;
Result<void> VisitEntries(const LogSource& source, VerifiedTiles& tiles, uint64_t size,
                          uint64_t from, uint64_t to, const EntryVisitor& visit);

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_LOG_SOURCE_H_
