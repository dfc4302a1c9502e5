#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/issuance/blank_range.h"

namespace yima::server {
namespace {

constexpr size_t kChunk = 500;
/// Crews may bind plates of the range all the while; each makes one chunk be looked at again.
constexpr int kRoundsMax = 1000;

/// Plates of the range that are still blank, at most a chunk.
Result<std::vector<Read<v1::Code>>> BlankPlates(const store::Snapshot& snapshot,
                                                const v1::BlankRange& range) {
  std::vector<Read<v1::Code>> plates;
  YIMA_RETURN_IF_ERROR(
      snapshot.Scan(store::Kind::kCode, range.first() - 1, {CodeStateTerm(v1::CODE_STATE_BLANK)},
                    [&](uint64_t serial, uint64_t revision, std::string_view bytes) {
                      if (serial > range.last() || plates.size() == kChunk) return false;
                      Read<v1::Code> plate{revision, {}};
                      plate.record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                      plates.push_back(std::move(plate));
                      return true;
                    }));
  return plates;
}

/// Closes one range, from wherever it stands. Use once, from one thread.
class Closing {
 public:
  Closing(const Domain& domain, const Call& call, const v1::CloseBlankRangeRequest& request,
          const CloseRangeSink& sink)
      : domain_(domain),
        call_(call),
        request_(request),
        mark_(MarkOf(domain, call, request.request_id(), request.SerializeAsString())),
        sink_(sink) {}

  Result<void> Run() {
    YIMA_RETURN_IF_ERROR(FindBatch(*domain_.store.Read(), mark_));  // REQUEST_ID_REUSED
    for (int round = 0; round < kRoundsMax;) {
      if (call_.cancelled()) return CallEnded();
      const auto snapshot = domain_.store.Read();
      YIMA_ASSIGN_OR_RETURN(const auto range, FindRange(call_, *snapshot, request_.range()));
      if (range.record.state() == v1::BLANK_RANGE_STATE_CLOSED) {
        return Tell(range.record, *snapshot);
      }
      YIMA_ASSIGN_OR_RETURN(const auto plates, BlankPlates(*snapshot, range.record));
      const auto outcome = store::ApplyAndWait(domain_.store, Plan(range, plates));
      if (std::holds_alternative<store::RequestReused>(outcome)) {
        return RequestReused(mark_.request_id);
      }
      // Moved by another, or closed by the same request: looked at again.
      if (std::holds_alternative<store::MovedRecord>(outcome) ||
          std::holds_alternative<store::RequestDone>(outcome)) {
        ++round;
        continue;
      }
      YIMA_RETURN_IF_ERROR(Settled(outcome));
      progress_.set_revoked(progress_.revoked() + plates.size());
      YIMA_RETURN_IF_ERROR(sink_(progress_));
    }
    return Fail(StatusCode::kAborted, "CONTENTION",
                fmt::format("other writers moved plates {} times", kRoundsMax));
  }

 private:
  store::Change Plan(const Read<v1::BlankRange>& range,
                     const std::vector<Read<v1::Code>>& plates) const {
    ChangeWriter writer(call_, request_.request_id());
    for (const auto& plate : plates) {
      v1::Code lost = plate.record;
      lost.set_state(v1::CODE_STATE_REVOKED);
      lost.set_reason(v1::REVOCATION_REASON_LOST);
      writer.Replace(lost.serial(), plate.revision, plate.record, lost);
    }
    const bool is_last = plates.size() < kChunk;
    if (is_last) {
      v1::BlankRange closed = range.record;
      closed.set_state(v1::BLANK_RANGE_STATE_CLOSED);
      closed.set_close_time_us(domain_.now());
      writer.Replace(closed.id(), range.revision, range.record, closed);
    }
    store::Change change = writer.Take();
    if (is_last) {
      change.request = store::Request{
          mark_.principal, mark_.method, mark_.request_id, mark_.hash,
          EncodeRefs({{store::Kind::kBlankRange, range.record.id(), range.revision + 1}})};
    }
    return change;
  }

  Result<void> Tell(const v1::BlankRange& range, const store::Snapshot& snapshot) {
    *progress_.mutable_blank_range() = range;
    YIMA_ASSIGN_OR_RETURN(*progress_.mutable_account(), AccountOf(range, snapshot));
    return sink_(progress_);
  }

  const Domain& domain_;
  const Call& call_;
  const v1::CloseBlankRangeRequest& request_;
  const RequestMark mark_;
  const CloseRangeSink& sink_;
  v1::CloseBlankRangeResponse progress_;
};

}  // namespace

Result<void> CloseBlankRange(const Domain& domain, const Call& call,
                             const v1::CloseBlankRangeRequest& request,
                             const CloseRangeSink& sink) {
  YIMA_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  return Closing(domain, call, request, sink).Run();
}

}  // namespace yima::server
