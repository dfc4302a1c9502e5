#include "server/issuance/issue.h"

#include <fmt/format.h>

#include "server/domain/cover.h"
#include "server/issuance/issue_batch.h"
#include "server/issuance/signer.h"
#include "server/registry/filter.h"
#include "server/registry/life.h"

namespace yima::server {
namespace {

constexpr uint64_t kBlankMax = 10'000'000;

Result<void> FreezeOne(const Call& call, const store::Snapshot& snapshot, uint64_t uid,
                       BatchFreezer& freezer) {
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, uid));
  if (!read) {
    return Fail(StatusCode::kNotFound, "FACILITY_NOT_FOUND",
                fmt::format("no facility has uid {}", uid), "facility");
  }
  YIMA_RETURN_IF_ERROR(CheckReach(call, read->record, "facility"));
  YIMA_RETURN_IF_ERROR(CheckNotEnded(read->record, "facility"));
  YIMA_ASSIGN_OR_RETURN(const uint64_t active,
                        snapshot.Holder(store::Index::kActiveCode, ActiveCodeKey(uid)));
  if (active != 0) {
    return Fail(StatusCode::kFailedPrecondition, "FACILITY_HAS_CODE",
                fmt::format("facility {} has active code {}", uid, active), "facility");
  }
  const auto item = ItemOf(read->record, read->revision);
  if (item) return freezer.Add(*item);
  return Fail(StatusCode::kFailedPrecondition, "FACILITY_WITHOUT_CODE",
              fmt::format("facility {} has no facility code that could be signed", uid),
              "facility");
}

Result<void> FreezeFilter(const Call& call, const store::Snapshot& snapshot,
                          const FacilityMatcher& matcher, BatchFreezer& freezer) {
  Result<void> failure;
  CodedFacilities coded(snapshot);
  YIMA_RETURN_IF_ERROR(matcher.Scan(
      snapshot, 0, [&](uint64_t) { return !call.cancelled(); },
      [&](uint64_t revision, const v1::Facility& facility) {
        const auto has_code = coded.Has(facility.uid());
        if (!has_code) {
          failure = tl::unexpected(has_code.error());
          return false;
        }
        const auto item = *has_code ? std::nullopt : ItemOf(facility, revision);
        if (item) failure = freezer.Add(*item);
        return failure.has_value();
      }));
  return failure;
}

/// Freezes what a request asks for and begins its batch; 0 when there is nothing to issue.
class Beginning {
 public:
  Beginning(const Domain& domain, const Call& call, const v1::IssueCodesRequest& request,
            const RequestMark& mark)
      : domain_(domain), call_(call), request_(request), mark_(mark) {}

  Result<uint64_t> Begin(const store::Snapshot& snapshot) {
    // A batch that cannot sign its first code is not begun.
    YIMA_ASSIGN_OR_RETURN(const Day today, SigningDay(domain_));
    YIMA_RETURN_IF_ERROR(CheckIssueDay(snapshot, today));
    YIMA_RETURN_IF_ERROR(Signer::For(domain_, today));
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain_.numbers.NewId(store::Kind::kBatch));
    v1::Batch batch;
    batch.set_id(id);
    batch.set_kind(v1::BATCH_KIND_ISSUE);
    batch.set_state(v1::BATCH_STATE_RUNNING);
    YIMA_RETURN_IF_ERROR(Freeze(snapshot, batch));
    if (call_.cancelled()) return CallEnded();
    if (batch.counts().total() == 0) return 0;
    KeepRequest(request_, batch);
    batch.set_principal(call_.principal);
    batch.set_request_id(mark_.request_id);
    batch.set_create_time_us(domain_.now());
    return BeginBatch(domain_, call_, mark_, batch);
  }

 private:
  Result<void> Freeze(const store::Snapshot& snapshot, v1::Batch& batch) {
    if (request_.target_case() == v1::IssueCodesRequest::kBlank) {
      batch.set_source(fmt::format("{} blank plates", request_.blank()));
      batch.mutable_counts()->set_total(request_.blank());
      return {};
    }
    BatchFreezer freezer(domain_, call_, batch.id());
    if (request_.target_case() == v1::IssueCodesRequest::kFacility) {
      batch.set_source(fmt::format("facility {}", request_.facility()));
      YIMA_RETURN_IF_ERROR(FreezeOne(call_, snapshot, request_.facility(), freezer));
    } else {
      YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(call_, request_.filter()));
      batch.set_source(matcher.InWords());
      YIMA_RETURN_IF_ERROR(FreezeFilter(call_, snapshot, matcher, freezer));
    }
    YIMA_ASSIGN_OR_RETURN(*batch.mutable_source_hash(), freezer.Finish());
    batch.mutable_counts()->set_total(freezer.total());
    return {};
  }

  const Domain& domain_;
  const Call& call_;
  const v1::IssueCodesRequest& request_;
  const RequestMark& mark_;
};

Result<void> CheckTarget(const v1::IssueCodesRequest& request) {
  if (request.target_case() == v1::IssueCodesRequest::TARGET_NOT_SET) {
    return Invalid("TARGET_MISSING", "neither facility, filter nor blank says what to issue",
                   "target");
  }
  if (request.target_case() == v1::IssueCodesRequest::kBlank &&
      (request.blank() < 1 || request.blank() > kBlankMax)) {
    return Invalid("BLANK_COUNT_OUT_OF_RANGE",
                   fmt::format("{} blank plates, want 1 to {}", request.blank(), kBlankMax),
                   "blank");
  }
  return {};
}

}  // namespace

Result<void> IssueCodes(const Domain& domain, const Call& call,
                        const v1::IssueCodesRequest& request, const IssueSink& sink) {
  YIMA_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  YIMA_RETURN_IF_ERROR(CheckTarget(request));
  const RequestMark mark = MarkOf(domain, call, request.request_id(), request.SerializeAsString());
  uint64_t batch = 0;
  {
    const auto snapshot = domain.store.Read();
    YIMA_ASSIGN_OR_RETURN(batch, FindBatch(*snapshot, mark));
    if (batch == 0) {
      YIMA_ASSIGN_OR_RETURN(batch, Beginning(domain, call, request, mark).Begin(*snapshot));
    }
  }
  if (batch == 0) return sink(v1::IssueCodesResponse());
  return IssueBatch(domain, call, batch, sink).Run();
}

}  // namespace yima::server
