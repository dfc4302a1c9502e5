#include "server/rights/notices.h"

#include <deque>
#include <ranges>

#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/registry/facility_rules.h"
#include "server/rights/duties.h"
#include "server/rights/shown_rights.h"
#include "yima/v1/batch.pb.h"

namespace yima::server {
namespace {

constexpr size_t kReasonMax = 1000;

/// Whether everybody may know of it.
bool HasOpened(const v1::Notice& notice) { return notice.open_time_us() != 0; }

v1::Notice Shown(const Call& call, const v1::Notice& notice) {
  return call.is_public ? PublicNotice(notice) : ShownNotice(notice);
}

Result<uint64_t> Counted(const store::Snapshot& snapshot, const std::string& counter) {
  YIMA_ASSIGN_OR_RETURN(const int64_t value, snapshot.Counter(counter));
  return static_cast<uint64_t>(std::max<int64_t>(value, 0));
}

tl::unexpected<Error> Refuse(const char* reason, std::string message) {
  return Fail(StatusCode::kFailedPrecondition, reason, std::move(message), "notice");
}

}  // namespace

Result<Read<v1::Notice>> FindNotice(const store::Snapshot& snapshot, uint64_t notice,
                                    std::string_view field) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Notice>(snapshot, notice));
  if (read) return *std::move(read);
  return Fail(StatusCode::kNotFound, "NOTICE_NOT_FOUND", fmt::format("no notice has id {}", notice),
              std::string(field));
}

Result<Read<v1::Notice>> FindNoticeFor(const Call& call, const store::Snapshot& snapshot,
                                       uint64_t notice) {
  YIMA_ASSIGN_OR_RETURN(auto read, FindNotice(snapshot, notice, "notice"));
  if (!call.is_public || HasOpened(read.record)) return read;
  return Fail(StatusCode::kNotFound, "NOTICE_NOT_FOUND", fmt::format("no notice has id {}", notice),
              "notice");
}

Result<uint64_t> ClaimsListed(const store::Snapshot& snapshot, uint64_t notice) {
  uint64_t listed = 0;
  for (int state = v1::ClaimState_MIN; state <= v1::ClaimState_MAX; ++state) {
    YIMA_ASSIGN_OR_RETURN(
        const uint64_t claims,
        Counted(snapshot, NoticeCounter(notice, static_cast<v1::ClaimState>(state))));
    listed += claims;
  }
  return listed;
}

Result<void> OpenNotice(const Rules& rules, TimeUs moment, v1::Notice& notice) {
  YIMA_ASSIGN_OR_RETURN(const Period period, PeriodFrom(rules.record, moment, notice.days()));
  notice.set_state(v1::NOTICE_STATE_OPEN);
  notice.set_day_count(period.day_count);
  notice.set_first_day(CityDay(rules.record, moment));
  notice.set_last_day(period.last_day);
  notice.set_open_time_us(moment);
  notice.set_close_time_us(period.close_us);
  notice.set_how_to_object(rules.record.how_to_object());
  notice.set_authority(rules.record.authority_zh());
  notice.set_rules(rules.version);
  return {};
}

Result<Planned> PlanWithdrawNotice(const Domain& domain, const Call& call,
                                   const v1::WithdrawNoticeRequest& request,
                                   const store::Snapshot& snapshot) {
  if (request.reason().empty()) {
    return Invalid("FIELD_MISSING", "a notice is withdrawn for a reason", "reason");
  }
  YIMA_RETURN_IF_ERROR(CheckLines(request.reason(), kReasonMax, "reason"));
  YIMA_ASSIGN_OR_RETURN(const auto read, FindNotice(snapshot, request.notice(), "notice"));
  YIMA_RETURN_IF_ERROR(CheckReachOfBatch(call, read.record.principal(), "notice"));
  if (read.record.state() == v1::NOTICE_STATE_WITHDRAWN) {
    return Refuse("NOTICE_WITHDRAWN", fmt::format("notice {} is withdrawn", request.notice()));
  }
  if (read.record.decided()) {
    return Refuse("NOTICE_DECIDED",
                  fmt::format("claims of notice {} are confirmed", request.notice()));
  }
  YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call, snapshot));
  YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
  ChangeWriter writer(call, request.request_id());
  v1::Notice after = read.record;
  after.set_state(v1::NOTICE_STATE_WITHDRAWN);
  *after.mutable_withdrawal() =
      Decide(actor, domain.now(), rules.version, request.reason(), v1::Basis());
  writer.Replace(request.notice(), read.revision, read.record, after);
  // Of a draft also the batch that makes its list.
  if (read.record.state() == v1::NOTICE_STATE_DRAFT) {
    YIMA_RETURN_IF_ERROR(StopBatch(domain, snapshot, request.notice(), writer));
  }
  return Planned{writer.Take(), {{store::Kind::kNotice, request.notice(), read.revision + 1}}};
}

Result<v1::WithdrawNoticeResponse> AnswerWithdrawNotice(const Domain&,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindNotice(snapshot, results.at(0).id, "notice"));
  v1::WithdrawNoticeResponse response;
  *response.mutable_notice() = ShownNotice(read.record);
  return response;
}

Result<v1::GetNoticeResponse> GetNotice(const Domain&, const Call& call,
                                        const v1::GetNoticeRequest& request,
                                        const store::Snapshot& snapshot) {
  const uint64_t id = request.notice();
  YIMA_ASSIGN_OR_RETURN(const auto read, FindNoticeFor(call, snapshot, id));
  v1::GetNoticeResponse response;
  *response.mutable_notice() = Shown(call, read.record);
  YIMA_ASSIGN_OR_RETURN(const uint64_t confirmed,
                        Counted(snapshot, NoticeCounter(id, v1::CLAIM_STATE_CONFIRMED)));
  YIMA_ASSIGN_OR_RETURN(const uint64_t rejected,
                        Counted(snapshot, NoticeCounter(id, v1::CLAIM_STATE_REJECTED)));
  YIMA_ASSIGN_OR_RETURN(const uint64_t objections, Counted(snapshot, ObjectionCounter(id)));
  response.set_confirmed(confirmed);
  response.set_rejected(rejected);
  response.set_open_objections(objections);
  return response;
}

Result<v1::ListNoticesResponse> ListNotices(const Domain& domain, const Call& call,
                                            const v1::ListNoticesRequest& request,
                                            const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  const std::string filter = call.is_public ? "public" : "";
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter, request.page_token()));
  const uint64_t before = place.empty() ? UINT64_MAX : std::stoull(place);
  // Notices are few, and the store scans upwards: the last ones are kept.
  std::deque<v1::Notice> newest;
  bool more = false;
  Result<void> damaged;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kNotice, 0, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
        if (id >= before) return false;
        v1::Notice notice;
        if (!notice.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          damaged = Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                         fmt::format("notice {} does not parse; run yimad check", id));
          return false;
        }
        if (call.is_public && !HasOpened(notice)) return true;
        if (newest.size() == size) {
          newest.pop_front();
          more = true;
        }
        newest.push_back(std::move(notice));
        return true;
      }));
  YIMA_RETURN_IF_ERROR(damaged);
  v1::ListNoticesResponse response;
  for (const auto& notice : newest | std::views::reverse) {
    *response.add_notices() = Shown(call, notice);
  }
  if (more) {
    response.set_next_page_token(
        SealPageToken(domain, call.method, filter, fmt::format("{}", newest.front().id())));
  }
  return response;
}

}  // namespace yima::server
