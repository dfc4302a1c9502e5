#ifndef YIMA_SERVER_REGISTRY_IMPORT_IMPORT_KEYS_H_
#define YIMA_SERVER_REGISTRY_IMPORT_IMPORT_KEYS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <sodium.h>

#include "server/domain/derived.h"
#include "server/registry/import/import_spool.h"

namespace yima::server {

/// The keys that a facility claims: its codes and external codes.
std::vector<Key> KeysOf(const v1::Facility& facility);

/// Every key that the rows of a ledger claim, as 8 bytes of keyed hash beside the row's offset, in
/// a mapped file: a million rows do not stand on the heap. Use from one thread.
class LedgerKeys {
 public:
  explicit LedgerKeys(SpoolFile file);
  LedgerKeys(const LedgerKeys&) = delete;
  LedgerKeys& operator=(const LedgerKeys&) = delete;
  ~LedgerKeys();

  Result<void> Add(const SpooledRow& row, const v1::Facility& facility);
  /// Sorts what was added; FindRepeated and MayHold come after it.
  Result<void> Sort();

  /// Tells of each row that claims what an earlier one claims, once for each key.
  using Visitor = std::function<Result<void>(const SpooledRow& first, const SpooledRow& again,
                                             const v1::Facility& facility, const Key& key)>;
  Result<void> FindRepeated(RowSpool& rows, const Visitor& visit) const;

  /// False only when no row claims the key.
  bool MayHold(const Key& key) const;

 private:
  struct Entry {
    uint64_t hash;
    uint64_t offset;
    auto operator<=>(const Entry&) const = default;
  };
  uint64_t HashOf(const Key& key) const;
  Result<void> FindWithin(std::span<const Entry> equal, RowSpool& rows, const Visitor& visit) const;

  SpoolFile file_;
  std::array<uint8_t, crypto_shorthash_KEYBYTES> secret_;  ///< No ledger can aim at collisions.
  std::span<Entry> entries_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_IMPORT_IMPORT_KEYS_H_
