#include "server/log/log_reads.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/domain/reach.h"

namespace yima::server {
namespace {

/// A size that a request names, 0 standing for the newest.
Result<uint64_t> SizeOf(uint64_t asked, const TreeHead& head, const char* field) {
  if (asked <= head.checkpoint.size) return asked == 0 ? head.checkpoint.size : asked;
  return Fail(StatusCode::kOutOfRange, "PROOF_RANGE",
              fmt::format("a tree of {} entries is above the newest checkpoint, {}", asked,
                          head.checkpoint.size),
              field);
}

Result<void> CheckTile(const Tile& tile, const TreeHead& head) {
  if (tile.level > Tile::kLevelMax || tile.width < 1 || tile.width > Tile::kWidth) {
    return Invalid("TILE_MALFORMED",
                   fmt::format("level {} and width {}, want 0 to {} and 1 to {}", tile.level,
                               tile.width, Tile::kLevelMax, Tile::kWidth));
  }
  if (tile.IsOf(head.checkpoint.size)) return {};
  return Fail(StatusCode::kNotFound, "TILE_NOT_FOUND",
              fmt::format("a tree of {} entries has no {}", head.checkpoint.size, tile.Path()));
}

void Add(const std::vector<TreeHash>& proof, google::protobuf::RepeatedPtrField<std::string>& to) {
  for (const TreeHash& hash : proof) to.Add()->assign(hash.begin(), hash.end());
}

}  // namespace

Result<v1::GetCheckpointResponse> GetCheckpoint(const Call&, const TreeHead& head,
                                                const v1::GetCheckpointRequest&,
                                                const store::Snapshot&) {
  v1::GetCheckpointResponse response;
  response.set_note(head.note);
  return response;
}

Result<v1::GetTileResponse> GetTile(const Call&, const TreeHead& head,
                                    const v1::GetTileRequest& request,
                                    const store::Snapshot& snapshot) {
  constexpr uint32_t kNoLevel = Tile::kLevelMax + 1;
  const Tile tile{false, static_cast<int>(std::min(request.level(), kNoLevel)), request.index(),
                  request.width()};
  YIMA_RETURN_IF_ERROR(CheckTile(tile, head));
  v1::GetTileResponse response;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_hashes(), TileBytes(tile, head, snapshot));
  return response;
}

Result<v1::GetEntryBundleResponse> GetEntryBundle(const Call& call, const TreeHead& head,
                                                  const v1::GetEntryBundleRequest& request,
                                                  const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckEverywhere(call));
  const Tile tile{true, 0, request.index(), request.width()};
  YIMA_RETURN_IF_ERROR(CheckTile(tile, head));
  v1::GetEntryBundleResponse response;
  const uint64_t first = tile.index * Tile::kWidth;
  uint32_t entries = 0;
  YIMA_RETURN_IF_ERROR(snapshot.ScanLog(first, [&](const store::LogRecord& record) {
    if (record.index != first + entries) return false;
    AppendTileEntry(*response.mutable_bundle(), record.entry);
    return ++entries < tile.width;
  }));
  if (entries == tile.width) return response;
  return Fail(StatusCode::kDataLoss, "TREE_DAMAGED",
              fmt::format("log entry {} is missing; run yimad check", first + entries));
}

Result<v1::GetInclusionProofResponse> GetInclusionProof(const Call&, const TreeHead& head,
                                                        const v1::GetInclusionProofRequest& request,
                                                        const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t size, SizeOf(request.size(), head, "size"));
  const auto hashes = HashesIn(head, snapshot);
  YIMA_ASSIGN_OR_RETURN(const auto proof, InclusionProof(request.index(), size, hashes));
  YIMA_ASSIGN_OR_RETURN(const TreeHash leaf, hashes({0, request.index()}));
  v1::GetInclusionProofResponse response;
  response.set_size(size);
  response.mutable_leaf_hash()->assign(leaf.begin(), leaf.end());
  Add(proof, *response.mutable_hashes());
  return response;
}

Result<v1::GetConsistencyProofResponse> GetConsistencyProof(
    const Call&, const TreeHead& head, const v1::GetConsistencyProofRequest& request,
    const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t newer, SizeOf(request.newer_size(), head, "newer_size"));
  YIMA_ASSIGN_OR_RETURN(const auto proof,
                        ConsistencyProof(request.older_size(), newer, HashesIn(head, snapshot)));
  v1::GetConsistencyProofResponse response;
  response.set_newer_size(newer);
  Add(proof, *response.mutable_hashes());
  return response;
}

}  // namespace yima::server
