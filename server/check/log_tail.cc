#include "server/check/log_tail.h"

#include <algorithm>

#include <fmt/format.h>

#include "codegen/code/wire_walk.h"
#include "server/domain/domain.h"
#include "server/domain/entry_view.h"
#include "yima/v1/facility.pb.h"

namespace yima::server {
namespace {

constexpr uint64_t kProgressEvery = 100'000;

/// Index + 1, as the store keeps it.
std::string EntryName(uint64_t entry) {
  return entry == 0 ? "none" : fmt::format("log entry {}", entry - 1);
}

}  // namespace

std::string_view KindName(store::Kind kind) {
  switch (kind) {
    case store::Kind::kFacility:
      return "facility";
    case store::Kind::kCode:
      return "code";
    case store::Kind::kOrganization:
      return "organization";
    case store::Kind::kFacilityClass:
      return "facility class";
    case store::Kind::kBatch:
      return "batch";
    case store::Kind::kRegistry:
      return "registry";
    case store::Kind::kPrincipal:
      return "principal";
    case store::Kind::kBlankRange:
      return "range of blank plates";
    case store::Kind::kStockTake:
      return "stock-take";
    case store::Kind::kClaim:
      return "claim";
    case store::Kind::kNotice:
      return "notice";
    case store::Kind::kObjection:
      return "objection";
    case store::Kind::kOffer:
      return "offer";
    case store::Kind::kOrder:
      return "order";
    case store::Kind::kRightsRules:
      return "rules of rights";
    case store::Kind::kStockFinding:
      return "finding";
    case store::Kind::kSighting:
      return "sightings of code";
    default:
      return "record";
  }
}

LogTail::LogTail() { crypto_shorthash_keygen(key_.data()); }

Result<void> LogTail::Read(const store::Snapshot& snapshot, Findings& findings,
                           const CheckProgress& progress) {
  YIMA_RETURN_IF_ERROR(ReadIds(snapshot, progress));
  uint64_t next = 0;
  YIMA_RETURN_IF_ERROR(snapshot.ScanLog(0, [&](const store::LogRecord& entry) {
    if (entry.index != next) {
      findings.Add("the log has entry {} where {} is wanted", entry.index, next);
    }
    next = entry.index + 1;
    ReadEntry(entry, findings);
    if (next % kProgressEvery == 0) progress("log entries", next);
    return true;
  }));
  YIMA_ASSIGN_OR_RETURN(const uint64_t size, snapshot.LogSize());
  if (size != next) findings.Add("the log ends at {} but says it has {} entries", next, size);
  progress("log entries", next);
  return CompareLastEntries(snapshot, findings);
}

Result<void> LogTail::CompareLastEntries(const store::Snapshot& snapshot,
                                         Findings& findings) const {
  for (const auto& [kind, column] : columns_) {
    YIMA_RETURN_IF_ERROR(snapshot.ScanLastEntries(kind, [&](uint64_t id, uint64_t last) {
      const auto at = Find(column, id);
      // A record without entries is told of elsewhere.
      if (at && column.entries[*at] != 0 && column.entries[*at] != last) {
        findings.Add("the last entry of {} {} is {}, but its record says {}", KindName(kind), id,
                     EntryName(column.entries[*at]), EntryName(last));
      }
      return true;
    }));
  }
  return {};
}

Result<void> LogTail::ReadIds(const store::Snapshot& snapshot, const CheckProgress& progress) {
  for (const store::Kind kind : store::kKinds) {
    if (!store::IsLogged(kind)) continue;
    Column& column = columns_[kind];
    YIMA_RETURN_IF_ERROR(
        snapshot.Scan(kind, 0, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
          column.ids.push_back(id);
          v1::FacilityClass facility_class;
          if (kind == store::Kind::kFacilityClass &&
              facility_class.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
            class_ids_[facility_class.code()] = id;
          }
          if (column.ids.size() % kProgressEvery == 0) {
            progress("record ids", column.ids.size());
          }
          return true;
        }));
    column.revisions.resize(column.ids.size());
    column.hashes.resize(column.ids.size());
    column.entries.resize(column.ids.size());
  }
  return {};
}

void LogTail::ReadEntry(const store::LogRecord& record, Findings& findings) {
  const auto entry = ViewEntry(record.entry);
  if (!entry) return findings.Add("log entry {} does not parse", record.index);
  if (entry->time_us < time_) {
    findings.Add("log entry {} is older than the one before it", record.index);
  }
  time_ = std::max(time_, entry->time_us);

  const uint64_t id = IdOf(entry->kind, entry->record);
  Column& column = columns_[entry->kind];
  const auto at = Find(column, id);
  if (!at) {
    return findings.Add("log entry {} is of {} {}, which has no record", record.index,
                        KindName(entry->kind), id);
  }
  if (entry->revision != column.revisions[*at] + uint64_t{1}) {
    findings.Add("log entry {} makes revision {} of {} {} after revision {}", record.index,
                 entry->revision, KindName(entry->kind), id, column.revisions[*at]);
  }
  if (record.previous != column.entries[*at]) {
    findings.Add("log entry {} of {} {} follows {}, but says {}", record.index,
                 KindName(entry->kind), id, EntryName(column.entries[*at]),
                 EntryName(record.previous));
  }
  column.revisions[*at] = static_cast<uint32_t>(entry->revision);
  column.hashes[*at] = HashOf(entry->record);
  column.entries[*at] = record.index + 1;
}

uint64_t LogTail::IdOf(store::Kind kind, std::string_view record) const {
  if (kind == store::Kind::kRegistry) return kRegistryId;
  if (kind == store::Kind::kRightsRules) return kRightsRulesId;
  // Field 1 is the id, of a class its code.
  static_assert(v1::Facility::kUidFieldNumber == 1 && v1::Code::kSerialFieldNumber == 1 &&
                v1::Organization::kIdFieldNumber == 1 && v1::Batch::kIdFieldNumber == 1 &&
                v1::FacilityClass::kCodeFieldNumber == 1 && v1::Principal::kIdFieldNumber == 1 &&
                v1::BlankRange::kIdFieldNumber == 1 && v1::StockTake::kIdFieldNumber == 1);
  WireField first;
  WalkFields(record, [&](const WireField& field) {
    if (field.number == 1) first = field;
  });
  if (kind != store::Kind::kFacilityClass) return first.value;
  const auto found = class_ids_.find(first.bytes);
  return found == class_ids_.end() ? 0 : found->second;
}

std::optional<size_t> LogTail::Find(const Column& column, uint64_t id) {
  const auto found = std::ranges::lower_bound(column.ids, id);
  if (found == column.ids.end() || *found != id) return std::nullopt;
  return static_cast<size_t>(found - column.ids.begin());
}

bool LogTail::Exists(store::Kind kind, uint64_t id) const {
  return Find(columns_.at(kind), id).has_value();
}

LogTail::Last LogTail::Of(store::Kind kind, uint64_t id) const {
  const Column& column = columns_.at(kind);
  const auto at = Find(column, id);
  return at ? Last{column.revisions[*at], column.hashes[*at]} : Last{};
}

uint64_t LogTail::HashOf(std::string_view bytes) const {
  uint64_t hash = 0;
  static_assert(sizeof hash == crypto_shorthash_BYTES);
  crypto_shorthash(reinterpret_cast<uint8_t*>(&hash),
                   reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), key_.data());
  return hash;
}

}  // namespace yima::server
