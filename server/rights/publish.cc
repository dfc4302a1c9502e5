#include "server/rights/publish.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/domain/chunk_reads.h"
#include "server/registry/facility_rules.h"
#include "server/rights/claim.h"
#include "server/rights/duties.h"
#include "server/rights/notices.h"
#include "server/rights/publicity.h"
#include "server/rights/right_of.h"
#include "server/rights/rights_batch.h"
#include "server/rights/rules.h"
#include "server/rights/shown_rights.h"
#include "server/rights/standing.h"

namespace yima::server {
namespace {

constexpr size_t kTitleMax = 100;
constexpr int kOrganizationsMax = 1000;

Result<void> CheckNotice(const v1::PublishClaimsRequest& request) {
  YIMA_RETURN_IF_ERROR(CheckText(request.title(), kTitleMax, "title", true));
  if (request.organizations_size() <= kOrganizationsMax) return {};
  return Invalid("TOO_MANY_VALUES",
                 fmt::format("{} organizations, want at most {}", request.organizations_size(),
                             kOrganizationsMax),
                 "organizations");
}

class PublishBatch final : public RightsBatch {
 public:
  PublishBatch(const Domain& domain, const Call& call, const v1::PublishClaimsRequest& request,
               const PublishSink& sink)
      : RightsBatch(domain, call, request.run(), request.target()),
        request_(request),
        sink_(sink) {}

 private:
  size_t PutsMax() const override { return 1 + kClaimsMax * std::size(kRightKinds); }

  Result<void> MayBegin(const store::Snapshot& snapshot) override {
    YIMA_RETURN_IF_ERROR(CheckNotice(request_));
    YIMA_ASSIGN_OR_RETURN(rules_, ReadRules(snapshot));
    YIMA_ASSIGN_OR_RETURN(moment_, Moment(domain_, snapshot));
    return {};
  }

  void Found(const v1::Facility& facility) override {
    days_ = std::max(days_, rules_.PublicityDays(facility.class_code()));
  }

  Result<void> PutWithBatch(uint64_t batch, ChangeWriter& writer) override {
    // Asked for before the list is made, not only when it opens.
    YIMA_RETURN_IF_ERROR(PeriodFrom(rules_.record, moment_, days_));
    v1::Notice draft = Draft();
    draft.set_id(batch);
    draft.set_create_time_us(domain_.now());
    writer.Create(batch, draft);
    return {};
  }

  v1::Notice Draft() const {
    v1::Notice draft;
    draft.set_kind(v1::NOTICE_KIND_CLAIMS);
    draft.set_state(v1::NOTICE_STATE_DRAFT);
    draft.set_title(request_.title());
    draft.set_source(source());
    draft.set_days(days_);
    draft.set_principal(call_.principal);
    return draft;
  }

  Result<void> BeginChange(const store::Snapshot& snapshot) override {
    YIMA_ASSIGN_OR_RETURN(moment_, Moment(domain_, snapshot));
    notices_.Clear();
    return {};
  }
  Result<void> EndChange(ChangeWriter& writer) override {
    notices_.Check(writer);
    return {};
  }

  Result<uint64_t> Step(const store::Snapshot& snapshot, v1::Facility& facility,
                        ChangeWriter& writer) override {
    uint64_t published = 0;
    bool has_claims = false;
    for (const int kind : target().kinds()) {
      if (RightOf(facility, kind).claims().empty()) continue;
      for (auto& standing : *MutableRightOf(facility, kind).mutable_claims()) {
        if (!IsAsked(standing.organization())) continue;
        has_claims = true;
        YIMA_ASSIGN_OR_RETURN(const auto* notice, notices_.Find(snapshot, standing.notice()));
        if (PublicityOf(notice, moment_) != Publicity::kNone) continue;
        standing.set_notice(batch_);
        YIMA_RETURN_IF_ERROR(List(snapshot, standing.claim(), writer));
        ++published;
      }
    }
    if (has_claims) return published;
    return Fail(StatusCode::kFailedPrecondition, "CLAIM_MISSING",
                fmt::format("facility {} has no such claim to publish", facility.uid()),
                "target.facility");
  }

