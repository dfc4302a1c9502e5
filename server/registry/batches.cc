#include "server/registry/batches.h"

#include <deque>
#include <ranges>

#include <fmt/format.h>

#include "codegen/code/wire_walk.h"
#include "server/registry/classes.h"

namespace yima::server {
namespace {

tl::unexpected<Error> Damaged(std::string_view what) {
  return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
              fmt::format("{} does not parse; run yimad check", what));
}

Result<void> TakeCursor(const store::Snapshot& snapshot, v1::Batch& batch) {
  if (batch.state() == v1::BATCH_STATE_DONE) return {};
  YIMA_ASSIGN_OR_RETURN(const auto cursor, snapshot.Get(store::Kind::kBatchCursor, batch.id()));
  if (!cursor) return {};
  v1::BatchCounts counts;
  if (!counts.ParseFromString(cursor->bytes)) return Damaged("the cursor of a batch");
  // In a registry that was rebuilt from its log the cursor stands at the beginning.
  if (counts.done() > batch.counts().done()) *batch.mutable_counts() = std::move(counts);
  return {};
}

/// Of a stored batch, read where it stands.
std::string_view PrincipalOf(std::string_view batch) {
  std::string_view principal;
  WalkFields(batch, [&](const WireField& field) {
    if (field.number == v1::Batch::kPrincipalFieldNumber) principal = field.bytes;
  });
  return principal;
}

}  // namespace

Result<v1::GetBatchResponse> GetBatch(const Domain&, const Call& call,
                                      const v1::GetBatchRequest& request,
                                      const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Batch>(snapshot, request.batch()));
  if (!read) {
    return Fail(StatusCode::kNotFound, "BATCH_NOT_FOUND",
                fmt::format("no batch has id {}", request.batch()), "batch");
  }
  YIMA_RETURN_IF_ERROR(CheckReachOfBatch(call, read->record.principal(), "batch"));
  v1::GetBatchResponse response;
  *response.mutable_batch() = std::move(read->record);
  YIMA_RETURN_IF_ERROR(TakeCursor(snapshot, *response.mutable_batch()));
  return response;
}

Result<v1::ListBatchesResponse> ListBatches(const Domain& domain, const Call& call,
                                            const v1::ListBatchesRequest& request,
                                            const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, "", request.page_token()));
  const uint64_t before = place.empty() ? UINT64_MAX : std::stoull(place);
  // Batches are few (one a command), and the store scans upwards: the last ones are kept, and only
  // those of the page are parsed.
  const bool everywhere = call.reach->everywhere();
  std::deque<std::string> newest;
  bool more = false;
  YIMA_RETURN_IF_ERROR(
      snapshot.Scan(store::Kind::kBatch, 0, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
        if (id >= before) return false;
        if (!everywhere && PrincipalOf(bytes) != call.principal) return true;
        if (newest.size() == size) {
          newest.pop_front();
          more = true;
        }
        newest.emplace_back(bytes);
        return true;
      }));
  v1::ListBatchesResponse response;
  for (const auto& bytes : newest | std::views::reverse) {
    v1::Batch& batch = *response.add_batches();
    if (!batch.ParseFromString(bytes)) return Damaged("a batch");
    batch.clear_asked();  // Up to 32 KiB each.
    YIMA_RETURN_IF_ERROR(TakeCursor(snapshot, batch));
  }
  if (more) {
    const uint64_t last = response.batches(response.batches_size() - 1).id();
    response.set_next_page_token(SealPageToken(domain, call.method, "", fmt::format("{}", last)));
  }
  return response;
}

Result<v1::ListFacilityClassesResponse> ListFacilityClasses(
    const Domain& domain, const Call&, const v1::ListFacilityClassesRequest& request,
    const store::Snapshot&) {
  v1::ListFacilityClassesResponse response;
  for (const auto& [code, facility_class] : domain.classes.all()) {
    if (code.starts_with(request.prefix())) *response.add_facility_classes() = facility_class;
  }
  return response;
}

}  // namespace yima::server
