#ifndef YIMA_SERVER_REGISTRY_IMPORT_IMPORT_H_
#define YIMA_SERVER_REGISTRY_IMPORT_IMPORT_H_

#include <functional>

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// Gives the next message of the ledger's stream; false at its end. May block.
using ImportSource = std::function<Result<bool>(v1::ImportFacilitiesRequest&)>;
/// Takes one message of the answer. May block; an Error means that nobody listens any more.
using ImportSink = std::function<Result<void>(const v1::ImportFacilitiesResponse&)>;

/// Takes a whole ledger: reads and validates every row into a file of the spool folder, then plans
/// and applies them in chunks. What is wrong with rows goes to the sink as problems; Errors are of
/// the stream as a whole: HEADER_MISSING, HEADER_TWICE, ROWS_TOO_MANY, FIELD_TOO_LONG,
/// FIELD_NOT_TEXT, REQUEST_ID_*, REQUEST_RUNNING, ORGANIZATIONS_TOO_MANY, DISK_FULL, SPOOL_FAILED,
/// CALL_ENDED, CONTENTION and the store's own. After any of them the same stream under the same
/// request_id goes on where it stopped.
///
/// An empty field of a row says nothing: it neither differs from what stands nor clears it.
/// Blocks, so it runs on a thread of its own. Memory does not grow with the ledger.
Result<void> ImportFacilities(const Domain& domain, const Call& call, const ImportSource& source,
                              const ImportSink& sink);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_IMPORT_IMPORT_H_
