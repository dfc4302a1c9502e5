#include "server/issuance/blank_range.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <ranges>
#include <set>

#include <fmt/format.h>

#include "server/issuance/codes.h"
#include "server/registry/facility_rules.h"

namespace yima::server {
namespace {

constexpr size_t kReferenceMax = 100;
constexpr uint32_t kPlatesMax = 50'000;
constexpr int kLeftOutMax = 1000;

tl::unexpected<Error> Refuse(std::string reason, std::string message, std::string field) {
  return Fail(StatusCode::kFailedPrecondition, std::move(reason), std::move(message),
              std::move(field));
}

tl::unexpected<Error> Damaged(uint64_t id) {
  return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
              fmt::format("range {} does not parse; run yimad check", id));
}

Result<void> CheckRequest(const v1::CreateBlankRangeRequest& request) {
  if (request.first() > request.last()) {
    return Invalid(
        "RANGE_BACKWARDS",
        fmt::format("the range begins at {} and ends at {}", request.first(), request.last()),
        "last");
  }
  return CheckText(request.reference(), kReferenceMax, "reference");
}

/// The id of the next range. RANGE_OVERLAPS when an open one shares a serial.
Result<uint64_t> NextId(const Domain& domain, const v1::CreateBlankRangeRequest& request,
                        const store::Snapshot& snapshot) {
  uint64_t next = uint64_t{domain.numbers.epoch()} << 32 | 1;
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kBlankRange, 0, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
        v1::BlankRange range;
        if (!range.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          failure = Damaged(id);
        } else if (range.state() == v1::BLANK_RANGE_STATE_OPEN && range.first() <= request.last() &&
                   request.first() <= range.last()) {
          failure = Refuse(
              "RANGE_OVERLAPS",
              fmt::format("range {} from {} to {} is still open", id, range.first(), range.last()),
              range.first() <= request.first() ? "first" : "last");
        }
        next = std::max(next, id + 1);
        return failure.has_value();
      }));
  YIMA_RETURN_IF_ERROR(failure);
  return next;
}

/// Visits the codes from first to last until `visit` gives an Error.
Result<void> EachCode(const store::Snapshot& snapshot, uint64_t first, uint64_t last,
                      const std::function<Result<void>(const v1::Code&)>& visit) {
  Result<void> visited;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kCode, first == 0 ? 0 : first - 1, {},
                                     [&](uint64_t serial, uint64_t, std::string_view bytes) {
                                       if (serial > last) return false;
                                       v1::Code code;
                                       code.ParseFromArray(bytes.data(),
                                                           static_cast<int>(bytes.size()));
                                       visited = visit(code);
                                       return visited.has_value();
                                     }));
  return visited;
}

/// Whether the caller may hand out these plates: asked once for each batch.
class Owner {
 public:
  Owner(const Call& call, const store::Snapshot& snapshot) : call_(call), snapshot_(snapshot) {}

  Result<void> Check(const v1::Code& code) {
    if (call_.reach->everywhere() || batches_.contains(code.batch())) return {};
    YIMA_RETURN_IF_ERROR(CheckReachOfCode(call_, snapshot_, code, "first"));
    batches_.insert(code.batch());
    return {};
  }

 private:
  const Call& call_;
  const store::Snapshot& snapshot_;
  std::set<uint64_t> batches_;
};

/// Counts the blank plates and names the other codes.
Result<void> TakePlates(const Call& call, const store::Snapshot& snapshot, v1::BlankRange& range) {
  Owner owner(call, snapshot);
  const auto take = [&](const v1::Code& code) -> Result<void> {
    if (code.state() != v1::CODE_STATE_BLANK) {
      range.add_left_out(code.serial());
      if (range.left_out_size() <= kLeftOutMax) return {};
      return Refuse("RANGE_MIXED",
                    fmt::format("more than {} codes from {} to {} are not blank", kLeftOutMax,
                                range.first(), range.last()),
                    "last");
    }
    YIMA_RETURN_IF_ERROR(owner.Check(code));
    range.set_plates(range.plates() + 1);
    if (range.plates() <= kPlatesMax) return {};
    return Refuse("RANGE_TOO_LARGE",
                  fmt::format("more than {} plates from {} to {}: hand them out as several ranges",
                              kPlatesMax, range.first(), range.last()),
                  "last");
  };
  YIMA_RETURN_IF_ERROR(EachCode(snapshot, range.first(), range.last(), take));
  if (range.plates() > 0) return {};
  return Refuse("RANGE_WITHOUT_BLANKS",
                fmt::format("no plate from {} to {} is blank", range.first(), range.last()),
                "first");
}

bool MayDealWith(const Call& call, const v1::BlankRange& range) {
  return call.reach->everywhere() || call.principal == range.principal();
}

}  // namespace