  bool IsAsked(uint64_t organization) const {
    return request_.organizations().empty() ||
           std::ranges::find(request_.organizations(), organization) !=
               request_.organizations().end();
  }

  /// Puts a claim on the list.
  Result<void> List(const store::Snapshot& snapshot, uint64_t id, ChangeWriter& writer) const {
    YIMA_ASSIGN_OR_RETURN(const auto claim, FindClaim(snapshot, id, "target.facility"));
    v1::Claim listed = claim.record;
    listed.set_notice(batch_);
    writer.Replace(id, claim.revision, claim.record, listed);
    return {};
  }

  /// Opens the notice, at one moment for all of its list.
  Result<void> Finish() override {
    return ApplyInRounds(domain_, [&](const store::Snapshot& snapshot) -> Result<store::Change> {
      ChangeWriter writer(call_, run().request_id(), batch_);
      YIMA_ASSIGN_OR_RETURN(const auto draft, FindNotice(snapshot, batch_, "notice"));
      if (draft.record.state() != v1::NOTICE_STATE_DRAFT) {
        YIMA_ASSIGN_OR_RETURN(const auto standing, ReadBatch(snapshot, batch_));
        YIMA_RETURN_IF_ERROR(CheckNotStopped(standing.record));
        return writer.Take();
      }
      v1::Notice after = draft.record;
      YIMA_RETURN_IF_ERROR(counts_.created() > 0 ? Open(snapshot, after) : GiveUp(snapshot, after));
      writer.Replace(batch_, draft.revision, draft.record, after);
      return writer.Take();
    });
  }

  Result<void> Open(const store::Snapshot& snapshot, v1::Notice& notice) const {
    YIMA_ASSIGN_OR_RETURN(const TimeUs moment, Moment(domain_, snapshot));
    YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
    YIMA_RETURN_IF_ERROR(OpenNotice(rules, moment, notice));
    notice.set_facilities(counts_.updated());
    YIMA_ASSIGN_OR_RETURN(const uint64_t claims, ClaimsListed(snapshot, batch_));
    notice.set_claims(claims);
    return {};
  }

  /// Of all that was found nothing was left to publish: it never opens.
  Result<void> GiveUp(const store::Snapshot& snapshot, v1::Notice& notice) const {
    YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call_, snapshot));
    YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
    notice.set_state(v1::NOTICE_STATE_WITHDRAWN);
    *notice.mutable_withdrawal() = Decide(actor, domain_.now(), rules.version, "", v1::Basis());
    return {};
  }

  Result<void> Say(v1::RightsProgress progress) override {
    v1::PublishClaimsResponse response;
    *response.mutable_progress() = std::move(progress);
    return sink_(response);
  }

  /// With the notice; in a dry run as it would open now.
  Result<void> SayEnd(v1::RightsProgress progress) override {
    v1::PublishClaimsResponse response;
    if (batch_ != 0) {
      YIMA_ASSIGN_OR_RETURN(const auto notice, FindNotice(*domain_.store.Read(), batch_, "notice"));
      *response.mutable_notice() = ShownNotice(notice.record);
    } else if (progress.rights() > 0) {
      v1::Notice notice = Draft();
      YIMA_RETURN_IF_ERROR(OpenNotice(rules_, moment_, notice));
      notice.set_facilities(progress.changed());
      notice.set_claims(progress.rights());
      *response.mutable_notice() = std::move(notice);
    }
    *response.mutable_progress() = std::move(progress);
    return sink_(response);
  }

  const v1::PublishClaimsRequest& request_;
  const PublishSink& sink_;
  Rules rules_;
  TimeUs moment_ = 0;
  uint32_t days_ = 0;  ///< The longest period that a class of the list asks for.
  ChunkReads<v1::Notice> notices_;
};

}  // namespace

Result<void> PublishClaims(const Domain& domain, const Call& call,
                           const v1::PublishClaimsRequest& request, const PublishSink& sink) {
  return PublishBatch(domain, call, request, sink)
      .Serve(v1::BATCH_KIND_PUBLISH, MarkedRequest(request), KeptRequest(request));
}

}  // namespace yima::server
