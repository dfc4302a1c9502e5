#ifndef YIMA_SERVER_REGISTRY_UNDO_BATCH_H_
#define YIMA_SERVER_REGISTRY_UNDO_BATCH_H_

#include <functional>

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// Takes one message of the answer. May block; an Error means that nobody listens any more.
using UndoSink = std::function<Result<void>(const v1::UndoBatchResponse&)>;

/// Takes an import or an edit back, as a batch that the same request goes on with: each facility
/// whose last entry is still that batch's becomes what it was before, one that the batch created is
/// WITHDRAWN. The rest is told with its reason. One that was left half-way is ended by it: STOPPED.
/// BATCH_NOT_FOUND, BATCH_RUNNING while a call carries it out, BATCH_NOT_UNDOABLE,
/// SCOPE_EXCEEDED for a batch of another caller, BATCH_TOO_LARGE, CALL_ENDED, and the store's own
/// errors. Blocks, so it runs on a thread of its own. Memory does not grow with the batch.
Result<void> UndoBatch(const Domain& domain, const Call& call, const v1::UndoBatchRequest& request,
                       const UndoSink& sink);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_UNDO_BATCH_H_
