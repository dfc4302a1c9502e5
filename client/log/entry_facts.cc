#include "client/log/entry_facts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "client/log/state_bytes.h"
#include "codegen/code/wire_walk.h"
#include "yima/v1/log_entry.pb.h"

namespace yima {
namespace {

constexpr char kTimeTag = '\x09';  // field 1, fixed64
constexpr int kRecordsFrom = v1::LogEntry::kFacilityFieldNumber;
constexpr size_t kLateMax = 65'536;

constexpr int kVarint = 0;
constexpr int kFixed64 = 1;
constexpr int kBytes = 2;

/// The low bits of its tag.
int WireTypeOf(const WireField& field) { return field.whole.front() & 7; }

/// Whether a field of an entry is written as its kind must be: protobuf's parsers pass over one
/// that is not, and others may not.
bool IsTyped(const WireField& field) {
  constexpr int kWireTypes[] = {-1, kFixed64, kBytes, kBytes, kBytes, kVarint, kVarint};
  if (field.number >= kRecordsFrom) return WireTypeOf(field) == kBytes;
  if (static_cast<size_t>(field.number) >= std::size(kWireTypes)) return true;
  return WireTypeOf(field) == kWireTypes[field.number];
}

/// The same of what a record is named by.
bool IsName(const WireField& field, int kind) {
  switch (kind) {
    case v1::LogEntry::kFacilityClassFieldNumber:
    case v1::LogEntry::kRegistryFieldNumber:
      return WireTypeOf(field) == kBytes;
    default:
      // Of kinds of later versions it may be either.
      return WireTypeOf(field) == kVarint ||
             (v1::LogEntry::descriptor()->FindFieldByNumber(kind) == nullptr &&
              WireTypeOf(field) == kBytes);
  }
}

}  // namespace

std::optional<EntryFacts> EntryFacts::Of(std::string_view entry) {
  EntryFacts facts;
  int records = 0;
  bool typed = true;
  const bool walked = WalkFields(entry, [&](const WireField& field) {
    typed = typed && IsTyped(field);
    if (field.number == v1::LogEntry::kTimeUsFieldNumber) facts.time_us = field.value;
    if (field.number == v1::LogEntry::kRevisionFieldNumber) facts.revision = field.value;
    if (field.number == v1::LogEntry::kPrincipalFieldNumber) facts.principal = field.bytes;
    if (field.number == v1::LogEntry::kMethodFieldNumber) facts.method = field.bytes;
    if (field.number < kRecordsFrom) return;
    ++records;
    facts.kind = field.number;
    facts.record = field.bytes;
  });
  if (!walked || !typed || records != 1 || !entry.starts_with(kTimeTag)) return std::nullopt;
  // Field 1 of a record is what it is named by.
  const bool record = WalkFields(facts.record, [&](const WireField& field) {
    if (field.number != 1) return;
    typed = typed && IsName(field, facts.kind);
    facts.id = field.value;
    facts.name = field.bytes;
  });
  if (!record || !typed) return std::nullopt;
  if (facts.kind == v1::LogEntry::kRegistryFieldNumber) {  // There is one.
    facts.id = 1;
    facts.name = {};
  }
  return facts;
}

std::string KindWords(int kind) {
  const auto* field = v1::LogEntry::descriptor()->FindFieldByNumber(kind);
  return field == nullptr ? fmt::to_string(kind) : field->name();
}

std::string RecordWords(const EntryFacts& facts) {
  return facts.name.empty() ? fmt::format("{} {}", KindWords(facts.kind), facts.id)
                            : fmt::format("{} {}", KindWords(facts.kind), facts.name);
}

uint32_t Revisions::Set(const EntryFacts& facts, uint32_t revision) {
  if (facts.name.empty()) return SetIn(columns_[facts.kind], facts.id, revision);
  const auto key = fmt::format("{}/{}", facts.kind, facts.name);
  return std::exchange(named_[key], revision);
}

uint32_t Revisions::SetIn(Column& column, uint64_t id, uint32_t revision) {
  if (column.ids.empty() || id > column.ids.back()) {
    column.ids.push_back(id);
    column.revisions.push_back(revision);
    return 0;
  }
  const auto found = std::ranges::lower_bound(column.ids, id);
  if (*found == id) {
    return std::exchange(column.revisions[static_cast<size_t>(found - column.ids.begin())],
                         revision);
  }
  const uint32_t before = std::exchange(column.late[id], revision);
  if (column.late.size() == kLateMax) Merge(column);
  return before;
}

void Revisions::Merge(Column& column) {
  std::vector<std::pair<uint64_t, uint32_t>> late(column.late.begin(), column.late.end());
  column.late.clear();
  std::ranges::sort(late);
  size_t from = column.ids.size();
  size_t to = from + late.size();
  column.ids.resize(to);
  column.revisions.resize(to);
  // From the back, so that nothing is written over before it is moved.
  while (!late.empty()) {
    const bool old = from > 0 && column.ids[from - 1] > late.back().first;
    --to;
    column.ids[to] = old ? column.ids[from - 1] : late.back().first;
    column.revisions[to] = old ? column.revisions[from - 1] : late.back().second;
    if (old) {
      --from;
    } else {
      late.pop_back();
    }
  }
}

void Revisions::AppendTo(std::string& bytes) const {
  AppendNumber(bytes, columns_.size());
  for (const auto& [kind, kept] : columns_) {
    Column column = kept;
    Merge(column);
    AppendNumber(bytes, static_cast<uint64_t>(kind));
    AppendNumber(bytes, column.ids.size());
    for (const uint64_t id : column.ids) AppendNumber(bytes, id);
    for (const uint32_t revision : column.revisions) AppendNumber(bytes, revision);
  }
  AppendNumber(bytes, named_.size());
  for (const auto& [name, revision] : named_) {
    AppendText(bytes, name);
    AppendNumber(bytes, revision);
  }
}

bool Revisions::TakeFrom(std::string_view& bytes) {
  *this = {};
  uint64_t columns = 0;
  uint64_t kind = 0;
  uint64_t count = 0;
  uint64_t number = 0;
  if (!TakeNumber(bytes, columns)) return false;
  for (; columns > 0; --columns) {
    if (!TakeNumber(bytes, kind) || !TakeNumber(bytes, count) || count > bytes.size()) return false;
    Column& column = columns_[static_cast<int>(kind)];
    column.ids.reserve(count);
    column.revisions.reserve(count);
    for (uint64_t i = 0; i < count && TakeNumber(bytes, number); ++i) column.ids.push_back(number);
    for (uint64_t i = 0; i < count && TakeNumber(bytes, number); ++i) {
      column.revisions.push_back(static_cast<uint32_t>(number));
    }
    if (column.revisions.size() != count) return false;
  }
  if (!TakeNumber(bytes, count)) return false;
  std::string name;
  for (; count > 0; --count) {
    if (!TakeText(bytes, name) || !TakeNumber(bytes, number)) return false;
    named_[name] = static_cast<uint32_t>(number);
  }
  return true;
}

}  // namespace yima
