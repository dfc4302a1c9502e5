#include "server/registry/facility_rules.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "codegen/code/facility_code.h"

namespace yima::server {
namespace {

/// The length of the UTF-8 sequence at the front, 0 when it is none (RFC 3629).
size_t SequenceSize(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  const size_t size = first < 0x80   ? 1
                      : first < 0xC2 ? 0
                      : first < 0xE0 ? 2
                      : first < 0xF0 ? 3
                      : first < 0xF5 ? 4
                                     : 0;
  if (size == 0 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) >= 0xA0) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) >= 0x90) return 0;
  return size;
}

bool IsControl(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  return first < 0x20 || first == 0x7F || (first == 0xC2 && static_cast<uint8_t>(text[1]) < 0xA0);
}

bool IsLayout(char c) { return c == '\n' || c == '\r' || c == '\t'; }

Result<void> CheckCharacters(std::string_view value, size_t max, std::string_view field,
                             bool lines) {
  size_t characters = 0;
  for (std::string_view rest = value; !rest.empty(); ++characters) {
    const size_t size = SequenceSize(rest);
    const bool control = size != 0 && IsControl(rest) && !(lines && IsLayout(rest[0]));
    if (size == 0 || control) {
      return Invalid("FIELD_NOT_TEXT",
                     fmt::format("{} holds {} after {} characters", field,
                                 size == 0 ? "broken UTF-8" : "a control character", characters),
                     std::string(field));
    }
    rest.remove_prefix(size);
  }
  if (characters <= max) return {};
  return Invalid("FIELD_TOO_LONG",
                 fmt::format("{} has {} characters, want at most {}", field, characters, max),
                 std::string(field));
}

Result<void> CheckDate(std::string_view value, std::string_view field) {
  if (value.empty() || IsDate(value)) return {};
  return Invalid("DATE_MALFORMED", fmt::format("date \"{}\", want YYYY-MM-DD", value.substr(0, 32)),
                 std::string(field));
}

Result<void> CheckDigits(std::string_view value, size_t want, std::string_view field) {
  if (value.empty()) return {};
  const bool digits = std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  if (digits && value.size() == want) return {};
  return Invalid("DIGITS_MALFORMED",
                 fmt::format("\"{}\" is not {} digits", value.substr(0, 64), want),
                 std::string(field));
}

template <typename Enum>
Result<void> CheckEnum(bool known, Enum value, std::string_view field) {
  if (known) return {};
  return Invalid("ENUM_UNKNOWN", fmt::format("{} is no known value", static_cast<int>(value)),
                 std::string(field));
}

Result<void> CheckOutputOnly(const v1::Facility& facility) {
  const std::pair<bool, const char*> fields[] = {{facility.uid() != 0, "uid"},
                                                 {!facility.etag().empty(), "etag"},
                                                 {facility.batch() != 0, "batch"},
                                                 {facility.create_time_us() != 0, "create_time_us"},
                                                 {facility.update_time_us() != 0, "update_time_us"},
                                                 {facility.has_remark(), "remark"},
                                                 {facility.personal_size() > 0, "personal"},
                                                 {facility.has_last_step(), "last_step"},
                                                 {facility.has_hand_over(), "hand_over"},
                                                 {facility.files_size() > 0, "files"},
                                                 {facility.has_parts(), "has_parts"}};
  for (const auto& [given, name] : fields) {
    if (given) {
      return Invalid("FIELD_OUTPUT_ONLY", fmt::format("{} is set by the server", name), name);
    }
  }
  return {};
}

Result<void> CheckCodes(const v1::Facility& facility) {
  std::set<std::string> keys;
  const auto twice = [](std::string_view code, std::string field) {
    return Invalid("FIELD_TWICE", fmt::format("code \"{}\" stands twice", code), std::move(field));
  };
  for (int i = 0; i < facility.codes_size(); ++i) {
    const auto& code = facility.codes(i);
    const std::string field = fmt::format("codes[{}].", i);
    YIMA_RETURN_IF_ERROR(CheckCode(code, field));
    if (!keys.insert(FacilityCodeKey(code.scheme(), code.digits())).second) {
      return twice(code.digits(), field + "digits");
    }
  }
  keys.clear();
  for (int i = 0; i < facility.external_codes_size(); ++i) {
    const auto& code = facility.external_codes(i);
    const std::string field = fmt::format("external_codes[{}].", i);
    YIMA_RETURN_IF_ERROR(CheckExternalCode(code, field));
    if (!keys.insert(ExternalCodeKey(code.namespace_(), code.value())).second) {
      return twice(code.value(), field + "value");
    }
  }
  return {};
}

