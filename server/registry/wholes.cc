#include "server/registry/wholes.h"

#include <algorithm>

#include <fmt/format.h>
#include <sodium.h>

#include "server/registry/life.h"

namespace yima::server {
namespace {

/// Wholes within a part that are looked at before it is put into another.
constexpr size_t kLooksMax = 10'000;
/// Facilities that are kept as settled; more come from a dry run alone.
constexpr size_t kSettledMax = 1'000'000;

tl::unexpected<Error> Refuse(std::string reason, std::string message, std::string_view field) {
  return Fail(StatusCode::kFailedPrecondition, std::move(reason), std::move(message),
              std::string(field));
}

tl::unexpected<Error> Damaged(uint64_t uid) {
  return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
              fmt::format("facility {} does not parse; run yimad check", uid));
}

Key JoinsKey(uint64_t uid, uint8_t slot) {
  return {store::Index::kJoins, ActiveCodeKey(uid).append(1, static_cast<char>(slot))};
}

/// The first parts under a term that `takes` wants, until enough are shown.
Result<void> AddGlances(const store::Snapshot& snapshot, const std::string& term,
                        const std::function<bool(const v1::Facility&)>& takes,
                        std::vector<v1::RelatedFacility>& glances) {
  if (glances.size() >= kPartsShownMax) return {};
  Result<void> failure;
  v1::Facility part;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kFacility, 0, {term}, [&](uint64_t id, uint64_t, std::string_view bytes) {
        if (!part.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          failure = Damaged(id);
          return false;
        }
        if (takes(part)) glances.push_back(Glance(part));
        return glances.size() < kPartsShownMax;
      }));
  return failure;
}

}  // namespace

Result<const Read<v1::Facility>*> Wholes::Find(uint64_t uid) {
  const auto known = above_.find(uid);
  if (known != above_.end()) return &known->second;
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Facility>(snapshot_, uid));
  if (!read) return nullptr;
  return &above_.emplace(uid, *std::move(read)).first->second;
}

bool Wholes::HasEndedBy(const v1::Facility& facility) const {
  const auto settled = settled_.find(facility.uid());
  return settled == settled_.end() ? HasEnded(facility) : settled->second.ended;
}

uint64_t Wholes::ParentOf(const v1::Facility& facility) const {
  const auto settled = settled_.find(facility.uid());
  return settled == settled_.end() ? facility.parent() : settled->second.parent;
}

bool Wholes::MayHaveParts(const v1::Facility& facility) const {
  return facility.has_parts() || first_parts_.contains(facility.uid());
}

Result<void> Wholes::Join(const v1::Facility& part, std::string_view field) {
  if (part.parent() == 0) return {};
  YIMA_ASSIGN_OR_RETURN(const auto* whole, Find(part.parent()));
  if (whole == nullptr) {
    return Fail(StatusCode::kNotFound, "PARENT_UNKNOWN",
                fmt::format("no facility has uid {}", part.parent()), std::string(field));
  }
  YIMA_RETURN_IF_ERROR(CheckReach(call_, whole->record, field));
  if (HasEndedBy(whole->record)) {
    return Refuse("PARENT_ENDED",
                  fmt::format("facility {} is no more, so nothing becomes its part", part.parent()),
                  field);
  }
  std::vector<uint64_t> above;
  for (const auto* next = whole;
       next != nullptr && above.size() <= static_cast<size_t>(kWholesMax);) {
    if (next->record.uid() == part.uid()) {
      return Refuse(
          "PARENT_CYCLE",
          fmt::format("facility {} stands within facility {} already", part.parent(), part.uid()),
          field);
    }
    above.push_back(next->record.uid());
    const uint64_t parent = ParentOf(next->record);
    next = nullptr;
    if (parent != 0) {
      YIMA_ASSIGN_OR_RETURN(next, Find(parent));
    }
  }
  YIMA_ASSIGN_OR_RETURN(const int height, HeightOf(part, field));
  if (static_cast<int>(above.size()) + height > kWholesMax) {
    return Refuse("PARENT_TOO_DEEP",
                  fmt::format("more than {} facilities would stand one within another", kWholesMax),
                  field);
  }
  wholes_.insert(part.parent());
  if (!whole->record.has_parts()) first_parts_[part.parent()] = ParentOf(whole->record);
  joined_.insert(above.begin(), above.end());
  return {};
}

/// The first part under the term, as this change leaves it; 0 when there is none.
Result<uint64_t> Wholes::PartOf(uint64_t whole, const std::string& term, bool standing) const {
  if (const auto here = parts_.find(whole); here != parts_.end()) {
    for (const uint64_t uid : here->second) {
      if (!standing || !settled_.at(uid).ended) return uid;
    }
  }
  uint64_t found = 0;
  YIMA_RETURN_IF_ERROR(snapshot_.Scan(store::Kind::kFacility, 0, {term},
                                      [&](uint64_t uid, uint64_t, std::string_view) {
                                        if (!settled_.contains(uid)) found = uid;
                                        return found == 0;
                                      }));
  return found;
}

Result<uint64_t> Wholes::StandingPart(const v1::Facility& whole) {
  if (!MayHaveParts(whole)) return 0;
  closed_.insert(whole.uid());
  return PartOf(whole.uid(), StandingPartTerm(whole.uid()), true);
}

Result<uint64_t> Wholes::AnyPart(const v1::Facility& whole) {
  if (!MayHaveParts(whole)) return 0;
  closed_.insert(whole.uid());
  return PartOf(whole.uid(), ParentTerm(whole.uid()), false);
}

