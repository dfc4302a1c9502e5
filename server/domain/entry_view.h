#ifndef YIMA_SERVER_DOMAIN_ENTRY_VIEW_H_
#define YIMA_SERVER_DOMAIN_ENTRY_VIEW_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/store/store.h"

namespace yima::server {

/// A log entry taken apart without copying; views into it.
struct EntryView {
  uint64_t time_us = 0;
  std::string_view principal;
  std::string_view method;
  std::string_view request_id;
  uint64_t batch = 0;
  uint64_t revision = 0;
  store::Kind kind = store::Kind::kFacility;
  std::string_view record;  ///< Serialized, with hashes in place of personal values.
};

/// Nothing when the bytes are no entry.
std::optional<EntryView> ViewEntry(std::string_view entry);
/// ENTRY_DAMAGED (DATA_LOSS): the entry at that index is none.
tl::unexpected<Error> EntryDamaged(uint64_t index);

/// The id of the record that an entry holds; 0 when none is found. A class holds no id: its code
/// leads to it.
Result<uint64_t> RecordIdIn(const EntryView& entry, const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_ENTRY_VIEW_H_
