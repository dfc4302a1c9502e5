#include "server/registry/wholes.h"

#include <fmt/format.h>

#include "server/registry/life.h"

namespace yima::server {
namespace {

tl::unexpected<Error> Refuse(std::string reason, std::string message, std::string_view field) {
  return Fail(StatusCode::kFailedPrecondition, std::move(reason), std::move(message),
              std::string(field));
}

/// The parts of a facility, by rising uid, until `visit` returns false.
Result<void> VisitParts(const store::Snapshot& snapshot, uint64_t uid,
                        const std::function<bool(const v1::Facility&)>& visit) {
  Result<void> failure;
  v1::Facility part;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kFacility, 0, {ParentTerm(uid)},
      [&](uint64_t id, uint64_t, std::string_view bytes) {
        if (part.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return visit(part);
        failure = Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                       fmt::format("facility {} does not parse; run yimad check", id));
        return false;
      }));
  return failure;
}

/// How many stand one within another from this facility inwards, itself included; it stops looking
/// above kWholesMax.
Result<int> HeightOf(const store::Snapshot& snapshot, const v1::Facility& facility) {
  std::vector<uint64_t> level;
  if (facility.has_parts()) level.push_back(facility.uid());
  int height = 1;
  while (!level.empty() && height <= kWholesMax) {
    std::vector<uint64_t> next;
    bool any = false;
    for (const uint64_t uid : level) {
      YIMA_RETURN_IF_ERROR(VisitParts(snapshot, uid, [&](const v1::Facility& part) {
        any = true;
        if (part.has_parts()) next.push_back(part.uid());
        return true;
      }));
    }
    if (any) ++height;
    level = std::move(next);
  }
  return height;
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

}  // namespace

Result<const Read<v1::Facility>*> Wholes::Find(uint64_t uid) {
  const auto known = above_.find(uid);
  if (known != above_.end()) return &known->second;
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Facility>(snapshot_, uid));
  if (!read) return nullptr;
  return &above_.emplace(uid, *std::move(read)).first->second;
}

Result<void> Wholes::Join(const v1::Facility& part, std::string_view field) {
  if (part.parent() == 0) return {};
  YIMA_ASSIGN_OR_RETURN(const auto* whole, Find(part.parent()));
  if (whole == nullptr) {
    return Fail(StatusCode::kNotFound, "PARENT_UNKNOWN",
                fmt::format("no facility has uid {}", part.parent()), std::string(field));
  }
  YIMA_RETURN_IF_ERROR(CheckReach(call_, whole->record, field));
  if (HasEnded(whole->record)) {
    return Refuse("PARENT_ENDED",
                  fmt::format("facility {} is no more, so nothing becomes its part", part.parent()),
                  field);
  }
  int above = 0;
  for (const auto* next = whole; next != nullptr && above <= kWholesMax; ++above) {
    if (next->record.uid() == part.uid()) {
      return Refuse(
          "PARENT_CYCLE",
          fmt::format("facility {} stands within facility {} already", part.parent(), part.uid()),
          field);
    }
    const auto settled = settled_.find(next->record.uid());
    const uint64_t parent = settled == settled_.end() ? next->record.parent() : settled->second;
    next = nullptr;
    if (parent != 0) {
      YIMA_ASSIGN_OR_RETURN(next, Find(parent));
    }
  }
  YIMA_ASSIGN_OR_RETURN(const int height, HeightOf(snapshot_, part));
  if (above + height > kWholesMax) {
    return Refuse("PARENT_TOO_DEEP",
                  fmt::format("more than {} facilities would stand one within another", kWholesMax),
                  field);
  }
  wholes_.insert(part.parent());
  return {};
}

void Wholes::Put(ChangeWriter& writer) const {
  for (const auto& [uid, read] : above_) {
    if (!wholes_.contains(uid) || read.record.has_parts()) {
      writer.Check(store::Kind::kFacility, uid, read.revision);
      continue;
    }
    v1::Facility marked = read.record;
    marked.set_has_parts(true);
    writer.Replace(uid, read.revision, read.record, marked);
  }
}

Result<uint64_t> StandingPart(const store::Snapshot& snapshot, uint64_t uid) {
  uint64_t standing = 0;
  YIMA_RETURN_IF_ERROR(VisitParts(snapshot, uid, [&](const v1::Facility& part) {
    if (!HasEnded(part)) standing = part.uid();
    return standing == 0;
  }));
  return standing;
}

Result<Related> RelatedTo(const store::Snapshot& snapshot, uint64_t uid, uint64_t parent,
                          bool has_parts) {
  Related related;
  if (parent != 0) {
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, parent));
    if (!read) {
      return Fail(StatusCode::kDataLoss, "RECORD_MISSING",
                  fmt::format("facility {} has no record; run yimad check", parent));
    }
    related.parent = Glance(read->record);
  }
  if (!has_parts) return related;
  YIMA_RETURN_IF_ERROR(VisitParts(snapshot, uid, [&](const v1::Facility& part) {
    related.children.push_back(Glance(part));
    return related.children.size() < kPartsShownMax;
  }));
  return related;
}

}  // namespace yima::server
