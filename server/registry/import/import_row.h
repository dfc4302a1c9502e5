#ifndef YIMA_SERVER_REGISTRY_IMPORT_IMPORT_ROW_H_
#define YIMA_SERVER_REGISTRY_IMPORT_IMPORT_ROW_H_

#include "server/domain/domain.h"
#include "server/registry/import/import_organizations.h"
#include "server/registry/import/import_spool.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// Makes a row's facility whole in place: completed, its holders found, its withheld values inside
/// (the value alone, neither salt nor hash). Sets `row.given` and `row.facility`. What
/// CheckFacility, CheckRights and LedgerOrganizations::Find say; FIELD_OUTPUT_ONLY for rights with
/// a holder; IDENTITY_MISSING; CLASS_HAS_NO_NUMBERS.
Result<void> ReadRow(const Domain& domain, const Call& call, const v1::ImportHeader& header,
                     const store::Snapshot& snapshot, LedgerOrganizations& organizations,
                     v1::ImportRow& given, SpooledRow& row);

/// The key by which a row is known: its external code in the header's namespace, or its code.
/// IDENTITY_MISSING.
Result<Key> IdentityOf(const v1::ImportHeader& header, const v1::Facility& facility);

/// The rules of the header itself: REQUEST_ID_* (not for a dry run), FIELD_TOO_LONG,
/// FIELD_NOT_TEXT.
Result<void> CheckHeader(const v1::ImportHeader& header);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_IMPORT_IMPORT_ROW_H_
