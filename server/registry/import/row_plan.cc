#include "server/registry/import/row_plan.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/message_differencer.h>

#include "server/registry/facility_rules.h"
#include "server/registry/import/import_row.h"
#include "server/registry/life.h"
#include "server/rights/right_of.h"

namespace yima::server {
namespace {

/// Lays what a row says over what stands, and notes each field in which they differ.
class Overlay {
 public:
  explicit Overlay(v1::Facility& stands) : stands_(stands) {}

  void Lay(const v1::Facility& row, uint8_t given);
  const std::vector<const char*>& differing() const { return differing_; }
  /// A right that the row would move, though it is confirmed, or claimed, offered or under an
  /// order; null when there is none.
  const char* settled() const { return settled_; }

 private:
  void Text(const char* field, const std::string& said, std::string* stands);
  void Texts(const v1::Facility& row);
  void Right(const char* field, const v1::Right& said, v1::Right* stands);
  void Codes(const v1::Facility& row);
  void Fields(const v1::Facility& row);

  v1::Facility& stands_;
  std::vector<const char*> differing_;
  const char* settled_ = nullptr;
};

void Overlay::Text(const char* field, const std::string& said, std::string* stands) {
  if (said.empty() || said == *stands) return;
  differing_.push_back(field);
  *stands = said;
}

void Overlay::Texts(const v1::Facility& row) {
  Text("division", row.division(), stands_.mutable_division());
  Text("class_code", row.class_code(), stands_.mutable_class_code());
  Text("grid_code", row.grid_code(), stands_.mutable_grid_code());
  Text("surveyed_on", row.surveyed_on(), stands_.mutable_surveyed_on());
  Text("changed_on", row.changed_on(), stands_.mutable_changed_on());
  Text("data_source", row.data_source(), stands_.mutable_data_source());
  Text("subdistrict_code", row.subdistrict_code(), stands_.mutable_subdistrict_code());
  Text("subdistrict_name", row.subdistrict_name(), stands_.mutable_subdistrict_name());
  Text("community_code", row.community_code(), stands_.mutable_community_code());
  Text("community_name", row.community_name(), stands_.mutable_community_name());
  Text("address", row.address(), stands_.mutable_address());
}

void Overlay::Right(const char* field, const v1::Right& said, v1::Right* stands) {
  const bool ownerless = said.state() == v1::RIGHT_STATE_OWNERLESS;
  const bool same_holder = said.holder() == stands->holder() &&
                           ownerless == (stands->state() == v1::RIGHT_STATE_OWNERLESS);
  const bool same_days =
      (said.valid_from().empty() || said.valid_from() == stands->valid_from()) &&
      (said.valid_until().empty() || said.valid_until() == stands->valid_until());
  if (same_holder && same_days) return;
  differing_.push_back(field);
  if (stands->state() == v1::RIGHT_STATE_CLAIMED || stands->state() == v1::RIGHT_STATE_CONFIRMED ||
      !CheckUnclaimed(*stands, field)) {
    settled_ = field;
    return;
  }
  if (!same_holder) {
    *stands = said;
    return;
  }
  if (!said.valid_from().empty()) stands->set_valid_from(said.valid_from());
  if (!said.valid_until().empty()) stands->set_valid_until(said.valid_until());
}

void Overlay::Codes(const v1::Facility& row) {
  const size_t before = differing_.size();
  for (const auto& code : row.codes()) {
    const bool known = std::ranges::any_of(stands_.codes(), [&](const auto& other) {
      return other.scheme() == code.scheme() && other.digits() == code.digits();
    });
    if (known) continue;
    *stands_.add_codes() = code;
    if (differing_.size() == before) differing_.push_back("codes");
  }
  const size_t with_codes = differing_.size();
  for (const auto& code : row.external_codes()) {
    const bool known = std::ranges::any_of(stands_.external_codes(), [&](const auto& other) {
      return other.namespace_() == code.namespace_() && other.value() == code.value();
    });
    if (known) continue;
    *stands_.add_external_codes() = code;
    if (differing_.size() == with_codes) differing_.push_back("external_codes");
  }
}

void Overlay::Fields(const v1::Facility& row) {
  const auto named = [](auto* fields, const std::string& name) {
    const auto found =
        std::ranges::find_if(*fields, [&](const auto& field) { return field.name() == name; });
    if (found != fields->end()) return &*found;
    auto* added = fields->Add();
    added->set_name(name);
    return added;
  };
  bool extra = false;
  for (const auto& field : row.extra()) {
    if (field.value().empty()) continue;
    auto* stands = named(stands_.mutable_extra(), field.name());
    extra = extra || stands->value() != field.value();
    stands->set_value(field.value());
  }
  if (extra) differing_.push_back("extra");
  bool personal = false;
  for (const auto& field : row.personal()) {
    auto* stands = named(stands_.mutable_personal(), field.name());
    if (stands->value().value() == field.value().value()) continue;
    personal = true;
    *stands->mutable_value() = field.value();
  }
  if (personal) differing_.push_back("personal");
}

void Overlay::Lay(const v1::Facility& row, uint8_t given) {
  Codes(row);
  Texts(row);
  if ((given & kNameGiven) != 0) Text("name", row.name(), stands_.mutable_name());
  if ((given & kConditionGiven) != 0 && row.condition() != stands_.condition()) {
    differing_.push_back("condition");
    stands_.set_condition(row.condition());
  }
  if ((given & kLifeGiven) != 0 && row.life() != stands_.life()) {
    differing_.push_back("life");
    stands_.set_life(row.life());
  }
  Right("supervising", row.supervising(), stands_.mutable_supervising());
  // A right that the row leaves out is not touched: asking for it mutably would add it.
  if (row.has_owning()) Right("owning", row.owning(), stands_.mutable_owning());
  if (row.has_maintaining()) {
    Right("maintaining", row.maintaining(), stands_.mutable_maintaining());
  }
  if (row.has_position() &&
      !google::protobuf::util::MessageDifferencer::Equals(row.position(), stands_.position())) {
    differing_.push_back("position");
    *stands_.mutable_position() = row.position();
  }
  if (row.parent() != 0 && row.parent() != stands_.parent()) {
    differing_.push_back("parent");
    stands_.set_parent(row.parent());
  }
  if (row.has_remark() && row.remark().value() != stands_.remark().value()) {
    differing_.push_back("remark");
    *stands_.mutable_remark() = row.remark();
  }
  Fields(row);
}

RowPlan Conflict(uint64_t uid, std::string reason, std::string message, std::string field) {
  RowPlan plan;
  plan.act = RowAct::kConflict;
  plan.uid = uid;
  plan.conflict =
      Error{StatusCode::kAlreadyExists, std::move(reason), std::move(message), std::move(field)};
  return plan;
}

/// The first key of the row that belongs to another facility, as a conflict.
Result<std::optional<RowPlan>> FindTaken(const store::Snapshot& snapshot, const v1::Facility& row,
                                         const Key& identity, uint64_t uid) {
  for (const auto& code : row.codes()) {
    const Key key{store::Index::kFacilityCode, FacilityCodeKey(code.scheme(), code.digits())};
    if (key == identity) continue;
    YIMA_ASSIGN_OR_RETURN(const uint64_t holder, snapshot.Holder(key.index, key.key));
    if (holder == 0 || holder == uid) continue;
    return Conflict(uid, "FACILITY_CODE_TAKEN",
                    fmt::format("facility code {} belongs to facility {}", code.digits(), holder),
                    "codes");
  }
  for (const auto& code : row.external_codes()) {
    const Key key{store::Index::kExternalCode, ExternalCodeKey(code.namespace_(), code.value())};
    if (key == identity) continue;
    YIMA_ASSIGN_OR_RETURN(const uint64_t holder, snapshot.Holder(key.index, key.key));
    if (holder == 0 || holder == uid) continue;
    return Conflict(uid, "EXTERNAL_CODE_TAKEN",
                    fmt::format("external code {} of {} belongs to facility {}", code.value(),
                                code.namespace_(), holder),
                    "external_codes");
  }
  return std::nullopt;
}

RowPlan Compare(const v1::ImportHeader& header, uint64_t uid, Read<v1::Facility> stands,
                const v1::Facility& row, uint8_t given) {
  RowPlan plan;
  plan.uid = uid;
  plan.revision = stands.revision;
  plan.after = stands.record;
  Overlay overlay(plan.after);
  overlay.Lay(row, given);
  const auto& differing = overlay.differing();
  if (differing.empty()) {
    plan.act = RowAct::kUnchanged;
    return plan;
  }
  if (!header.update()) {
    return Conflict(
        uid, "ROW_DIFFERS",
        fmt::format("facility {} stands with another {}; import with update to change it", uid,
                    fmt::join(differing, ", ")),
        differing.front());
  }
  if (overlay.settled() != nullptr) {
    return Conflict(uid, "RIGHT_SETTLED",
                    fmt::format("the right {} of facility {} is claimed or confirmed; a ledger "
                                "does not move it",
                                overlay.settled(), uid),
                    overlay.settled());
  }
  const bool lives_on = plan.after.life() != stands.record.life() ||
                        plan.after.condition() != stands.record.condition();
  if (HasEnded(stands.record) && lives_on) {
    return Conflict(uid, "FACILITY_ENDED",
                    fmt::format("facility {} is scrapped; no ledger brings it back", uid), "life");
  }
  if (!HasEnded(stands.record) && HasEnded(plan.after)) {
    return Conflict(
        uid, "LIFE_STEP_MISSING",
        fmt::format("facility {} stands: it is scrapped by a step on a document, not by a ledger",
                    uid),
        "life");
  }
  constexpr size_t kSaltsAndHashes = 512;
  if (plan.after.ByteSizeLong() + kSaltsAndHashes > kFacilityTakenMax) {
    return Conflict(uid, "FACILITY_TOO_LARGE",
                    fmt::format("facility {} would take {} bytes, want at most {}", uid,
                                plan.after.ByteSizeLong() + kSaltsAndHashes, kFacilityTakenMax),
                    "extra");
  }
  plan.act = RowAct::kUpdate;
  plan.before = std::move(stands.record);
  return plan;
}

}  // namespace

Result<RowPlan> PlanRow(const Call& call, const store::Snapshot& snapshot,
                        const v1::ImportHeader& header, const v1::Facility& row, uint8_t given) {
  YIMA_ASSIGN_OR_RETURN(const Key identity, IdentityOf(header, row));
  YIMA_ASSIGN_OR_RETURN(const uint64_t uid, snapshot.Holder(identity.index, identity.key));
  YIMA_ASSIGN_OR_RETURN(auto taken, FindTaken(snapshot, row, identity, uid));
  if (taken) return *std::move(taken);
  if (uid == 0) return RowPlan{};
  YIMA_ASSIGN_OR_RETURN(auto stands, Get<v1::Facility>(snapshot, uid));
  if (!stands) return RecordMissing("facility", uid);
  if (const auto seen = CheckReach(call, stands->record, "codes"); !seen) {
    return Conflict(uid, seen.error().reason, seen.error().message, seen.error().field);
  }
  return Compare(header, uid, *std::move(stands), row, given);
}

}  // namespace yima::server
