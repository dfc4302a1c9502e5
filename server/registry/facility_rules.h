#ifndef YIMA_SERVER_REGISTRY_FACILITY_RULES_H_
#define YIMA_SERVER_REGISTRY_FACILITY_RULES_H_

#include <string>
#include <string_view>
#include <vector>

#include "server/domain/domain.h"
#include "server/registry/classes.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/organization.pb.h"

namespace yima::server {

/// Serialized size that no facility record may exceed.
constexpr size_t kFacilitySizeMax = 18 * 1024;
/// The same for one that is created or imported: three rights may each get a basis of up to 660
/// bytes and 16 claims of up to 30 later, and confirming a right must not fail for what a ledger
/// said.
constexpr size_t kFacilityTakenMax = kFacilitySizeMax - 4096;

/// Validates a facility as a caller gives it, and fills in what follows: the class's name, IN_USE,
/// INTACT. Rights are not looked at (see CheckRights). Fields that the server sets must be
/// empty. Errors name the facility's own field: "division", "external_codes[1].value".
/// FIELD_MISSING, FIELD_TOO_LONG, FIELD_NOT_TEXT (control characters or broken UTF-8),
/// FIELD_OUTPUT_ONLY, ENUM_UNKNOWN, DATE_MALFORMED, CLASS_UNKNOWN (NOT_FOUND), SCHEME_UNASSIGNED,
/// FACILITY_CODE_*, DIVISION_*, POSITION_OUT_OF_RANGE, DIGITS_MALFORMED, FIELD_TWICE,
/// FACILITY_TOO_LARGE.
Result<void> CheckFacility(const ClassCatalogue& classes, v1::Facility& facility);

/// Validates the three rights once their holders are known; a holder without a state is RECORDED.
/// FIELD_MISSING for the supervising department, RIGHT_INVALID, DATE_MALFORMED.
Result<void> CheckRights(v1::Facility& facility);

/// SCHEME_UNASSIGNED, FACILITY_CODE_MALFORMED, FACILITY_CODE_OUT_OF_RANGE; fields begin with
/// `prefix`.
Result<void> CheckCode(const v1::FacilityCode& code, const std::string& prefix);
/// FIELD_MISSING, FIELD_TOO_LONG, FIELD_NOT_TEXT; fields begin with `prefix`.
Result<void> CheckExternalCode(const v1::ExternalCode& code, const std::string& prefix);

/// Validates one right as a caller gives it: "supervising", "owning" or "maintaining" is its field.
/// FIELD_MISSING for the supervising department, RIGHT_INVALID, DATE_MALFORMED.
Result<void> CheckRight(const v1::Right& right, std::string_view field);

/// ORGANIZATION_ENDED (FAILED_PRECONDITION) of one that was merged or dissolved: nothing new is
/// given to it.
Result<void> CheckActs(const v1::Organization& organization, std::string_view field);

/// ORGANIZATION_UNKNOWN (NOT_FOUND) for the first holder of a right that is no organization,
/// ORGANIZATION_ENDED for one that was merged or dissolved; who holds the right as the facility
/// `stands` is not asked about.
Result<void> CheckHolders(const store::Snapshot& snapshot, const v1::Facility& facility,
                          const v1::Facility& stands = v1::Facility::default_instance());

/// POSITION_OUT_OF_RANGE, FIELD_TOO_LONG, FIELD_NOT_TEXT; fields begin with "position".
Result<void> CheckPosition(const v1::Position& position);

/// The document on which something is done, with kind and number. BASIS_MISSING, FIELD_TOO_LONG,
/// FIELD_NOT_TEXT, DATE_MALFORMED, HASH_MALFORMED; fields are "basis.kind" and the like, where
/// `at` is the basis's own.
Result<void> CheckBasis(const v1::Basis& basis, const std::string& at);

/// FACILITY_TOO_LARGE for that field when a record, with all that the server has added, leaves no
/// room for the bases of its rights and the claims on them: see kFacilityTakenMax.
Result<void> CheckStoredSize(const v1::Facility& facility, std::string_view field);

/// ETAG_STALE (ABORTED) when an etag was given and the record has another by now.
Result<void> CheckEtag(const Domain& domain, std::string_view etag, uint64_t revision,
                       std::string_view field);

/// A facility's record. FACILITY_NOT_FOUND (NOT_FOUND) at that field.
Result<Read<v1::Facility>> FindFacility(const store::Snapshot& snapshot, uint64_t uid,
                                        std::string_view field);

/// At most `max` characters (not bytes) of UTF-8 without control characters; else FIELD_TOO_LONG or
/// FIELD_NOT_TEXT for that field. With `required`, empty is FIELD_MISSING.
Result<void> CheckText(std::string_view value, size_t max, std::string_view field,
                       bool required = false);

/// The same for free text by persons, where line breaks and tabs are text; may be empty.
Result<void> CheckLines(std::string_view value, size_t max, std::string_view field);

/// True for a real calendar date written YYYY-MM-DD.
bool IsDate(std::string_view text);

/// Abbreviations of those mandatory attributes of GB/T 47678.5-2026 that stand in the record itself
/// and that it lacks: GLBJBSM (code), SZDYWGBSM (grid), CSRQ (first survey). A facility always has
/// a name and a supervising department; the department's code is the organization's.
std::vector<std::string_view> MissingAttributes(const v1::Facility& facility);

/// Gives the facility the next free number of its division and class: scheme 2 for a class of five
/// digits, the older scheme 1 for one of four; others: CLASS_HAS_NO_NUMBERS. Numbers begin at 1;
/// those that some facility has already are passed over. NUMBERS_USED_UP after 999,999.
Result<void> AssignCode(const Domain& domain, const store::Snapshot& snapshot,
                        v1::Facility& facility);

/// The organization that a ledger means by credit code, official name or alias; 0 when none.
Result<uint64_t> FindOrganization(const store::Snapshot& snapshot, std::string_view text);

/// The facility with its etag, and with the values of what is withheld from the log, alone.
v1::Facility ShownFacility(const Domain& domain, const v1::Facility& record, uint64_t revision);
/// The same of an organization.
v1::Organization ShownOrganization(const Domain& domain, const v1::Organization& record,
                                   uint64_t revision);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_FACILITY_RULES_H_