Result<Planned> PlanCreateBlankRange(const Domain& domain, const Call& call,
                                     const v1::CreateBlankRangeRequest& request,
                                     const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckRequest(request));
  YIMA_RETURN_IF_ERROR(FindCode(snapshot, request.first(), "first"));
  YIMA_RETURN_IF_ERROR(FindCode(snapshot, request.last(), "last"));
  YIMA_ASSIGN_OR_RETURN(const auto contractor,
                        Get<v1::Organization>(snapshot, request.contractor()));
  if (!contractor) {
    return Fail(StatusCode::kNotFound, "ORGANIZATION_UNKNOWN",
                fmt::format("no organization has id {}", request.contractor()), "contractor");
  }
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, NextId(domain, request, snapshot));
  v1::BlankRange range;
  range.set_id(id);
  range.set_contractor(request.contractor());
  range.set_first(request.first());
  range.set_last(request.last());
  range.set_reference(request.reference());
  range.set_state(v1::BLANK_RANGE_STATE_OPEN);
  range.set_principal(call.principal);
  range.set_create_time_us(domain.now());
  YIMA_RETURN_IF_ERROR(TakePlates(call, snapshot, range));
  ChangeWriter writer(call, request.request_id());
  writer.Check(store::Kind::kOrganization, request.contractor(), contractor->revision);
  writer.Create(id, range);
  return Planned{writer.Take(), {{store::Kind::kBlankRange, id, 1}}};
}

Result<v1::CreateBlankRangeResponse> AnswerCreateBlankRange(const Domain&,
                                                            const std::vector<RecordRef>& results,
                                                            const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::BlankRange>(snapshot, results.at(0).id));
  if (!read) return Damaged(results.at(0).id);
  v1::CreateBlankRangeResponse response;
  *response.mutable_blank_range() = read->record;
  return response;
}

Result<Read<v1::BlankRange>> FindRange(const Call& call, const store::Snapshot& snapshot,
                                       uint64_t id) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::BlankRange>(snapshot, id));
  if (!read) {
    return Fail(StatusCode::kNotFound, "RANGE_NOT_FOUND", fmt::format("no range has id {}", id),
                "range");
  }
  if (!MayDealWith(call, read->record)) {
    return Fail(StatusCode::kPermissionDenied, "SCOPE_EXCEEDED",
                "another handed out that range, and your scope is not the whole registry", "range");
  }
  return *std::move(read);
}

Result<v1::BlankRangeAccount> AccountOf(const v1::BlankRange& range,
                                        const store::Snapshot& snapshot) {
  const std::set<uint64_t> left_out(range.left_out().begin(), range.left_out().end());
  uint64_t issued = 0;
  uint64_t bound = 0;
  uint64_t spoiled = 0;
  uint64_t missing = 0;
  uint64_t printed = 0;
  YIMA_RETURN_IF_ERROR(
      EachCode(snapshot, range.first(), range.last(), [&](const v1::Code& code) -> Result<void> {
        if (left_out.contains(code.serial())) return {};
        ++issued;
        if (code.prints() > 0) ++printed;
        const bool is_missing = code.reason() == v1::REVOCATION_REASON_LOST ||
                                code.reason() == v1::REVOCATION_REASON_STOLEN;
        if (code.facility() != 0) {
          ++bound;
        } else if (code.state() != v1::CODE_STATE_BLANK) {
          ++(is_missing ? missing : spoiled);
        }
        return {};
      }));
  v1::BlankRangeAccount account;
  account.set_issued(issued);
  account.set_bound(bound);
  account.set_spoiled(spoiled);
  account.set_missing(missing);
  account.set_out(issued - bound - spoiled - missing);
  account.set_printed(printed);
  return account;
}

Result<v1::GetBlankRangeResponse> GetBlankRange(const Domain&, const Call& call,
                                                const v1::GetBlankRangeRequest& request,
                                                const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto range, FindRange(call, snapshot, request.range()));
  v1::GetBlankRangeResponse response;
  *response.mutable_blank_range() = range.record;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_account(), AccountOf(range.record, snapshot));
  return response;
}

Result<v1::ListBlankRangesResponse> ListBlankRanges(const Domain& domain, const Call& call,
                                                    const v1::ListBlankRangesRequest& request,
                                                    const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  const std::string filter = request.open() ? "open" : "";
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter, request.page_token()));
  const uint64_t before = place.empty() ? UINT64_MAX : std::stoull(place);
  const std::vector<std::string> terms =
      request.open() ? std::vector{OpenTerm()} : std::vector<std::string>();
  // Ranges are few, one a hand-over, and the store scans upwards: the last ones are kept.
  std::deque<v1::BlankRange> newest;
  bool more = false;
  std::optional<uint64_t> damaged;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kBlankRange, 0, terms, [&](uint64_t id, uint64_t, std::string_view bytes) {
        if (id >= before) return false;
        v1::BlankRange range;
        if (!range.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) damaged = id;
        if (damaged) return false;
        if (!MayDealWith(call, range)) return true;
        range.clear_left_out();
        if (newest.size() == size) {
          newest.pop_front();
          more = true;
        }
        newest.push_back(std::move(range));
        return true;
      }));
  if (damaged) return Damaged(*damaged);
  v1::ListBlankRangesResponse response;
  for (const auto& range : newest | std::views::reverse) *response.add_blank_ranges() = range;
  if (more) {
    response.set_next_page_token(
        SealPageToken(domain, call.method, filter, fmt::format("{}", newest.front().id())));
  }
  return response;
}

}  // namespace yima::server
