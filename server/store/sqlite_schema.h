#ifndef YIMA_SERVER_STORE_SQLITE_SCHEMA_H_
#define YIMA_SERVER_STORE_SQLITE_SCHEMA_H_

#include "server/store/sqlite_connection.h"

namespace yima::store {

/// The schema this program writes, kept in `PRAGMA user_version`.
constexpr int kSchemaVersion = 1;

/// Makes the tables of an empty file, or brings an older file up to date in one transaction.
/// SCHEMA_NEWER when a newer program wrote it, STORE_DAMAGED when it is no store of ours.
Result<void> PrepareSchema(Connection& connection);
/// The same questions without changing anything; SCHEMA_OLDER when it would have to be migrated.
Result<void> CheckSchema(Connection& connection);

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_SQLITE_SCHEMA_H_