/// Nothing stands in it that claims, offers, orders and decisions set.
bool IsAsGiven(const v1::Right& right) {
  return right.claims().empty() && right.objections() == 0 &&
         right.unclaimed_state() == v1::RIGHT_STATE_UNSPECIFIED && right.offer() == 0 &&
         right.order() == 0 && right.decided_claim() == 0 && right.decided_notice() == 0 &&
         right.decided_order() == 0 && right.rules() == 0 && !right.by_order();
}

}  // namespace

Result<void> CheckRight(const v1::Right& right, std::string_view field) {
  const auto invalid = [&](std::string message) {
    return Invalid("RIGHT_INVALID", std::move(message), std::string(field));
  };
  if (field == "supervising" && right.holder() == 0) {
    return Invalid("FIELD_MISSING", "a facility has a supervising department",
                   std::string(field) + ".holder");
  }
  switch (right.state()) {
    case v1::RIGHT_STATE_RECORDED:
      if (right.holder() == 0) return invalid("a recorded right names its holder");
      break;
    case v1::RIGHT_STATE_OWNERLESS:
      if (right.holder() != 0) return invalid("what is ownerless has no holder");
      if (field != "owning") return invalid("only an owner can be known to be nobody");
      break;
    case v1::RIGHT_STATE_UNSPECIFIED:
      if (right.holder() != 0) return invalid("a right with a holder has a state");
      break;
    default:
      return invalid("rights come in as RECORDED or OWNERLESS; the rest is a procedure");
  }
  if (right.has_basis()) return invalid("a recorded right has no basis yet");
  if (!IsAsGiven(right)) return invalid("what a procedure sets of a right is not given");
  YIMA_RETURN_IF_ERROR(CheckDate(right.valid_from(), std::string(field) + ".valid_from"));
  YIMA_RETURN_IF_ERROR(CheckDate(right.valid_until(), std::string(field) + ".valid_until"));
  const bool both = !right.valid_from().empty() && !right.valid_until().empty();
  if (both && right.valid_until() < right.valid_from()) {
    return invalid("a right does not end before it begins");
  }
  return {};
}

Result<void> CheckPosition(const v1::Position& position) {
  if (position.has_longitude() != position.has_latitude()) {
    return Invalid("POSITION_OUT_OF_RANGE", "longitude and latitude come together", "position");
  }
  if (position.has_longitude() && !(position.longitude() >= -180 && position.longitude() <= 180)) {
    return Invalid("POSITION_OUT_OF_RANGE",
                   fmt::format("longitude {} is outside -180 to 180", position.longitude()),
                   "position.longitude");
  }
  if (position.has_latitude() && !(position.latitude() >= -90 && position.latitude() <= 90)) {
    return Invalid("POSITION_OUT_OF_RANGE",
                   fmt::format("latitude {} is outside -90 to 90", position.latitude()),
                   "position.latitude");
  }
  YIMA_RETURN_IF_ERROR(CheckText(position.raw_x(), 32, "position.raw_x"));
  return CheckText(position.raw_y(), 32, "position.raw_y");
}

