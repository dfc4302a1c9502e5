#include "server/check/log_tail.h"

#include <algorithm>

#include "server/domain/domain.h"
#include "server/domain/wire_walk.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/log_entry.pb.h"

namespace yima::server {
namespace {

constexpr uint64_t kProgressEvery = 100'000;

std::optional<store::Kind> KindOfEntryField(int number) {
  switch (number) {
    case v1::LogEntry::kFacilityFieldNumber:
      return store::Kind::kFacility;
    case v1::LogEntry::kCodeFieldNumber:
      return store::Kind::kCode;
    case v1::LogEntry::kOrganizationFieldNumber:
      return store::Kind::kOrganization;
    case v1::LogEntry::kFacilityClassFieldNumber:
      return store::Kind::kFacilityClass;
    case v1::LogEntry::kBatchRecordFieldNumber:
      return store::Kind::kBatch;
    case v1::LogEntry::kRegistryFieldNumber:
      return store::Kind::kRegistry;
    case v1::LogEntry::kPrincipalRecordFieldNumber:
      return store::Kind::kPrincipal;
    case v1::LogEntry::kBlankRangeFieldNumber:
      return store::Kind::kBlankRange;
    case v1::LogEntry::kStockTakeFieldNumber:
      return store::Kind::kStockTake;
    default:
      return std::nullopt;
  }
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
  }
  return {};
}

void LogTail::ReadEntry(const store::LogRecord& entry, Findings& findings) {
  uint64_t time = 0;
  uint64_t revision = 0;
  std::optional<store::Kind> kind;
  std::string_view record;
  const bool walked = WalkFields(entry.entry, [&](const WireField& field) {
    if (field.number == v1::LogEntry::kTimeUsFieldNumber) time = field.value;
    if (field.number == v1::LogEntry::kRevisionFieldNumber) revision = field.value;
    if (const auto found = KindOfEntryField(field.number)) {
      kind = found;
      record = field.bytes;
    }
  });
  if (!walked || !kind) return findings.Add("log entry {} does not parse", entry.index);
  if (time < time_) findings.Add("log entry {} is older than the one before it", entry.index);
  time_ = std::max(time_, time);

  const uint64_t id = IdOf(*kind, record);
  Column& column = columns_[*kind];
  const auto at = Find(column, id);
  if (!at) {
    return findings.Add("log entry {} is of {} {}, which has no record", entry.index,
                        KindName(*kind), id);
  }
  if (revision != column.revisions[*at] + uint64_t{1}) {
    findings.Add("log entry {} makes revision {} of {} {} after revision {}", entry.index, revision,
                 KindName(*kind), id, column.revisions[*at]);
  }
  column.revisions[*at] = static_cast<uint32_t>(revision);
  column.hashes[*at] = HashOf(record);
}

uint64_t LogTail::IdOf(store::Kind kind, std::string_view record) const {
  if (kind == store::Kind::kRegistry) return kRegistryId;
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
