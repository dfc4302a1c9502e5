#include "server/registry/facility_edit.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/field_mask_util.h>
#include <google/protobuf/util/message_differencer.h>

#include "server/registry/facility_rules.h"
#include "server/registry/life.h"
#include "server/registry/withheld.h"
#include "server/rights/right_of.h"

namespace yima::server {
namespace {

/// Fields whose value takes the place of what stands.
constexpr std::array<std::string_view, 15> kReplaced = {
    "division",         "class_code",     "name",
    "position",         "grid_code",      "surveyed_on",
    "changed_on",       "data_source",    "subdistrict_code",
    "subdistrict_name", "community_code", "community_name",
    "address",          "extra",          "parent"};
/// Fields with rules of their own.
constexpr std::array<std::string_view, 7> kRuled = {
    "supervising", "owning", "maintaining", "codes", "external_codes", "remark", "personal"};

bool IsPath(std::string_view path) {
  return std::ranges::find(kReplaced, path) != kReplaced.end() ||
         std::ranges::find(kRuled, path) != kRuled.end();
}

tl::unexpected<Error> UnknownPath(std::string_view path, int index) {
  const bool life = path == "life" || path == "condition";
  return Invalid("UPDATE_PATH_UNKNOWN",
                 fmt::format("\"{}\" cannot be updated{}; want {}, {}", path.substr(0, 64),
                             life ? ", but by RecordLifeStep" : "", fmt::join(kReplaced, ", "),
                             fmt::join(kRuled, ", ")),
                 fmt::format("update_mask[{}]", index));
}

tl::unexpected<Error> WithinFacility(Error error) {
  error.field = "facility." + error.field;
  return tl::unexpected(std::move(error));
}

bool SameHolder(const v1::Right& a, const v1::Right& b) {
  const auto ownerless = [](const v1::Right& right) {
    return right.state() == v1::RIGHT_STATE_OWNERLESS;
  };
  return a.holder() == b.holder() && ownerless(a) == ownerless(b);
}

/// Whether a right that is given says nothing that is not so already. Days, state and document say
/// nothing when they are left out.
bool AgreesWith(const v1::Right& given, const v1::Right& stands) {
  const auto same = [](const auto& said, const auto& is) { return said.empty() || said == is; };
  return SameHolder(given, stands) &&
         (given.state() == v1::RIGHT_STATE_UNSPECIFIED || given.state() == stands.state()) &&
         same(given.valid_from(), stands.valid_from()) &&
         same(given.valid_until(), stands.valid_until()) &&
         (!given.has_basis() ||
          google::protobuf::util::MessageDifferencer::Equals(given.basis(), stands.basis()));
}

/// The right as it is to stand; nothing when it stands so already. With the holder whom it has,
/// what is left out stays.
Result<std::optional<v1::Right>> NewRight(const char* field, const v1::Right& given,
                                          const v1::Right& stands) {
  if (AgreesWith(given, stands)) return std::nullopt;
  YIMA_RETURN_IF_ERROR(CheckUnclaimed(stands, field));
  if (stands.state() == v1::RIGHT_STATE_CLAIMED || stands.state() == v1::RIGHT_STATE_CONFIRMED) {
    return Fail(StatusCode::kFailedPrecondition, "RIGHT_SETTLED",
                fmt::format("the right {} is claimed or confirmed, so no update changes it", field),
                field);
  }
  v1::Right right = given;
  if (SameHolder(given, stands)) {
    if (right.valid_from().empty()) right.set_valid_from(stands.valid_from());
    if (right.valid_until().empty()) right.set_valid_until(stands.valid_until());
  }
  if (right.holder() != 0 && right.state() == v1::RIGHT_STATE_UNSPECIFIED) {
    right.set_state(v1::RIGHT_STATE_RECORDED);
  }
  YIMA_RETURN_IF_ERROR(CheckRight(right, field));
  if (SameHolder(given, stands) && stands.has_basis()) *right.mutable_basis() = stands.basis();
  return right;
}

/// A key of the facility's own, or nobody's.
Result<void> CheckFree(const store::Snapshot& snapshot, store::Index index, std::string_view key,
                       const char* reason, std::string what, std::string field) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t holder, snapshot.Holder(index, key));
  if (holder == 0) return {};
  return Fail(StatusCode::kAlreadyExists, reason,
              fmt::format("{} belongs to facility {}", what, holder), std::move(field));
}

/// What the result must obey, as a facility that is created must. Fields that the server sets are
/// as they were.
Result<void> CheckResult(const Domain& domain, v1::Facility& facility) {
  v1::Facility checked = facility;
  checked.clear_uid();
  checked.clear_etag();
  checked.clear_batch();
  checked.clear_create_time_us();
  checked.clear_update_time_us();
  checked.clear_remark();
  checked.clear_personal();
  checked.clear_last_step();
  checked.clear_hand_over();
  checked.clear_files();
  checked.clear_has_parts();
  for (auto* right :
       {checked.mutable_supervising(), checked.mutable_owning(), checked.mutable_maintaining()}) {
    right->clear_basis();
  }
  YIMA_RETURN_IF_ERROR(CheckFacility(domain.classes, checked));
  facility.set_name(checked.name());
  return CheckStoredSize(facility, "extra");
}

}  // namespace

