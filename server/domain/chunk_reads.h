#ifndef YIMA_SERVER_DOMAIN_CHUNK_READS_H_
#define YIMA_SERVER_DOMAIN_CHUNK_READS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "server/domain/domain.h"

namespace yima::server {

/// Records that many facilities of one change rest on, such as their notice: read once, and
/// expected by the change as they were read. From one thread.
template <typename R>
class ChunkReads {
 public:
  /// Before the facilities of the next change.
  void Clear() { read_.clear(); }

  /// Null when there is none, as for id 0.
  Result<const Read<R>*> Find(const store::Snapshot& snapshot, uint64_t id) {
    if (id == 0) return nullptr;
    auto found = read_.find(id);
    if (found == read_.end()) {
      YIMA_ASSIGN_OR_RETURN(auto read, Get<R>(snapshot, id));
      found = read_.emplace(id, std::move(read)).first;
    }
    return found->second ? &*found->second : nullptr;
  }

  /// Expects all of them as they were read, but for those that the change replaces.
  void Check(ChangeWriter& writer, const std::set<uint64_t>& replaced = {}) const {
    for (const auto& [id, read] : read_) {
      if (!read || replaced.contains(id)) continue;
      writer.Check(ChangeWriter::KindOf(R{}), id, read->revision);
    }
  }

 private:
  std::map<uint64_t, std::optional<Read<R>>> read_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_CHUNK_READS_H_
