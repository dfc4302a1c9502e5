#include "server/domain/change_writer.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/wire_format_lite.h>

#include "server/domain/cover.h"
#include "yima/v1/log_entry.pb.h"
#include "yima/v1/withheld.pb.h"

namespace yima::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

uint64_t FacilityOfKey(std::string_view active_code_key) {
  uint64_t facility = 0;
  for (const char c : active_code_key) facility = facility << 8 | static_cast<uint8_t>(c);
  return facility;
}

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

int EntryField(store::Kind kind) {
  switch (kind) {
    case store::Kind::kFacility:
      return v1::LogEntry::kFacilityFieldNumber;
    case store::Kind::kCode:
      return v1::LogEntry::kCodeFieldNumber;
    case store::Kind::kOrganization:
      return v1::LogEntry::kOrganizationFieldNumber;
    case store::Kind::kFacilityClass:
      return v1::LogEntry::kFacilityClassFieldNumber;
    case store::Kind::kBatch:
      return v1::LogEntry::kBatchRecordFieldNumber;
    case store::Kind::kPrincipal:
      return v1::LogEntry::kPrincipalRecordFieldNumber;
    case store::Kind::kBlankRange:
      return v1::LogEntry::kBlankRangeFieldNumber;
    case store::Kind::kStockTake:
      return v1::LogEntry::kStockTakeFieldNumber;
    case store::Kind::kClaim:
      return v1::LogEntry::kClaimFieldNumber;
    case store::Kind::kNotice:
      return v1::LogEntry::kNoticeFieldNumber;
    case store::Kind::kObjection:
      return v1::LogEntry::kObjectionFieldNumber;
    case store::Kind::kOffer:
      return v1::LogEntry::kOfferFieldNumber;
    case store::Kind::kOrder:
      return v1::LogEntry::kOrderFieldNumber;
    case store::Kind::kRightsRules:
      return v1::LogEntry::kRightsRulesFieldNumber;
    default:
      return v1::LogEntry::kRegistryFieldNumber;
  }
}

std::string EntryHead(const Call& call, std::string_view request_id, uint64_t batch) {
  v1::LogEntry head;
  head.set_principal(call.principal);
  head.set_method(call.method);
  head.set_request_id(std::string(request_id));
  head.set_batch(batch);
  return head.SerializeAsString();
}

/// The counter of a facility; empty for none.
std::string_view CoverOf(const Derived& facility) {
  if (facility.counters.empty()) return {};
  return facility.counters.front().first;
}

/// Reflection is slow where a million records pass, so the kinds that cities have by the million
/// say directly whether they hold anything withheld.
bool MayHoldWithheld(const Message& record) {
  if (const auto* facility = dynamic_cast<const v1::Facility*>(&record)) {
    return facility->has_remark() || facility->personal_size() > 0 ||
           facility->last_step().has_note() || facility->hand_over().has_note();
  }
  if (const auto* claim = dynamic_cast<const v1::Claim*>(&record)) {
    return claim->decision().has_reason();
  }
  return true;
}

}  // namespace

void EachWithheld(Message& record, const std::function<void(v1::Withheld&)>& visit) {
  if (auto* withheld = dynamic_cast<v1::Withheld*>(&record)) return visit(*withheld);
  std::vector<const FieldDescriptor*> fields;
  const auto* reflection = record.GetReflection();
  reflection->ListFields(record, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      EachWithheld(*reflection->MutableMessage(&record, field), visit);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(record, field); ++i) {
      EachWithheld(*reflection->MutableRepeatedMessage(&record, field, i), visit);
    }
  }
}

std::string SerializeWithoutWithheld(const Message& record) {
  if (const auto* code = dynamic_cast<const v1::Code*>(&record)) {
    v1::Code copy = *code;
    copy.mutable_signature()->clear_salt();
    copy.mutable_signature()->clear_value();
    return copy.SerializeAsString();
  }
  if (!MayHoldWithheld(record)) return record.SerializeAsString();
  const std::unique_ptr<Message> copy(record.New());
  copy->CopyFrom(record);
  EachWithheld(*copy, [](v1::Withheld& withheld) {
    withheld.clear_salt();
    withheld.clear_value();
  });
  return copy->SerializeAsString();
}