Result<FacilityEdit> FacilityEdit::Parse(
    const google::protobuf::RepeatedPtrField<std::string>& update_mask, const v1::Facility& values,
    std::string_view remark, const google::protobuf::RepeatedPtrField<v1::ExtraField>& personal) {
  if (update_mask.empty()) {
    return Invalid("UPDATE_MASK_MISSING", "no field is named that is to be changed", "update_mask");
  }
  FacilityEdit edit;
  for (int i = 0; i < update_mask.size(); ++i) {
    if (!IsPath(update_mask[i])) return UnknownPath(update_mask[i], i);
    edit.paths_.insert(update_mask[i]);
  }
  edit.values_ = values;
  YIMA_RETURN_IF_ERROR(TakeWithheld(remark, personal, edit.withheld_));
  return edit;
}

Result<v1::Facility> FacilityEdit::Over(const Domain& domain, const store::Snapshot& snapshot,
                                        const v1::Facility& stands) const {
  YIMA_RETURN_IF_ERROR(CheckNotWithdrawn(stands, "facility.uid"));
  v1::Facility after = stands;
  google::protobuf::FieldMask replaced;
  for (const auto path : kReplaced) {
    if (Has(path)) replaced.add_paths(std::string(path));
  }
  google::protobuf::util::FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(true);
  options.set_replace_repeated_fields(true);
  google::protobuf::util::FieldMaskUtil::MergeMessageTo(values_, replaced, options, &after);
  // A name that nobody chose goes with the class.
  const auto* named_after = domain.classes.Find(stands.class_code());
  if (after.class_code() != stands.class_code() && !Has("name") && named_after != nullptr &&
      stands.name() == named_after->name_zh()) {
    after.clear_name();
  }
  LayWithheld(after);
  const auto sound = [&]() -> Result<void> {
    YIMA_RETURN_IF_ERROR(LayRights(after));
    YIMA_RETURN_IF_ERROR(LayCodes(snapshot, after));
    YIMA_RETURN_IF_ERROR(LayExternalCodes(snapshot, after));
    YIMA_RETURN_IF_ERROR(CheckHolders(snapshot, after, stands));
    return CheckResult(domain, after);
  }();
  if (!sound) return WithinFacility(sound.error());
  return after;
}

Result<void> FacilityEdit::LayRights(v1::Facility& facility) const {
  // A right that is not to be changed is not touched: asking for it mutably would add it.
  if (Has("supervising")) {
    YIMA_ASSIGN_OR_RETURN(auto right,
                          NewRight("supervising", values_.supervising(), facility.supervising()));
    if (right) *facility.mutable_supervising() = *std::move(right);
  }
  if (Has("owning")) {
    YIMA_ASSIGN_OR_RETURN(auto right, NewRight("owning", values_.owning(), facility.owning()));
    if (right) *facility.mutable_owning() = *std::move(right);
    if (facility.owning().state() == v1::RIGHT_STATE_UNSPECIFIED) facility.clear_owning();
  }
  if (Has("maintaining")) {
    YIMA_ASSIGN_OR_RETURN(auto right,
                          NewRight("maintaining", values_.maintaining(), facility.maintaining()));
    if (right) *facility.mutable_maintaining() = *std::move(right);
    if (facility.maintaining().state() == v1::RIGHT_STATE_UNSPECIFIED) facility.clear_maintaining();
  }
  return {};
}

Result<void> FacilityEdit::LayCodes(const store::Snapshot& snapshot, v1::Facility& facility) const {
  if (!Has("codes")) return {};
  for (int i = 0; i < values_.codes_size(); ++i) {
    const auto& code = values_.codes(i);
    const std::string field = fmt::format("codes[{}].", i);
    YIMA_RETURN_IF_ERROR(CheckCode(code, field));
    const bool known = std::ranges::any_of(facility.codes(), [&](const auto& other) {
      return other.scheme() == code.scheme() && other.digits() == code.digits();
    });
    if (known) continue;
    YIMA_RETURN_IF_ERROR(CheckFree(
        snapshot, store::Index::kFacilityCode, FacilityCodeKey(code.scheme(), code.digits()),
        "FACILITY_CODE_TAKEN", fmt::format("facility code {}", code.digits()), field + "digits"));
    *facility.add_codes() = code;
  }
  return {};
}

Result<void> FacilityEdit::LayExternalCodes(const store::Snapshot& snapshot,
                                            v1::Facility& facility) const {
  if (!Has("external_codes")) return {};
  for (int i = 0; i < values_.external_codes_size(); ++i) {
    const auto& code = values_.external_codes(i);
    const std::string field = fmt::format("external_codes[{}].", i);
    YIMA_RETURN_IF_ERROR(CheckExternalCode(code, field));
    const bool known = std::ranges::any_of(facility.external_codes(), [&](const auto& other) {
      return other.namespace_() == code.namespace_() && other.value() == code.value();
    });
    if (known) continue;
    YIMA_RETURN_IF_ERROR(CheckFree(
        snapshot, store::Index::kExternalCode, ExternalCodeKey(code.namespace_(), code.value()),
        "EXTERNAL_CODE_TAKEN",
        fmt::format("external code {} of {}", code.value(), code.namespace_()), field + "value"));
    *facility.add_external_codes() = code;
  }
  return {};
}

void FacilityEdit::LayWithheld(v1::Facility& facility) const {
  if (Has("remark") && facility.remark().value() != withheld_.remark().value()) {
    facility.clear_remark();
    if (withheld_.has_remark()) *facility.mutable_remark() = withheld_.remark();
  }
  if (Has("personal")) {
    const auto stands = facility.personal();
    *facility.mutable_personal() = withheld_.personal();
    for (auto& field : *facility.mutable_personal()) {
      const auto same = std::ranges::find_if(stands, [&](const auto& other) {
        return other.name() == field.name() && other.value().value() == field.value().value();
      });
      // What stays keeps its salt, so that it is no change.
      if (same != stands.end()) field = *same;
    }
  }
  WithholdNew(facility);
}

}  // namespace yima::server
