#include "server/rights/settle.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/domain/chunk_reads.h"
#include "server/registry/facility_rules.h"
#include "server/rights/claim.h"
#include "server/rights/duties.h"
#include "server/rights/end_rights.h"
#include "server/rights/publicity.h"
#include "server/rights/right_of.h"
#include "server/rights/rules.h"

namespace yima::server {
namespace {

constexpr size_t kReasonMax = 1000;

/// What stands on the right.
struct Dispute {
  std::vector<Read<v1::Claim>> claims;
  std::vector<Read<v1::Objection>> objections;
};

Result<void> CheckRequest(const v1::SettleClaimsRequest& request) {
  if (request.kind() < v1::RIGHT_KIND_SUPERVISING || request.kind() > v1::RIGHT_KIND_MAINTAINING) {
    return Invalid("RIGHT_KIND_UNKNOWN",
                   fmt::format("{} is no kind of right", static_cast<int>(request.kind())), "kind");
  }
  if (request.reason().empty()) {
    return Invalid("FIELD_MISSING", "a settlement says why", "reason");
  }
  YIMA_RETURN_IF_ERROR(CheckLines(request.reason(), kReasonMax, "reason"));
  if (request.basis().ByteSizeLong() == 0) return {};
  return CheckBasis(request.basis(), "basis");
}

Result<Dispute> DisputeOn(const store::Snapshot& snapshot, const v1::Facility& facility,
                          v1::RightKind kind) {
  Dispute dispute;
  for (const auto& standing : RightOf(facility, kind).claims()) {
    YIMA_ASSIGN_OR_RETURN(auto claim, FindClaim(snapshot, standing.claim(), "facility"));
    dispute.claims.push_back(std::move(claim));
  }
  YIMA_ASSIGN_OR_RETURN(dispute.objections, OpenObjections(snapshot, facility.uid(), kind));
  return dispute;
}

/// CLAIM_MISSING, CLAIM_NOT_FOUND, NOTHING_TO_SETTLE.
Result<void> CheckDispute(const v1::SettleClaimsRequest& request, const Dispute& dispute) {
  if (dispute.claims.empty()) {
    return Fail(StatusCode::kFailedPrecondition, "CLAIM_MISSING",
                fmt::format("no claim stands on that right of facility {}", request.facility()),
                "kind");
  }
  if (request.claim() == 0) return {};
  if (std::ranges::none_of(dispute.claims, [&](const auto& claim) {
        return claim.record.id() == request.claim();
      })) {
    return Fail(StatusCode::kNotFound, "CLAIM_NOT_FOUND",
                fmt::format("no claim {} stands on that right of facility {}", request.claim(),
                            request.facility()),
                "claim");
  }
  if (dispute.claims.size() > 1 || !dispute.objections.empty()) return {};
  return Fail(
      StatusCode::kFailedPrecondition, "NOTHING_TO_SETTLE",
      fmt::format("nobody objects to claim {} or competes with it: confirm it", request.claim()),
      "claim");
}

Result<void> CheckDuties(const Actor& actor, const Dispute& dispute) {
  for (const auto& claim : dispute.claims) {
    YIMA_RETURN_IF_ERROR(CheckNotClaimant(actor, claim.record, "facility"));
  }
  for (const auto& objection : dispute.objections) {
    YIMA_RETURN_IF_ERROR(CheckNotObjector(actor, objection.record, "facility"));
  }
  return {};
}

/// PERIOD_RUNNING while any claim may be objected to; CLAIM_NOT_PUBLISHED of the one that is to
/// stay.
Result<void> CheckPublicity(const Domain& domain, const store::Snapshot& snapshot,
                            const v1::SettleClaimsRequest& request, const Rules& rules,
                            const v1::Facility& facility, ChunkReads<v1::Notice>& notices) {
  YIMA_ASSIGN_OR_RETURN(const TimeUs moment, Moment(domain, snapshot));
  const bool without_notice = rules.ForClass(facility.class_code()).no_publicity();
  for (const auto& standing : RightOf(facility, request.kind()).claims()) {
    YIMA_ASSIGN_OR_RETURN(const auto* notice, notices.Find(snapshot, standing.notice()));
    const Publicity publicity = PublicityOf(notice, moment);
    YIMA_RETURN_IF_ERROR(CheckNotRunning(publicity, notice, "facility"));
    if (standing.claim() != request.claim()) continue;
    YIMA_RETURN_IF_ERROR(
        CheckPublished(publicity, notice, standing.claim(), without_notice, "claim"));
  }
  return {};
}

}  // namespace

Result<Planned> PlanSettleClaims(const Domain& domain, const Call& call,
                                 const v1::SettleClaimsRequest& request,
                                 const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckRequest(request));
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, request.facility(), "facility"));
  YIMA_RETURN_IF_ERROR(CheckReach(call, read.record, "facility"));
  YIMA_RETURN_IF_ERROR(CheckEtag(domain, request.etag(), read.revision, "etag"));
  YIMA_ASSIGN_OR_RETURN(const Dispute dispute, DisputeOn(snapshot, read.record, request.kind()));
  YIMA_RETURN_IF_ERROR(CheckDispute(request, dispute));
  YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call, snapshot));
  YIMA_RETURN_IF_ERROR(CheckDuties(actor, dispute));
  // Settling for none leaves the right with whom the ledger says.
  YIMA_RETURN_IF_ERROR(CheckOtherOrganization(actor, RightOf(read.record, request.kind()).holder(),
                                              "has the right by the ledger", "facility"));
  YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
  ChunkReads<v1::Notice> notices;
  YIMA_RETURN_IF_ERROR(CheckPublicity(domain, snapshot, request, rules, read.record, notices));

  const v1::Decision decision =
      Decide(actor, domain.now(), rules.version, request.reason(), request.basis());
  ChangeWriter writer(call, request.request_id());
  notices.Check(writer);
  v1::Facility after = read.record;
  for (const auto& claim : dispute.claims) {
    if (claim.record.id() == request.claim()) continue;
    EndClaim(claim, v1::CLAIM_STATE_REJECTED, decision, after, writer);
  }
  EndObjections(
      dispute.objections,
      request.uphold_objections() ? v1::OBJECTION_STATE_UPHELD : v1::OBJECTION_STATE_DISMISSED,
      decision, MutableRightOf(after, request.kind()), writer);
  ClearEmptyRights(after);
  after.set_update_time_us(domain.now());
  writer.Replace(request.facility(), read.revision, read.record, after);
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change),
                 {{store::Kind::kFacility, request.facility(), read.revision + 1}}};
}

Result<v1::SettleClaimsResponse> AnswerSettleClaims(const Domain& domain,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, results.at(0).id, "facility"));
  v1::SettleClaimsResponse response;
  *response.mutable_facility() = ShownFacility(domain, read.record, read.revision);
  return response;
}

}  // namespace yima::server
