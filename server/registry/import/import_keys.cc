#include "server/registry/import/import_keys.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include <fmt/format.h>
#include <sys/mman.h>

namespace yima::server {

std::vector<Key> KeysOf(const v1::Facility& facility) {
  std::vector<Key> keys;
  for (const auto& code : facility.codes()) {
    keys.push_back({store::Index::kFacilityCode, FacilityCodeKey(code.scheme(), code.digits())});
  }
  for (const auto& code : facility.external_codes()) {
    keys.push_back({store::Index::kExternalCode, ExternalCodeKey(code.namespace_(), code.value())});
  }
  return keys;
}

LedgerKeys::LedgerKeys(SpoolFile file) : file_(std::move(file)) {
  randombytes_buf(secret_.data(), secret_.size());
}

LedgerKeys::~LedgerKeys() {
  if (!entries_.empty()) munmap(entries_.data(), entries_.size_bytes());
}

uint64_t LedgerKeys::HashOf(const Key& key) const {
  std::string bytes(1, static_cast<char>(key.index));
  bytes.append(key.key);
  uint64_t hash = 0;
  static_assert(sizeof(hash) == crypto_shorthash_BYTES);
  crypto_shorthash(reinterpret_cast<uint8_t*>(&hash),
                   reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), secret_.data());
  return hash;
}

Result<void> LedgerKeys::Add(const SpooledRow& row, const v1::Facility& facility) {
  for (const auto& key : KeysOf(facility)) {
    const Entry entry{HashOf(key), row.offset};
    YIMA_RETURN_IF_ERROR(file_.Append({reinterpret_cast<const char*>(&entry), sizeof(entry)}));
  }
  return {};
}

Result<void> LedgerKeys::Sort() {
  YIMA_RETURN_IF_ERROR(file_.Flush());
  if (file_.size() == 0) return {};
  void* mapped =
      mmap(nullptr, file_.size(), PROT_READ | PROT_WRITE, MAP_SHARED, file_.descriptor(), 0);
  if (mapped == MAP_FAILED) {
    return Fail(StatusCode::kInternal, "SPOOL_FAILED",
                fmt::format("mapping the ledger's keys failed: {}", std::strerror(errno)));
  }
  entries_ = {static_cast<Entry*>(mapped), file_.size() / sizeof(Entry)};
  std::ranges::sort(entries_);
  return {};
}

Result<void> LedgerKeys::FindRepeated(RowSpool& rows, const Visitor& visit) const {
  for (size_t begin = 0; begin < entries_.size();) {
    size_t end = begin + 1;
    while (end < entries_.size() && entries_[end].hash == entries_[begin].hash) ++end;
    if (end - begin > 1) {
      YIMA_RETURN_IF_ERROR(FindWithin(entries_.subspan(begin, end - begin), rows, visit));
    }
    begin = end;
  }
  return {};
}

Result<void> LedgerKeys::FindWithin(std::span<const Entry> equal, RowSpool& rows,
                                    const Visitor& visit) const {
  std::map<Key, SpooledRow> first;
  for (const auto& entry : equal) {
    uint64_t offset = entry.offset;
    SpooledRow row;
    YIMA_RETURN_IF_ERROR(rows.Next(offset, row));
    v1::Facility facility;
    facility.ParseFromString(row.facility);
    for (const auto& key : KeysOf(facility)) {
      if (HashOf(key) != entry.hash) continue;
      const auto [before, added] = first.try_emplace(key, row);
      if (!added && before->second.offset != row.offset) {
        YIMA_RETURN_IF_ERROR(visit(before->second, row, facility, key));
      }
    }
  }
  return {};
}

bool LedgerKeys::MayHold(const Key& key) const {
  const uint64_t hash = HashOf(key);
  const auto found = std::ranges::lower_bound(entries_, hash, {}, &Entry::hash);
  return found != entries_.end() && found->hash == hash;
}

}  // namespace yima::server
