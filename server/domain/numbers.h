#ifndef YIMA_SERVER_DOMAIN_NUMBERS_H_
#define YIMA_SERVER_DOMAIN_NUMBERS_H_

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "server/store/store.h"

namespace yima::server {

/// Gives out numbers from blocks that the store has reserved durably. Gaps are normal. Thread-safe.
class Numbers {
 public:
  Numbers(store::Store& store, uint16_t epoch) : store_(store), epoch_(epoch) {}

  /// n ids of a kind, epoch (16 bits) ‖ number (32 bits), of which the first is returned. Waits for
  /// the store once a block. NUMBERS_USED_UP after 2^32 - 1 in an epoch.
  Result<uint64_t> NewIds(store::Kind kind, uint64_t n);
  Result<uint64_t> NewId(store::Kind kind) { return NewIds(kind, 1); }

  /// n numbers of any named sequence, beginning at 1.
  Result<uint64_t> Next(std::string_view sequence, uint64_t n, uint64_t block);

  uint16_t epoch() const { return epoch_; }

 private:
  struct Block {
    uint64_t next = 0;
    uint64_t end = 0;
  };
  store::Store& store_;
  const uint16_t epoch_;
  std::mutex mutex_;
  std::map<std::string, Block, std::less<>> blocks_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_NUMBERS_H_