namespace {

Result<void> CheckTexts(const v1::Facility& facility) {
  YIMA_RETURN_IF_ERROR(CheckText(facility.name(), 30, "name"));
  YIMA_RETURN_IF_ERROR(CheckDigits(facility.grid_code(), 15, "grid_code"));
  YIMA_RETURN_IF_ERROR(CheckDate(facility.surveyed_on(), "surveyed_on"));
  YIMA_RETURN_IF_ERROR(CheckDate(facility.changed_on(), "changed_on"));
  YIMA_RETURN_IF_ERROR(CheckText(facility.data_source(), 30, "data_source"));
  YIMA_RETURN_IF_ERROR(CheckDigits(facility.subdistrict_code(), 9, "subdistrict_code"));
  YIMA_RETURN_IF_ERROR(CheckText(facility.subdistrict_name(), 50, "subdistrict_name"));
  YIMA_RETURN_IF_ERROR(CheckDigits(facility.community_code(), 12, "community_code"));
  YIMA_RETURN_IF_ERROR(CheckText(facility.community_name(), 50, "community_name"));
  return CheckText(facility.address(), 100, "address");
}

Result<void> CheckExtra(const v1::Facility& facility) {
  std::set<std::string_view> names;
  for (int i = 0; i < facility.extra_size(); ++i) {
    const auto& extra = facility.extra(i);
    const std::string field = fmt::format("extra[{}].", i);
    YIMA_RETURN_IF_ERROR(CheckText(extra.name(), 64, field + "name", true));
    YIMA_RETURN_IF_ERROR(CheckLines(extra.value(), 1000, field + "value"));
    if (!names.insert(extra.name()).second) {
      return Invalid("FIELD_TWICE", fmt::format("extra field \"{}\" stands twice", extra.name()),
                     field + "name");
    }
  }
  return {};
}

Result<void> CheckClass(const ClassCatalogue& classes, v1::Facility& facility) {
  YIMA_RETURN_IF_ERROR(CheckText(facility.class_code(), 16, "class_code", true));
  const auto* found = classes.Find(facility.class_code());
  if (found == nullptr) {
    return Fail(StatusCode::kNotFound, "CLASS_UNKNOWN",
                fmt::format("class \"{}\" is not in the catalogue; see yima classes list",
                            facility.class_code()),
                "class_code");
  }
  if (facility.name().empty()) facility.set_name(found->name_zh());
  return {};
}

}  // namespace

Result<void> CheckCode(const v1::FacilityCode& code, const std::string& prefix) {
  if (code.scheme() > UINT8_MAX) {
    return Invalid("SCHEME_UNASSIGNED", fmt::format("scheme {} is unassigned", code.scheme()),
                   prefix + "scheme");
  }
  const auto parsed = FacilityCode::Parse(static_cast<Scheme>(code.scheme()), code.digits());
  if (parsed) return {};
  Error error = parsed.error();
  error.field = prefix + (error.field == "scheme" ? "scheme" : "digits");
  return tl::unexpected(std::move(error));
}

Result<void> CheckExternalCode(const v1::ExternalCode& code, const std::string& prefix) {
  constexpr size_t kMax = 64;
  YIMA_RETURN_IF_ERROR(CheckText(code.namespace_(), kMax, prefix + "namespace", true));
  return CheckText(code.value(), kMax, prefix + "value", true);
}

bool IsDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  const int month = (text[5] - '0') * 10 + (text[6] - '0');
  const int day = (text[8] - '0') * 10 + (text[9] - '0');
  const int year =
      (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
  constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1 || day > kDays[month - 1]) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month != 2 || day < 29 || leap;
}

Result<void> CheckText(std::string_view value, size_t max, std::string_view field, bool required) {
  if (value.empty()) {
    if (!required) return {};
    return Invalid("FIELD_MISSING", fmt::format("{} is missing", field), std::string(field));
  }
  return CheckCharacters(value, max, field, false);
}

Result<void> CheckLines(std::string_view value, size_t max, std::string_view field) {
  return CheckCharacters(value, max, field, true);
}

