#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/issuance/blank_range.h"

namespace yima::server {
namespace {

constexpr size_t kChunk = 500;
/// Crews may bind plates of the range all the while; each makes one chunk be looked at again.
constexpr int kRoundsMax = 1000;

/// Which of the plates handed out are still blank, by rising serial.
Result<std::vector<uint64_t>> BlankPlates(const store::Snapshot& snapshot,
                                          const v1::BlankRange& range) {
  const std::set<uint64_t> left_out(range.left_out().begin(), range.left_out().end());
  std::vector<uint64_t> plates;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kCode, range.first() - 1,
                                     {CodeStateTerm(v1::CODE_STATE_BLANK)},
                                     [&](uint64_t serial, uint64_t, std::string_view) {
                                       if (serial > range.last()) return false;
                                       if (!left_out.contains(serial)) plates.push_back(serial);
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
      if (!out_) {
        YIMA_RETURN_IF_ERROR(CheckAccount(range.record, *snapshot));
        YIMA_ASSIGN_OR_RETURN(out_, BlankPlates(*snapshot, range.record));
      }
      const size_t end = std::min(out_->size(), done_ + kChunk);
      YIMA_ASSIGN_OR_RETURN(const auto plates, StillBlank(*snapshot, end));
      const auto outcome =
          store::ApplyAndWait(domain_.store, Plan(range, plates, end == out_->size()));
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
      done_ = end;
      progress_.set_revoked(progress_.revoked() + plates.size());
      YIMA_RETURN_IF_ERROR(sink_(progress_));
    }
    return Fail(StatusCode::kAborted, "CONTENTION",
                fmt::format("other writers moved plates {} times", kRoundsMax));
  }

 private:
  /// Whoever closes a range has decided about the plates of its account and no others.
  Result<void> CheckAccount(const v1::BlankRange& range, const store::Snapshot& snapshot) const {
    YIMA_ASSIGN_OR_RETURN(const auto account, AccountOf(range, snapshot));
    const uint64_t expected =
        request_.expected_issued() != 0 ? request_.expected_issued() : range.plates();
    if (account.issued() == expected) return {};
    return Fail(StatusCode::kFailedPrecondition, "RANGE_GREW",
                fmt::format("range {} holds {} plates, not {}: look at its account again, and "
                            "close it with that number",
                            range.id(), account.issued(), expected),
                "expected_issued");
  }

  /// Of the chunk that ends there.
  Result<std::vector<Read<v1::Code>>> StillBlank(const store::Snapshot& snapshot,
                                                 size_t end) const {
    std::vector<Read<v1::Code>> plates;
    for (size_t i = done_; i < end; ++i) {
      YIMA_ASSIGN_OR_RETURN(auto plate, Get<v1::Code>(snapshot, (*out_)[i]));
      if (plate && plate->record.state() == v1::CODE_STATE_BLANK) {
        plates.push_back(*std::move(plate));
      }
    }
    return plates;
  }

  store::Change Plan(const Read<v1::BlankRange>& range, const std::vector<Read<v1::Code>>& plates,
                     bool is_last) const {
    ChangeWriter writer(call_, request_.request_id());
    for (const auto& plate : plates) {
      v1::Code lost = plate.record;
      lost.set_state(v1::CODE_STATE_REVOKED);
      lost.set_reason(v1::REVOCATION_REASON_LOST);
      writer.Replace(lost.serial(), plate.revision, plate.record, lost);
    }
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
  std::optional<std::vector<uint64_t>> out_;  ///< Plates that were out when this began.
  size_t done_ = 0;                           ///< Of those.
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