ChangeWriter::ChangeWriter(const Call& call, std::string_view request_id, uint64_t batch)
    : entry_head_(EntryHead(call, request_id, batch)) {}

void ChangeWriter::Put(store::Kind kind, uint64_t id, uint64_t revision, const Derived& before,
                       const Derived& after, const Message& record) {
  using google::protobuf::internal::WireFormatLite;
  store::Put put{kind, id, revision, record.SerializeAsString(), entry_head_};
  const std::string logged = MayHoldWithheld(record) ? SerializeWithoutWithheld(record) : put.bytes;
  AppendVarint(put.entry, WireFormatLite::MakeTag(v1::LogEntry::kRevisionFieldNumber,
                                                  WireFormatLite::WIRETYPE_VARINT));
  AppendVarint(put.entry, revision + 1);
  AppendVarint(put.entry, WireFormatLite::MakeTag(EntryField(kind),
                                                  WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  AppendVarint(put.entry, logged.size());
  put.entry.append(logged);
  change_.puts.push_back(std::move(put));
  PutDerived(kind, id, before, after);
  if (kind == store::Kind::kFacility && revision != 0 && before.counters != after.counters) {
    NoteCover(id, before, after);
  }
}

void ChangeWriter::NoteHolders(const v1::Facility& before, const v1::Facility& after) {
  const auto note = [this](uint64_t had, uint64_t has) {
    if (has != 0 && has != had) new_holders_.insert(has);
  };
  note(before.supervising().holder(), after.supervising().holder());
  note(before.owning().holder(), after.owning().holder());
  note(before.maintaining().holder(), after.maintaining().holder());
}

/// A new facility has no code, but by this change itself.
void ChangeWriter::NoteCover(uint64_t facility, const Derived& before, const Derived& after) {
  covers_[facility] = {std::string(CoverOf(before)), std::string(CoverOf(after))};
}

void ChangeWriter::KnowCover(uint64_t facility, std::string cover_counter) {
  covers_[facility] = {cover_counter, cover_counter};
}

void ChangeWriter::PutDerived(store::Kind kind, uint64_t id, const Derived& before,
                              const Derived& after) {
  const auto has = [](const auto& list, const auto& item) {
    return std::ranges::find(list, item) != list.end();
  };
  for (const auto& key : before.keys) {
    if (!has(after.keys, key)) Release(key, id);
  }
  for (const auto& key : after.keys) {
    if (!has(before.keys, key)) Claim(key, id);
  }
  for (const auto& term : before.terms) {
    if (!has(after.terms, term)) change_.terms.push_back({kind, term, id, false});
  }
  for (const auto& term : after.terms) {
    if (!has(before.terms, term)) change_.terms.push_back({kind, term, id, true});
  }
  if (before.place != after.place) change_.places.push_back({id, after.place});
  for (const auto& [counter, value] : before.counters) adds_[counter] -= value;
  for (const auto& [counter, value] : after.counters) adds_[counter] += value;
}

void ChangeWriter::Release(const Key& key, uint64_t id) {
  released_.emplace(key, change_.claims.size());
  change_.claims.push_back({key.index, key.key, id, 0});
}

void ChangeWriter::Claim(const Key& key, uint64_t id) {
  // The store compares all claims with what stood before the change, so a key that goes from one
  // record to another is one claim.
  const auto released = released_.find(key);
  if (released == released_.end()) {
    change_.claims.push_back({key.index, key.key, 0, id});
  } else {
    change_.claims[released->second].after = id;
    released_.erase(released);
  }
}

void ChangeWriter::PutUnlogged(store::Kind kind, uint64_t id, uint64_t revision,
                               std::string bytes) {
  change_.puts.push_back({kind, id, revision, std::move(bytes), {}});
}

void ChangeWriter::Check(store::Kind kind, uint64_t id, uint64_t revision) {
  change_.checks.push_back({kind, id, revision});
}

void ChangeWriter::CheckFacility(const v1::Facility& facility, uint64_t revision) {
  Check(store::Kind::kFacility, facility.uid(), revision);
  KnowCover(facility.uid(), CoverCounter(facility));
}

void ChangeWriter::CheckFree(const Key& key) {
  change_.claims.push_back({key.index, key.key, 0, 0});
}

void ChangeWriter::Count(const Key& key, uint64_t before, uint64_t after) {
  change_.claims.push_back({key.index, key.key, before, after});
}

/// The facilities whose active code is a key of this change.
ChangeWriter::CodedMoves ChangeWriter::MovedCodes() const {
  CodedMoves coded;
  for (const auto& claim : change_.claims) {
    if (claim.index != store::Index::kActiveCode) continue;
    coded[FacilityOfKey(claim.key)] = {claim.before != 0, claim.after != 0};
  }
  return coded;
}

/// Of a facility that is counted elsewhere from now on: that it has an active code, or none, still
/// when the change is applied. Who binds one meanwhile makes one of both plan again.
Result<void> ChangeWriter::ExpectCodes(const store::Snapshot& snapshot) {
  const CodedMoves coded = MovedCodes();
  for (const auto& [facility, cover] : covers_) {
    if (!cover.Moves() || coded.contains(facility)) continue;
    std::string key = ActiveCodeKey(facility);
    YIMA_ASSIGN_OR_RETURN(const uint64_t code, snapshot.Holder(store::Index::kActiveCode, key));
    change_.claims.push_back({store::Index::kActiveCode, std::move(key), code, code});
  }
  return {};
}

/// Of facilities that get or lose an active code: from what the change puts, or else the record,
/// which it then expects.
Result<void> ChangeWriter::ReadCovers(const store::Snapshot& snapshot) {
  const CodedMoves coded = MovedCodes();
  const auto unknown = [&](const auto& each) {
    return each.second.Moves() && !covers_.contains(each.first);
  };
  if (std::ranges::none_of(coded, unknown)) return {};
  std::map<uint64_t, const store::Put*> puts;
  for (const auto& put : change_.puts) {
    if (put.kind == store::Kind::kFacility) puts.emplace(put.id, &put);
  }
  for (const auto& each : coded) {
    if (!unknown(each)) continue;
    const uint64_t facility = each.first;
    v1::Facility record;
    if (const auto put = puts.find(facility); put != puts.end()) {
      record.ParseFromString(put->second->bytes);
      std::string cover = CoverCounter(record);
      covers_[facility] = {put->second->expected_revision == 0 ? "" : cover, cover};
      continue;
    }
    YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kFacility, facility));
    Check(store::Kind::kFacility, facility, stored ? stored->revision : 0);
    // A code may lead to what a damaged store has lost.
    const bool sound = stored && record.ParseFromString(stored->bytes);
    KnowCover(facility, sound ? CoverCounter(record) : "");
  }
  return {};
}