Result<void> CheckFacility(const ClassCatalogue& classes, v1::Facility& facility) {
  YIMA_RETURN_IF_ERROR(CheckOutputOnly(facility));
  YIMA_RETURN_IF_ERROR(Division::Parse(facility.division()));
  YIMA_RETURN_IF_ERROR(CheckClass(classes, facility));
  YIMA_RETURN_IF_ERROR(CheckCodes(facility));
  YIMA_RETURN_IF_ERROR(
      CheckEnum(v1::Condition_IsValid(facility.condition()), facility.condition(), "condition"));
  YIMA_RETURN_IF_ERROR(CheckEnum(v1::Life_IsValid(facility.life()), facility.life(), "life"));
  if (facility.life() == v1::LIFE_WITHDRAWN) {
    return Invalid("FIELD_OUTPUT_ONLY", "only who takes its creation back withdraws a facility",
                   "life");
  }
  YIMA_RETURN_IF_ERROR(CheckPosition(facility.position()));
  YIMA_RETURN_IF_ERROR(CheckTexts(facility));
  YIMA_RETURN_IF_ERROR(CheckExtra(facility));
  if (facility.condition() == v1::CONDITION_UNSPECIFIED) {
    facility.set_condition(v1::CONDITION_INTACT);
  }
  if (facility.life() == v1::LIFE_UNSPECIFIED) facility.set_life(v1::LIFE_IN_USE);
  if (facility.ByteSizeLong() > kFacilityTakenMax) {
    return Invalid("FACILITY_TOO_LARGE",
                   fmt::format("the facility takes {} bytes, want at most {}",
                               facility.ByteSizeLong(), kFacilityTakenMax),
                   "extra");
  }
  return {};
}

Result<void> CheckRights(v1::Facility& facility) {
  const auto recorded = [](v1::Right* right) {
    if (right->holder() != 0 && right->state() == v1::RIGHT_STATE_UNSPECIFIED) {
      right->set_state(v1::RIGHT_STATE_RECORDED);
    }
  };
  recorded(facility.mutable_supervising());
  if (facility.has_owning()) recorded(facility.mutable_owning());
  if (facility.has_maintaining()) recorded(facility.mutable_maintaining());
  YIMA_RETURN_IF_ERROR(CheckRight(facility.supervising(), "supervising"));
  YIMA_RETURN_IF_ERROR(CheckRight(facility.owning(), "owning"));
  return CheckRight(facility.maintaining(), "maintaining");
}

Result<void> CheckActs(const v1::Organization& organization, std::string_view field) {
  if (organization.state() == v1::ORGANIZATION_STATE_UNSPECIFIED) return {};
  const std::string follows =
      organization.follower() == 0
          ? "nobody follows it"
          : fmt::format("organization {} follows it", organization.follower());
  return Fail(StatusCode::kFailedPrecondition, "ORGANIZATION_ENDED",
              fmt::format("organization {} \"{}\" ended on {}; {}", organization.id(),
                          organization.name(), organization.ended_on(), follows),
              std::string(field));
}

Result<void> CheckHolders(const store::Snapshot& snapshot, const v1::Facility& facility,
                          const v1::Facility& stands) {
  struct Holder {
    const char* field;
    uint64_t is;
    uint64_t was;
  };
  const Holder holders[] = {
      {"supervising.holder", facility.supervising().holder(), stands.supervising().holder()},
      {"owning.holder", facility.owning().holder(), stands.owning().holder()},
      {"maintaining.holder", facility.maintaining().holder(), stands.maintaining().holder()}};
  for (const auto& [field, is, was] : holders) {
    if (is == 0 || is == was) continue;
    YIMA_ASSIGN_OR_RETURN(const auto found, Get<v1::Organization>(snapshot, is));
    if (!found) {
      return Fail(StatusCode::kNotFound, "ORGANIZATION_UNKNOWN",
                  fmt::format("no organization has id {}", is), field);
    }
    YIMA_RETURN_IF_ERROR(CheckActs(found->record, field));
  }
  return {};
}

Result<void> CheckBasis(const v1::Basis& basis, const std::string& at) {
  if (basis.kind().empty() || basis.number().empty()) {
    return Invalid("BASIS_MISSING", "it is done on a document: its kind and number are missing",
                   at + (basis.kind().empty() ? ".kind" : ".number"));
  }
  YIMA_RETURN_IF_ERROR(CheckText(basis.kind(), 50, at + ".kind"));
  YIMA_RETURN_IF_ERROR(CheckText(basis.number(), 100, at + ".number"));
  YIMA_RETURN_IF_ERROR(CheckDate(basis.date(), at + ".date"));
  const size_t hash = basis.sha256().size();
  if (hash == 0 || hash == 32) return {};
  return Invalid("HASH_MALFORMED", fmt::format("a checksum of {} bytes, want 32", hash),
                 at + ".sha256");
}

