#ifndef YIMA_SERVER_LOG_LOG_READS_H_
#define YIMA_SERVER_LOG_LOG_READS_H_

#include "server/domain/call.h"
#include "server/log/tree_head.h"
#include "yima/v1/log_service.pb.h"

namespace yima::server {

// LogService: what a signed tree holds. The snapshot is of after the head was signed. All:
// TREE_DAMAGED (DATA_LOSS), and what the store says.

Result<v1::GetCheckpointResponse> GetCheckpoint(const Call& call, const TreeHead& head,
                                                const v1::GetCheckpointRequest& request,
                                                const store::Snapshot& snapshot);
/// TILE_MALFORMED (INVALID_ARGUMENT), TILE_NOT_FOUND.
Result<v1::GetTileResponse> GetTile(const Call& call, const TreeHead& head,
                                    const v1::GetTileRequest& request,
                                    const store::Snapshot& snapshot);
/// As GetTile; SCOPE_EXCEEDED unless the caller's reach is the whole registry, as the log is of
/// all.
Result<v1::GetEntryBundleResponse> GetEntryBundle(const Call& call, const TreeHead& head,
                                                  const v1::GetEntryBundleRequest& request,
                                                  const store::Snapshot& snapshot);
/// PROOF_RANGE.
Result<v1::GetInclusionProofResponse> GetInclusionProof(const Call& call, const TreeHead& head,
                                                        const v1::GetInclusionProofRequest& request,
                                                        const store::Snapshot& snapshot);
/// PROOF_RANGE.
Result<v1::GetConsistencyProofResponse> GetConsistencyProof(
    const Call& call, const TreeHead& head, const v1::GetConsistencyProofRequest& request,
    const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_LOG_LOG_READS_H_
