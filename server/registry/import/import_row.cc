#include "server/registry/import/import_row.h"

#include <fmt/format.h>

#include "server/registry/facility_rules.h"
#include "server/registry/withheld.h"

namespace yima::server {
namespace {

Result<void> FindHolder(const store::Snapshot& snapshot, LedgerOrganizations& organizations,
                        std::string_view text, std::string_view field, v1::Right* right) {
  if (text.empty()) return {};
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, organizations.Find(snapshot, text, field));
  right->set_holder(id);
  return {};
}

Result<void> FindHolders(const store::Snapshot& snapshot, LedgerOrganizations& organizations,
                         const v1::ImportRow& given, v1::Facility& facility) {
  const std::pair<const char*, uint64_t> named[] = {
      {"supervising", facility.supervising().holder()},
      {"owning", facility.owning().holder()},
      {"maintaining", facility.maintaining().holder()}};
  for (const auto& [field, holder] : named) {
    if (holder != 0) {
      return Invalid("FIELD_OUTPUT_ONLY", "a ledger names organizations in words, not by id",
                     field);
    }
  }
  if (given.supervisor().empty()) {
    return Invalid("FIELD_MISSING", "the row names no supervising department", "supervisor");
  }
  if (given.ownerless() && !given.owner().empty()) {
    return Invalid("RIGHT_INVALID", "what is ownerless has no owner", "owner");
  }
  YIMA_RETURN_IF_ERROR(FindHolder(snapshot, organizations, given.supervisor(), "supervisor",
                                  facility.mutable_supervising()));
  if (given.ownerless()) {
    facility.mutable_owning()->set_state(v1::RIGHT_STATE_OWNERLESS);
  } else if (!given.owner().empty()) {
    YIMA_RETURN_IF_ERROR(
        FindHolder(snapshot, organizations, given.owner(), "owner", facility.mutable_owning()));
  }
  if (!given.maintainer().empty()) {
    YIMA_RETURN_IF_ERROR(FindHolder(snapshot, organizations, given.maintainer(), "maintainer",
                                    facility.mutable_maintaining()));
  }
  return CheckRights(facility);
}

/// The whole by the code that the row names; 0 when it names none.
Result<uint64_t> FindParent(const store::Snapshot& snapshot, const v1::ImportRow& given) {
  Key key;
  std::string named;
  if (given.has_parent_code()) {
    const auto& code = given.parent_code();
    YIMA_RETURN_IF_ERROR(CheckCode(code, "parent_code."));
    key = {store::Index::kFacilityCode, FacilityCodeKey(code.scheme(), code.digits())};
    named = fmt::format("code {}", code.digits());
  } else if (given.has_parent_external_code()) {
    const auto& code = given.parent_external_code();
    YIMA_RETURN_IF_ERROR(CheckExternalCode(code, "parent_external_code."));
    key = {store::Index::kExternalCode, ExternalCodeKey(code.namespace_(), code.value())};
    named = fmt::format("external code \"{}\" of \"{}\"", code.value(), code.namespace_());
  } else {
    return 0;
  }
  YIMA_ASSIGN_OR_RETURN(const uint64_t uid, snapshot.Holder(key.index, key.key));
  if (uid != 0) return uid;
  return Fail(StatusCode::kNotFound, "PARENT_UNKNOWN",
              fmt::format("no facility has {}, of which the row's is to be a part; wholes are "
                          "imported before their parts",
                          named),
              "parent");
}

}  // namespace

Result<Key> IdentityOf(const v1::ImportHeader& header, const v1::Facility& facility) {
  if (!header.key_namespace().empty()) {
    for (const auto& code : facility.external_codes()) {
      if (code.namespace_() == header.key_namespace()) {
        return Key{store::Index::kExternalCode, ExternalCodeKey(code.namespace_(), code.value())};
      }
    }
    return Invalid(
        "IDENTITY_MISSING",
        fmt::format("the row has no external code in \"{}\", by which this ledger knows its rows",
                    header.key_namespace()),
        "external_codes");
  }
  if (facility.codes().empty()) {
    return Invalid("IDENTITY_MISSING",
                   "the row has neither a facility code nor a key by which it is known", "codes");
  }
  const auto& code = facility.codes(facility.codes_size() - 1);
  return Key{store::Index::kFacilityCode, FacilityCodeKey(code.scheme(), code.digits())};
}

Result<void> ReadRow(const Domain& domain, const Call& call, const v1::ImportHeader& header,
                     const store::Snapshot& snapshot, LedgerOrganizations& organizations,
                     v1::ImportRow& given, SpooledRow& row) {
  v1::Facility& facility = *given.mutable_facility();
  row.given = static_cast<uint8_t>(
      (facility.name().empty() ? 0 : kNameGiven) |
      (facility.condition() == v1::CONDITION_UNSPECIFIED ? 0 : kConditionGiven) |
      (facility.life() == v1::LIFE_UNSPECIFIED ? 0 : kLifeGiven));
  YIMA_RETURN_IF_ERROR(CheckFacility(domain.classes, facility));
  if (facility.parent() != 0) {
    return Invalid("FIELD_OUTPUT_ONLY", "a ledger names a parent by a code, not by its uid",
                   "parent");
  }
  YIMA_RETURN_IF_ERROR(IdentityOf(header, facility));
  const size_t class_width = facility.class_code().size();
  if (header.assign_codes() && facility.codes().empty() && class_width != 4 && class_width != 5) {
    return Fail(StatusCode::kFailedPrecondition, "CLASS_HAS_NO_NUMBERS",
                fmt::format("class \"{}\" belongs to no standard scheme: give the facility's code",
                            facility.class_code()),
                "codes");
  }
  YIMA_RETURN_IF_ERROR(TakeWithheld(given.remark(), given.personal(), facility));
  const bool withheld = facility.has_remark() || !facility.personal().empty();
  YIMA_RETURN_IF_ERROR(CheckWholeSize(facility, withheld ? "personal" : "extra"));
  YIMA_RETURN_IF_ERROR(FindHolders(snapshot, organizations, given, facility));
  YIMA_RETURN_IF_ERROR(CheckReach(call, facility, "division"));
  YIMA_ASSIGN_OR_RETURN(const uint64_t parent, FindParent(snapshot, given));
  facility.set_parent(parent);
  row.line = given.line();
  facility.SerializeToString(&row.facility);
  return {};
}

Result<void> CheckHeader(const v1::ImportHeader& header) {
  if (!header.dry_run()) YIMA_RETURN_IF_ERROR(CheckRequestId(header.request_id()));
  YIMA_RETURN_IF_ERROR(CheckText(header.source(), 256, "header.source"));
  return CheckText(header.key_namespace(), 64, "header.key_namespace");
}

}  // namespace yima::server
