#ifndef YIMA_TESTS_CLIENT_MEMORY_LOG_H_
#define YIMA_TESTS_CLIENT_MEMORY_LOG_H_

#include <map>
#include <string>
#include <vector>

#include "client/log/known_log.h"
#include "client/log/log_source.h"
#include "codegen/code/signature.h"
#include "yima/v1/log_entry.pb.h"

namespace yima::testing {

/// A registry's log, made by hand. A copy is what somebody saw of it until then.
class MemoryLog : public LogSource {
 public:
  explicit MemoryLog(const SigningKey& key, char registry = 'a') : key_(&key) {
    registry_.set_id(std::string(32, registry));
    registry_.set_epoch(1);
    registry_.add_log_keys(std::string(key.public_key().begin(), key.public_key().end()));
    AddRegistry("yimad/init");
  }

  void Add(v1::LogEntry entry) {
    entry.set_time_us(100 + entries_.size());
    if (entry.method().empty()) entry.set_method("m");
    entries_.push_back(entry.SerializeAsString());
    made_ = false;
  }
  void AddFacilities(uint64_t n) {
    for (; n > 0; --n) {
      v1::LogEntry entry;
      entry.set_revision(1);
      entry.mutable_facility()->set_uid(entries_.size() + 1);
      Add(entry);
    }
  }
  /// What a restore from the backup of now writes.
  void Restore(uint16_t epoch, const std::string& last_checkpoint) {
    registry_.set_epoch(epoch);
    auto* restore = registry_.add_restores();
    restore->set_epoch(epoch);
    restore->set_log_size(entries_.size());
    restore->set_last_checkpoint(last_checkpoint);
    AddRegistry("yimad/restore");
  }
  void Change(size_t index, const std::string& entry) {
    entries_[index] = entry;
    made_ = false;
  }
  const std::string& entry(size_t index) const { return entries_[index]; }
  uint64_t size() const { return entries_.size(); }
  const v1::Registry& registry() const { return registry_; }

  /// Under the epoch that the registry's record is of, if none is named.
  KnownLog Known(uint16_t epoch = 0) const {
    Make();
    KnownLog log;
    log.name = {registry_.id(), epoch == 0 ? static_cast<uint16_t>(registry_.epoch()) : epoch};
    log.checkpoint = {log.name.ToString(), size(), tree_.Root(), ""};
    log.note = log.checkpoint.Sign(*key_).ToString();
    log.bundle.registry = registry_.id();
    log.bundle.epoch = log.name.epoch;
    log.bundle.log_keys = {key_->public_key()};
    return log;
  }

  Result<std::string> Checkpoint() const override { return Known().note; }
  Result<std::string> Read(const Tile& tile) const override {
    Make();
    ++reads_[tile.entries ? 1 : 0];
    const auto found = tiles_.find(tile.Path());
    if (found != tiles_.end()) return found->second;
    return Fail(StatusCode::kNotFound, "TILE_NOT_FOUND", tile.Path());
  }
  unsigned readers() const override { return 1; }
  std::string name() const override { return name_; }
  bool is_copy() const override { return is_copy_; }

  std::string name_ = "memory";
  bool is_copy_ = false;
  mutable std::array<int, 2> reads_{};  ///< Tiles of hashes, of entries.

 private:
  void AddRegistry(const std::string& method) {
    v1::LogEntry entry;
    entry.set_method(method);
    entry.set_revision(++revision_);
    *entry.mutable_registry() = registry_;
    Add(entry);
  }
  void Make() const {
    if (made_) return;
    made_ = true;
    tiles_.clear();
    tree_ = TileTree();
    for (const auto& entry : entries_) {
      std::ignore = tree_.Append(HashLeaf(entry), [this](const Tile& tile, auto hashes) {
        tiles_[tile.Path()] = TileBytesOf(hashes);
        return Result<void>();
      });
    }
    for (const Tile& tile : tree_.PartialTiles()) {
      tiles_[tile.Path()] = TileBytesOf(tree_.open()[static_cast<size_t>(tile.level)]);
    }
    for (size_t i = 0; i < entries_.size(); ++i) {
      const size_t begin = i / Tile::kWidth * Tile::kWidth;
      const auto width =
          static_cast<uint32_t>(std::min<size_t>(Tile::kWidth, entries_.size() - begin));
      std::string& bundle = tiles_[Tile{true, 0, i / Tile::kWidth, width}.Path()];
      bundle.push_back(static_cast<char>(entries_[i].size() >> 8));
      bundle.push_back(static_cast<char>(entries_[i].size()));
      bundle += entries_[i];
    }
  }

  const SigningKey* key_;
  v1::Registry registry_;
  uint64_t revision_ = 0;
  std::vector<std::string> entries_;
  mutable bool made_ = false;
  mutable TileTree tree_;
  mutable std::map<std::string, std::string> tiles_;
};

}  // namespace yima::testing

#endif  // YIMA_TESTS_CLIENT_MEMORY_LOG_H_