Result<void> CheckStoredSize(const v1::Facility& facility, std::string_view field) {
  size_t size = facility.ByteSizeLong();
  for (const auto* right : {&facility.supervising(), &facility.owning(), &facility.maintaining()}) {
    size -= std::min(size, right->basis().ByteSizeLong());
    for (const auto& claim : right->claims()) size -= std::min(size, claim.ByteSizeLong());
  }
  if (size <= kFacilityTakenMax) return {};
  return Invalid(
      "FACILITY_TOO_LARGE",
      fmt::format("the facility would take {} bytes, want at most {}", size, kFacilityTakenMax),
      std::string(field));
}

Result<void> CheckEtag(const Domain& domain, std::string_view etag, uint64_t revision,
                       std::string_view field) {
  if (etag.empty() || etag == Etag(domain, revision)) return {};
  return Fail(StatusCode::kAborted, "ETAG_STALE",
              fmt::format("the record was changed since etag \"{}\" was read: it is {} now",
                          etag.substr(0, 64), Etag(domain, revision)),
              std::string(field));
}

Result<Read<v1::Facility>> FindFacility(const store::Snapshot& snapshot, uint64_t uid,
                                        std::string_view field) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Facility>(snapshot, uid));
  if (read) return *std::move(read);
  return Fail(StatusCode::kNotFound, "FACILITY_NOT_FOUND",
              fmt::format("no facility has uid {}", uid), std::string(field));
}

std::vector<std::string_view> MissingAttributes(const v1::Facility& facility) {
  std::vector<std::string_view> missing;
  if (facility.codes().empty()) missing.push_back("GLBJBSM");
  if (facility.grid_code().empty()) missing.push_back("SZDYWGBSM");
  if (facility.surveyed_on().empty()) missing.push_back("CSRQ");
  return missing;
}

Result<void> AssignCode(const Domain& domain, const store::Snapshot& snapshot,
                        v1::Facility& facility) {
  constexpr uint64_t kNumberMax = 999'999;
  constexpr uint64_t kBlock = 256;
  const size_t width = facility.class_code().size();
  if (width != 5 && width != 4) {
    return Fail(StatusCode::kFailedPrecondition, "CLASS_HAS_NO_NUMBERS",
                fmt::format("class \"{}\" belongs to no standard scheme: give the facility's code",
                            facility.class_code()),
                "codes");
  }
  const Scheme scheme = width == 5 ? kSchemeGbt47678 : kSchemeGbt30428;
  const std::string head = facility.division() + facility.class_code();
  const std::string sequence = fmt::format("code/{}/{}", scheme, head);
  for (;;) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t number, domain.numbers.Next(sequence, 1, kBlock));
    if (number > kNumberMax) {
      return Fail(StatusCode::kResourceExhausted, "NUMBERS_USED_UP",
                  fmt::format("division {} has given all {} numbers of class {}",
                              facility.division(), kNumberMax, facility.class_code()),
                  "codes");
    }
    std::string digits = fmt::format("{}{:06}", head, number);
    YIMA_ASSIGN_OR_RETURN(const uint64_t holder, snapshot.Holder(store::Index::kFacilityCode,
                                                                 FacilityCodeKey(scheme, digits)));
    if (holder != 0) continue;
    auto* code = facility.add_codes();
    code->set_scheme(scheme);
    code->set_digits(std::move(digits));
    return {};
  }
}

Result<uint64_t> FindOrganization(const store::Snapshot& snapshot, std::string_view text) {
  if (const auto credit = CreditCode::Parse(text)) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t holder,
                          snapshot.Holder(store::Index::kCreditCode, credit->ToString()));
    if (holder != 0) return holder;
  }
  return snapshot.Holder(store::Index::kOrganizationName, text);
}

}  // namespace yima::server