Result<void> ChangeWriter::ExpectHolders(const store::Snapshot& snapshot) {
  for (const uint64_t holder : new_holders_) {
    YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kOrganization, holder));
    // One that an import creates may be younger than the snapshot.
    if (stored) Check(store::Kind::kOrganization, holder, stored->revision);
  }
  return {};
}

Result<store::Change> ChangeWriter::Take(const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(ExpectHolders(snapshot));
  new_holders_.clear();
  YIMA_RETURN_IF_ERROR(ExpectCodes(snapshot));
  YIMA_RETURN_IF_ERROR(ReadCovers(snapshot));
  return Take();
}

store::Change ChangeWriter::Take() {
  assert(new_holders_.empty());
  const CodedMoves coded = MovedCodes();
  assert(std::ranges::all_of(covers_, [&](const auto& each) {
    return !each.second.Moves() || coded.contains(each.first);
  }));
  for (const auto& [facility, has_code] : coded) {
    const auto cover = covers_.find(facility);
    assert(cover != covers_.end() || !has_code.Moves());
    if (cover == covers_.end()) continue;
    if (!has_code.Moves() && !cover->second.Moves()) continue;
    if (has_code.before) --adds_[CodedCounter(cover->second.before)];
    if (has_code.after) ++adds_[CodedCounter(cover->second.after)];
  }
  adds_.erase("");  // Of facilities that are not counted.
  for (const auto& [counter, delta] : adds_) {
    if (delta != 0) change_.adds.push_back({counter, delta});
  }
  adds_.clear();
  released_.clear();
  covers_.clear();
  return std::exchange(change_, {});
}

}  // namespace yima::server
