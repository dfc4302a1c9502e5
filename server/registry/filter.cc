#include "server/registry/filter.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "codegen/code/facility_code.h"
#include "server/domain/derived.h"
#include "server/domain/domain.h"

namespace yima::server {
namespace {

constexpr int kUidsMax = 200'000;
/// Of every other field: all class codes there are, and more.
constexpr int kValuesMax = 1000;
constexpr size_t kWordsMax = 256;

bool IsDigits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

template <typename List, typename Value>
bool EmptyOrHolds(const List& list, const Value& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

/// Of a filter whose uids are sorted.
bool NamesOrAll(const v1::FacilityFilter& filter, uint64_t uid) {
  return filter.uids().empty() ||
         std::binary_search(filter.uids().begin(), filter.uids().end(), uid);
}

bool BeginsWithAny(const std::string& value,
                   const google::protobuf::RepeatedPtrField<std::string>& prefixes) {
  return prefixes.empty() || std::ranges::any_of(prefixes, [&](const std::string& prefix) {
           return value.starts_with(prefix);
         });
}

/// A class code matches itself; two digits match every class of that group.
bool ClassMatches(const std::string& value,
                  const google::protobuf::RepeatedPtrField<std::string>& wanted) {
  return wanted.empty() || std::ranges::any_of(wanted, [&](const std::string& code) {
           return value == code || (code.size() == 2 && value.starts_with(code));
         });
}

bool RightMatches(const v1::Facility& facility, const v1::FacilityFilter& filter) {
  if (filter.right_states().empty()) return true;
  const auto matches = [&](v1::RightKind kind, const v1::Right& right) {
    const bool asked =
        filter.right_kind() == v1::RIGHT_KIND_UNSPECIFIED || filter.right_kind() == kind;
    return asked && EmptyOrHolds(filter.right_states(), right.state());
  };
  return matches(v1::RIGHT_KIND_SUPERVISING, facility.supervising()) ||
         matches(v1::RIGHT_KIND_OWNING, facility.owning()) ||
         matches(v1::RIGHT_KIND_MAINTAINING, facility.maintaining());
}

bool OrganizationMatches(const v1::Facility& facility, const v1::FacilityFilter& filter) {
  if (filter.organizations().empty()) return true;
  return std::ranges::any_of(filter.organizations(), [&](uint64_t id) {
    return facility.supervising().holder() == id || facility.owning().holder() == id ||
           facility.maintaining().holder() == id;
  });
}

tl::unexpected<Error> UnknownEnum(int value, std::string field) {
  return Invalid("ENUM_UNKNOWN", fmt::format("{} is no known value", value), std::move(field));
}

/// Every facility is held against every value.
Result<void> CheckCounts(const v1::FacilityFilter& filter, std::string_view at) {
  const std::pair<const char*, int> fields[] = {{"divisions", filter.divisions_size()},
                                                {"class_codes", filter.class_codes_size()},
                                                {"organizations", filter.organizations_size()},
                                                {"schemes", filter.schemes_size()},
                                                {"conditions", filter.conditions_size()},
                                                {"right_states", filter.right_states_size()},
                                                {"lives", filter.lives_size()}};
  for (const auto& [name, size] : fields) {
    if (size <= kValuesMax) continue;
    return Invalid("TOO_MANY_VALUES", fmt::format("{} {}, want at most {}", size, name, kValuesMax),
                   fmt::format("{}.{}", at, name));
  }
  return {};
}

Result<void> CheckEnums(const v1::FacilityFilter& filter, std::string_view at) {
  for (int i = 0; i < filter.conditions_size(); ++i) {
    if (!v1::Condition_IsValid(filter.conditions(i))) {
      return UnknownEnum(filter.conditions(i), fmt::format("{}.conditions[{}]", at, i));
    }
  }
  for (int i = 0; i < filter.lives_size(); ++i) {
    if (!v1::Life_IsValid(filter.lives(i))) {
      return UnknownEnum(filter.lives(i), fmt::format("{}.lives[{}]", at, i));
    }
  }
  for (int i = 0; i < filter.right_states_size(); ++i) {
    if (!v1::RightState_IsValid(filter.right_states(i))) {
      return UnknownEnum(filter.right_states(i), fmt::format("{}.right_states[{}]", at, i));
    }
  }
  if (!v1::RightKind_IsValid(filter.right_kind())) {
    return UnknownEnum(filter.right_kind(), fmt::format("{}.right_kind", at));
  }
  // Every facility has its three rights in some state, so a kind alone would leave nothing out.
  if (filter.right_kind() != v1::RIGHT_KIND_UNSPECIFIED && filter.right_states().empty()) {
    return Invalid("RIGHT_STATE_MISSING",
                   fmt::format("{} is named without a state of it, so it leaves nothing out",
                               v1::RightKind_Name(filter.right_kind())),
                   fmt::format("{}.right_states", at));
  }
  if (!v1::CodedFilter_IsValid(filter.coded()))
    return UnknownEnum(filter.coded(), fmt::format("{}.coded", at));
  return {};
}

bool LifeMatches(const v1::Facility& facility, const v1::FacilityFilter& filter) {
  if (!filter.lives().empty()) return EmptyOrHolds(filter.lives(), facility.life());
  return facility.life() != v1::LIFE_WITHDRAWN;
}

bool WasBuiltAndNeverHandedOver(const v1::Facility& facility) {
  const bool built =
      facility.life() == v1::LIFE_UNDER_CONSTRUCTION || facility.life() == v1::LIFE_IN_USE;
  return built && !facility.has_hand_over();
}

/// Terms that every match stands under: those of fields with one value.
std::vector<std::string> TermsOf(const v1::FacilityFilter& filter) {
  std::vector<std::string> terms;
  // What was taken back stands under none.
  if (std::ranges::find(filter.lives(), v1::LIFE_WITHDRAWN) != filter.lives().end()) return terms;
  if (filter.parent() != 0) terms.push_back(ParentTerm(filter.parent()));
  if (filter.lives_size() == 1 && filter.lives(0) != v1::LIFE_IN_USE) {
    terms.push_back(LifeTerm(static_cast<v1::Life>(filter.lives(0))));
  }
  if (filter.batch() != 0) terms.push_back(BatchTerm(filter.batch()));
  if (filter.organizations_size() == 1) terms.push_back(OrganizationTerm(filter.organizations(0)));
  if (filter.class_codes_size() == 1 && filter.class_codes(0).size() != 2) {
    terms.push_back(ClassTerm(filter.class_codes(0)));
  }
  if (filter.divisions_size() == 1 && filter.divisions(0).size() == 6) {
    terms.push_back(DivisionTerm(filter.divisions(0)));
  }
  return terms;
}

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& values) {
  return fmt::format("{}", fmt::join(values, " or "));
}

}  // namespace

Result<FacilityMatcher> FacilityMatcher::Parse(const Call& call, const v1::FacilityFilter& filter,
                                               std::string_view at) {
  YIMA_RETURN_IF_ERROR(CheckCounts(filter, at));
  for (int i = 0; i < filter.divisions_size(); ++i) {
    const std::string& prefix = filter.divisions(i);
    if (!IsDigits(prefix) || (prefix.size() != 2 && prefix.size() != 4 && prefix.size() != 6)) {
      return Invalid("DIVISION_MALFORMED",
                     fmt::format("division prefix \"{}\", want 2, 4 or 6 digits", prefix),
                     fmt::format("{}.divisions[{}]", at, i));
    }
  }
  for (int i = 0; i < filter.class_codes_size(); ++i) {
    if (filter.class_codes(i).empty() || filter.class_codes(i).size() > 16) {
      return Invalid("CLASS_MALFORMED",
                     fmt::format("class \"{}\", want a code or 2 digits of a group",
                                 filter.class_codes(i).substr(0, 64)),
                     fmt::format("{}.class_codes[{}]", at, i));
    }
  }
  for (int i = 0; i < filter.schemes_size(); ++i) {
    if (filter.schemes(i) > UINT8_MAX ||
        SchemeWidth(static_cast<Scheme>(filter.schemes(i))).value_or(0) == 0) {
      return Invalid("SCHEME_UNASSIGNED",
                     fmt::format("scheme {} has no facility codes", filter.schemes(i)),
                     fmt::format("{}.schemes[{}]", at, i));
    }
  }
  YIMA_RETURN_IF_ERROR(CheckEnums(filter, at));
  if (filter.uids_size() > kUidsMax) {
    return Invalid("TOO_MANY_UIDS",
                   fmt::format("{} uids, want at most {}", filter.uids_size(), kUidsMax),
                   fmt::format("{}.uids", at));
  }
  // Each facility may be held against all of them.
  v1::FacilityFilter sorted = filter;
  std::ranges::sort(*sorted.mutable_uids());
  return FacilityMatcher(std::move(sorted), call.reach);
}

Result<bool> FacilityMatcher::Matches(const store::Snapshot& snapshot,
                                      const v1::Facility& facility) const {
  if (!reach_->Covers(facility) || !BeginsWithAny(facility.division(), filter_.divisions()) ||
      !ClassMatches(facility.class_code(), filter_.class_codes()) ||
      !OrganizationMatches(facility, filter_) ||
      !EmptyOrHolds(filter_.conditions(), facility.condition()) ||
      !RightMatches(facility, filter_) || !LifeMatches(facility, filter_) ||
      (filter_.not_handed_over() && !WasBuiltAndNeverHandedOver(facility)) ||
      (filter_.parent() != 0 && facility.parent() != filter_.parent()) ||
      (filter_.batch() != 0 && facility.batch() != filter_.batch())) {
    return false;
  }
  if (!filter_.schemes().empty()) {
    const int last = facility.codes_size() - 1;
    if (last < 0 || !EmptyOrHolds(filter_.schemes(), facility.codes(last).scheme())) return false;
  }
  if (filter_.coded() == v1::CODED_FILTER_UNSPECIFIED) return true;
  YIMA_ASSIGN_OR_RETURN(const uint64_t code,
                        snapshot.Holder(store::Index::kActiveCode, ActiveCodeKey(facility.uid())));
  return (code != 0) == (filter_.coded() == v1::CODED_FILTER_CODED);
}

Result<bool> FacilityMatcher::Finds(const store::Snapshot& snapshot, uint64_t uid) const {
  if (!NamesOrAll(filter_, uid)) return false;
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, uid));
  return read ? Matches(snapshot, read->record) : false;
}