/// How many stand one within another from this facility inwards, itself included; it stops looking
/// above kWholesMax.
Result<int> Wholes::HeightOf(const v1::Facility& part, std::string_view field) {
  std::vector<uint64_t> level;
  if (MayHaveParts(part)) {
    closed_.insert(part.uid());
    level.push_back(part.uid());
  }
  int height = 1;
  size_t looks = 0;
  while (!level.empty() && height <= kWholesMax) {
    if ((looks += level.size()) > kLooksMax) {
      return Refuse("PARTS_TOO_MANY",
                    fmt::format("facility {} has more than {} parts within it that have parts "
                                "themselves: move these one by one",
                                part.uid(), kLooksMax),
                    field);
    }
    bool any = false;
    std::vector<uint64_t> inner;
    for (const uint64_t uid : level) {
      YIMA_ASSIGN_OR_RETURN(const uint64_t first, PartOf(uid, ParentTerm(uid), false));
      any = any || first != 0;
      YIMA_RETURN_IF_ERROR(AddInnerWholes(uid, inner));
    }
    if (any) ++height;
    level = std::move(inner);
  }
  return height;
}

/// Parts that may have parts themselves, as this change leaves them; a few beyond kLooksMax.
Result<void> Wholes::AddInnerWholes(uint64_t whole, std::vector<uint64_t>& inner) const {
  if (const auto here = parts_.find(whole); here != parts_.end()) {
    for (const uint64_t uid : here->second) {
      if (settled_.at(uid).has_parts || first_parts_.contains(uid)) inner.push_back(uid);
    }
  }
  for (const auto& [uid, parent] : first_parts_) {
    if (parent == whole && !settled_.contains(uid)) inner.push_back(uid);
  }
  return snapshot_.Scan(store::Kind::kFacility, 0, {InnerWholeTerm(whole)},
                        [&](uint64_t uid, uint64_t, std::string_view) {
                          if (!settled_.contains(uid)) inner.push_back(uid);
                          return inner.size() <= kLooksMax;
                        });
}

void Wholes::Settle(const v1::Facility& before, const v1::Facility& after) {
  const bool moves = after.parent() != before.parent();
  const bool ends = HasEnded(after) != HasEnded(before);
  const bool related = after.parent() != 0 || MayHaveParts(after);
  if (!moves && !(ends && related)) return;
  if (settled_.size() >= kSettledMax) return;
  settled_[after.uid()] = {after.parent(), HasEnded(after), after.has_parts()};
  // What was taken back is as if it had never been.
  const bool counts = after.parent() != 0 && after.life() != v1::LIFE_WITHDRAWN;
  if (counts) parts_[after.parent()].insert(after.uid());
}

void Wholes::Mark(v1::Facility& after) {
  if (!first_parts_.contains(after.uid())) return;
  after.set_has_parts(true);
  marked_.insert(after.uid());
}

Result<void> Wholes::Put(ChangeWriter& writer) const {
  for (const auto& [uid, read] : above_) {
    if (!wholes_.contains(uid) || read.record.has_parts() || marked_.contains(uid)) {
      writer.Check(store::Kind::kFacility, uid, read.revision);
      continue;
    }
    v1::Facility marked = read.record;
    marked.set_has_parts(true);
    writer.Replace(uid, read.revision, read.record, marked);
  }
  // The same slot of all, so that changes which meet in several meet no more often.
  const auto taken = static_cast<uint8_t>(randombytes_uniform(kJoinSlots));
  for (const uint64_t uid : joined_) {
    if (!closed_.contains(uid)) YIMA_RETURN_IF_ERROR(Count(uid, taken, true, writer));
  }
  for (const uint64_t uid : closed_) {
    for (uint8_t slot = 0; slot < kJoinSlots; ++slot) {
      const bool joined = slot == taken && joined_.contains(uid);
      YIMA_RETURN_IF_ERROR(Count(uid, slot, joined, writer));
    }
  }
  return {};
}

Result<void> Wholes::Count(uint64_t uid, uint8_t slot, bool joined, ChangeWriter& writer) const {
  const Key key = JoinsKey(uid, slot);
  YIMA_ASSIGN_OR_RETURN(const uint64_t count, snapshot_.Holder(key.index, key.key));
  writer.Count(key, count, joined ? count + 1 : count);
  return {};
}

void Wholes::Next() {
  above_.clear();
  wholes_.clear();
  joined_.clear();
  closed_.clear();
}

v1::RelatedFacility Glance(const v1::Facility& facility) {
  v1::RelatedFacility glance;
  glance.set_uid(facility.uid());
  if (!facility.codes().empty()) *glance.mutable_code() = *facility.codes().rbegin();
  glance.set_name(facility.name());
  glance.set_class_code(facility.class_code());
  glance.set_condition(facility.condition());
  glance.set_life(facility.life());
  return glance;
}

Result<Related> RelatedTo(const store::Snapshot& snapshot, uint64_t uid, uint64_t parent,
                          bool has_parts) {
  Related related;
  if (parent != 0) {
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, parent));
    if (!read) return RecordMissing("facility", parent);
    related.parent = Glance(read->record);
  }
  if (!has_parts) return related;
  YIMA_RETURN_IF_ERROR(AddGlances(
      snapshot, StandingPartTerm(uid), [](const auto&) { return true; }, related.children));
  // Fewer than are shown stand, so no more of these are passed over.
  YIMA_RETURN_IF_ERROR(AddGlances(
      snapshot, ParentTerm(uid), [](const auto& part) { return HasEnded(part); },
      related.children));
  return related;
}

}  // namespace yima::server
