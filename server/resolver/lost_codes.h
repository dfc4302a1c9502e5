#ifndef YIMA_SERVER_RESOLVER_LOST_CODES_H_
#define YIMA_SERVER_RESOLVER_LOST_CODES_H_

#include <cstdint>
#include <string>

#include "codegen/code/trust.h"
#include "server/store/store.h"
#include "yima/v1/code.pb.h"

namespace yima::server {

/// Codes that were published as suspended, revoked or replaced and whose records a restore did not
/// bring back: they stay on the list, and come back in that state only.

/// What is stored of one; empty once it has a record again.
std::string LostCodeBytes(v1::CodeState state);
/// Its state; UNSPECIFIED for codes that are not lost. What the store says.
Result<v1::CodeState> LostStateOf(const store::Snapshot& snapshot, uint64_t serial);
/// Joins all of them to a list of the records' own.
Result<void> AddLostCodes(const store::Snapshot& snapshot, RevocationList& list);

}  // namespace yima::server

#endif  // YIMA_SERVER_RESOLVER_LOST_CODES_H_