Result<bool> FacilityMatcher::Takes(const store::Snapshot& snapshot,
                                    const v1::Facility& facility) const {
  if (!NamesOrAll(filter_, facility.uid())) return false;
  return Matches(snapshot, facility);
}

Result<void> FacilityMatcher::Scan(const store::Snapshot& snapshot, uint64_t after,
                                   const Look& look, const Visitor& visit) const {
  Result<void> failure;
  v1::Facility facility;  // its memory is used again for each record
  const auto offer = [&](uint64_t id, uint64_t revision, std::string_view bytes) {
    if (!look(id)) return false;
    if (!facility.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      failure = Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                     fmt::format("facility {} does not parse; run yimad check", id));
      return false;
    }
    const auto matches = Matches(snapshot, facility);
    if (!matches) failure = tl::unexpected(matches.error());
    return matches && (!*matches || visit(revision, facility));
  };
  if (filter_.uids().empty()) {
    YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kFacility, after, TermsOf(filter_), offer));
    return failure;
  }
  const auto& uids = filter_.uids();
  for (auto uid = std::upper_bound(uids.begin(), uids.end(), after); uid != uids.end();
       uid = std::upper_bound(uid, uids.end(), *uid)) {
    YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kFacility, *uid));
    if (stored && !offer(*uid, stored->revision, stored->bytes)) break;
  }
  return failure;
}

