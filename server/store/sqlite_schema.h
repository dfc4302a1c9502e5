#ifndef YIMA_SERVER_STORE_SQLITE_SCHEMA_H_
#define YIMA_SERVER_STORE_SQLITE_SCHEMA_H_

#include <span>
#include <string>

#include "server/store/sqlite_connection.h"

namespace yima::store {

/// SQL that leads from one version of the schema to the next. Never changed once released.
using SchemaStep = std::string (*)();
/// Step n leads from version n to n + 1, so their number is the version this program writes. It is
/// kept in `PRAGMA user_version`.
std::span<const SchemaStep> SchemaSteps();

/// Makes the tables of an empty file, or brings an older file up to date in one transaction.
/// SCHEMA_NEWER when a newer program wrote it, STORE_DAMAGED when it is no store of ours. A file
/// that is refused is not touched.
Result<void> PrepareSchema(Connection& connection,
                           std::span<const SchemaStep> steps = SchemaSteps());
/// The version that a file has; 0 when it is empty. STORE_DAMAGED when it is no store of ours.
Result<int> SchemaVersion(Connection& connection);
/// The same questions without changing anything; SCHEMA_OLDER when it would have to be migrated.
Result<void> CheckSchema(Connection& connection);
/// What CheckSchema asks, but for the age: an older file may be read too, in its older kinds.
Result<void> CheckSchemaNotNewer(Connection& connection);

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_SQLITE_SCHEMA_H_
