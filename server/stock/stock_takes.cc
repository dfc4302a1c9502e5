#include "server/stock/stock_takes.h"

#include <deque>
#include <optional>
#include <ranges>

#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/registry/filter.h"

namespace yima::server {
namespace {

constexpr uint32_t kMetresMax = 100'000;
constexpr uint32_t kMetresDefault = 100;

/// What the filter finds, each with its active code.
Result<void> Freeze(const Call& call, const store::Snapshot& snapshot,
                    const FacilityMatcher& matcher, BatchFreezer& freezer) {
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(matcher.Scan(
      snapshot, 0, [&](uint64_t) { return !call.cancelled(); },
      [&](uint64_t revision, const v1::Facility& facility) {
        const auto active =
            snapshot.Holder(store::Index::kActiveCode, ActiveCodeKey(facility.uid()));
        if (!active) {
          failure = tl::unexpected(active.error());
          return false;
        }
        BatchItem item;
        item.facility = facility.uid();
        item.revision = revision;
        item.serial = *active;
        failure = freezer.Add(item);
        return failure.has_value();
      }));
  YIMA_RETURN_IF_ERROR(failure);
  return call.cancelled() ? Result<void>(CallEnded()) : Result<void>();
}

/// Freezes the list and puts the record; gives its id, or that of the stock-take which the same
/// request, sent twice, began a moment before.
Result<uint64_t> Begin(const Domain& domain, const Call& call,
                       const v1::StartStockTakeRequest& request, const RequestMark& mark,
                       const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(call, request.filter()));
  // Of the batches' numbers, since its list stands among theirs.
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain.numbers.NewId(store::Kind::kBatch));
  BatchFreezer freezer(domain, call, id);
  YIMA_RETURN_IF_ERROR(Freeze(call, snapshot, matcher, freezer));
  if (freezer.total() == 0) {
    return Fail(StatusCode::kFailedPrecondition, "NOTHING_EXPECTED",
                fmt::format("the filter finds no facility: {}", matcher.InWords()), "filter");
  }
  v1::StockTake stock_take;
  stock_take.set_id(id);
  stock_take.set_state(v1::STOCK_TAKE_STATE_OPEN);
  stock_take.set_source(matcher.InWords());
  YIMA_ASSIGN_OR_RETURN(*stock_take.mutable_source_hash(), freezer.Finish());
  stock_take.set_expected(freezer.total());
  stock_take.set_wrong_place_metres(
      request.wrong_place_metres() == 0 ? kMetresDefault : request.wrong_place_metres());
  stock_take.set_principal(call.principal);
  stock_take.set_request_id(mark.request_id);
  stock_take.set_create_time_us(domain.now());
  ChangeWriter writer(call, mark.request_id);
  writer.Create(id, stock_take);
  store::Change change = writer.Take();
  change.request = store::Request{mark.principal, mark.method, mark.request_id, mark.hash,
                                  EncodeRefs({{store::Kind::kStockTake, id, 1}})};
  const auto outcome = store::ApplyAndWait(domain.store, std::move(change));
  if (const auto* before = std::get_if<store::RequestDone>(&outcome)) {
    const std::vector<RecordRef> begun = DecodeRefs(before->reply);
    if (!begun.empty()) return begun.front().id;
  }
  if (std::holds_alternative<store::RequestReused>(outcome)) return RequestReused(mark.request_id);
  YIMA_RETURN_IF_ERROR(Settled(outcome));
  return id;
}

}  // namespace

Result<Read<v1::StockTake>> FindStockTake(const store::Snapshot& snapshot, uint64_t id) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::StockTake>(snapshot, id));
  if (read) return *std::move(read);
  return Fail(StatusCode::kNotFound, "STOCK_TAKE_NOT_FOUND",
              fmt::format("no stock-take has id {}", id), "stock_take");
}

Result<void> StartStockTake(const Domain& domain, const Call& call,
                            const v1::StartStockTakeRequest& request, const StartSink& sink) {
  YIMA_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  if (request.wrong_place_metres() > kMetresMax) {
    return Invalid(
        "DISTANCE_OUT_OF_RANGE",
        fmt::format("{} metres, want at most {}", request.wrong_place_metres(), kMetresMax),
        "wrong_place_metres");
  }
  const RequestMark mark = MarkOf(domain, call, request.request_id(), request.SerializeAsString());
  uint64_t id = 0;
  {
    const auto snapshot = domain.store.Read();
    YIMA_ASSIGN_OR_RETURN(id, FindBatch(*snapshot, mark));
    if (id == 0) {
      YIMA_ASSIGN_OR_RETURN(id, Begin(domain, call, request, mark, *snapshot));
    }
  }
  YIMA_ASSIGN_OR_RETURN(const auto read, FindStockTake(*domain.store.Read(), id));
  v1::StartStockTakeResponse response;
  *response.mutable_stock_take() = read.record;
  return sink(response);
}

Result<Planned> PlanEndStockTake(const Domain& domain, const Call& call,
                                 const v1::EndStockTakeRequest& request,
                                 const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindStockTake(snapshot, request.stock_take()));
  YIMA_RETURN_IF_ERROR(CheckReachOfBatch(call, read.record.principal(), "stock_take"));
  const RecordRef ref{store::Kind::kStockTake, request.stock_take(), read.revision};
  if (read.record.state() == v1::STOCK_TAKE_STATE_ENDED) return Planned{{}, {ref}};
  v1::StockTake ended = read.record;
  ended.set_state(v1::STOCK_TAKE_STATE_ENDED);
  ended.set_end_time_us(domain.now());
  ChangeWriter writer(call, request.request_id());
  writer.Replace(ended.id(), read.revision, read.record, ended);
  return Planned{writer.Take(), {{ref.kind, ref.id, ref.revision + 1}}};
}

Result<v1::EndStockTakeResponse> AnswerEndStockTake(const Domain&,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindStockTake(snapshot, results.at(0).id));
  v1::EndStockTakeResponse response;
  *response.mutable_stock_take() = read.record;
  return response;
}

Result<v1::GetStockTakeResponse> GetStockTake(const Domain&, const Call&,
                                              const v1::GetStockTakeRequest& request,
                                              const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(auto read, FindStockTake(snapshot, request.stock_take()));
  v1::GetStockTakeResponse response;
  *response.mutable_stock_take() = std::move(read.record);
  YIMA_ASSIGN_OR_RETURN(const int64_t findings,
                        snapshot.Counter(StockCounter(request.stock_take())));
  response.set_findings(static_cast<uint64_t>(findings));
  return response;
}

Result<v1::ListStockTakesResponse> ListStockTakes(const Domain& domain, const Call& call,
                                                  const v1::ListStockTakesRequest& request,
                                                  const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, "", request.page_token()));
  const uint64_t before = place.empty() ? UINT64_MAX : std::stoull(place);
  // They are few, and the store scans upwards: the last ones are kept.
  std::deque<v1::StockTake> newest;
  bool more = false;
  std::optional<uint64_t> damaged;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kStockTake, 0, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
        if (id >= before) return false;
        if (newest.size() == size) {
          newest.pop_front();
          more = true;
        }
        if (!newest.emplace_back().ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          damaged = id;
        }
        return !damaged;
      }));
  if (damaged) {
    return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                fmt::format("stock-take {} does not parse; run yimad check", *damaged));
  }
  v1::ListStockTakesResponse response;
  for (const auto& each : newest | std::views::reverse) *response.add_stock_takes() = each;
  if (more) {
    response.set_next_page_token(
        SealPageToken(domain, call.method, "", fmt::format("{}", newest.front().id())));
  }
  return response;
}

}  // namespace yima::server