std::string FacilityMatcher::InWords() const {
  std::vector<std::string> words;
  if (!filter_.divisions().empty()) {
    words.push_back("division " + Joined(filter_.divisions()));
  }
  if (!filter_.class_codes().empty()) {
    words.push_back("class " + Joined(filter_.class_codes()));
  }
  if (!filter_.organizations().empty()) {
    words.push_back(fmt::format("organization {}", fmt::join(filter_.organizations(), " or ")));
  }
  if (!filter_.schemes().empty()) {
    words.push_back(fmt::format("scheme {}", fmt::join(filter_.schemes(), " or ")));
  }
  for (const int condition : filter_.conditions()) {
    words.push_back(v1::Condition_Name(static_cast<v1::Condition>(condition)));
  }
  for (const int life : filter_.lives()) {
    words.push_back(v1::Life_Name(static_cast<v1::Life>(life)));
  }
  if (filter_.not_handed_over()) words.push_back("not handed over");
  if (filter_.parent() != 0) words.push_back(fmt::format("parent {}", filter_.parent()));
  if (filter_.right_kind() != v1::RIGHT_KIND_UNSPECIFIED) {
    words.push_back(v1::RightKind_Name(filter_.right_kind()));
  }
  for (const int state : filter_.right_states()) {
    words.push_back(v1::RightState_Name(static_cast<v1::RightState>(state)));
  }
  if (filter_.coded() != v1::CODED_FILTER_UNSPECIFIED) {
    words.push_back(filter_.coded() == v1::CODED_FILTER_CODED ? "coded" : "uncoded");
  }
  if (filter_.batch() != 0) words.push_back(fmt::format("batch {}", filter_.batch()));
  if (!filter_.uids().empty()) words.push_back(fmt::format("{} uids", filter_.uids_size()));
  if (words.empty()) return "all facilities";
  std::string joined = fmt::format("{}", fmt::join(words, ", "));
  size_t end = std::min(joined.size(), kWordsMax);
  // Never within a character: a record with half of one could not be read again.
  while (end < joined.size() && (static_cast<uint8_t>(joined[end]) & 0xC0) == 0x80) --end;
  joined.resize(end);
  return joined;
}

}  // namespace yima::server
