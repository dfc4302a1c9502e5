#include "server/rights/object.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/access/roles.h"
#include "server/domain/chunk_reads.h"
#include "server/registry/facility_rules.h"
#include "server/rights/duties.h"
#include "server/rights/end_rights.h"
#include "server/rights/notices.h"
#include "server/rights/right_of.h"
#include "server/rights/rights_batch.h"
#include "server/rights/rules.h"
#include "server/rights/shown_rights.h"

namespace yima::server {
namespace {

constexpr size_t kPersonMax = 50;
constexpr size_t kContactMax = 200;
constexpr size_t kReasonsMax = 1000;
constexpr const char* kField = "target.facility";

tl::unexpected<Error> Refuse(const char* reason, std::string message, const char* field) {
  return Fail(StatusCode::kFailedPrecondition, reason, std::move(message), field);
}

/// Entered by a registrar for who came with a paper, not by who objects.
bool IsOnPaper(const v1::ObjectToClaimsRequest& request) { return !request.received_on().empty(); }

Result<void> CheckWords(const v1::ObjectToClaimsRequest& request) {
  YIMA_RETURN_IF_ERROR(CheckText(request.person(), kPersonMax, "person"));
  YIMA_RETURN_IF_ERROR(CheckText(request.contact(), kContactMax, "contact"));
  if (request.reasons().empty()) {
    return Invalid("FIELD_MISSING", "an objection has its reasons", "reasons");
  }
  YIMA_RETURN_IF_ERROR(CheckLines(request.reasons(), kReasonsMax, "reasons"));
  const v1::Basis& basis = request.basis();
  if (basis.ByteSizeLong() > 0) YIMA_RETURN_IF_ERROR(CheckBasis(basis, "basis"));
  if (request.organization() == 0 && request.person().empty()) {
    return Invalid("OBJECTOR_MISSING", "neither an organization nor a person objects",
                   "organization");
  }
  return {};
}

/// Who may say that this one objects.
Result<void> CheckObjector(const Call& call, const v1::ObjectToClaimsRequest& request,
                           const Actor& actor) {
  const bool registrar = (call.roles & kRegistrars) != 0;
  const bool manager = (call.roles & kManagers) != 0;
  if (IsOnPaper(request)) {
    if (registrar) return {};
    return Fail(StatusCode::kPermissionDenied, "ROLE_MISSING",
                "what came in on paper is entered by a registrar", "received_on");
  }
  if (!manager) {
    return Invalid("FIELD_MISSING",
                   "a registrar enters what came in on paper: the day on which it did is missing",
                   "received_on");
  }
  return CheckOwn(actor, request.organization(), "organization");
}

tl::unexpected<Error> NotOpen(const v1::Notice& notice, const char* field) {
  if (notice.state() != v1::NOTICE_STATE_OPEN) {
    return Refuse(
        "NOTICE_NOT_OPEN",
        fmt::format("notice {} is {}", notice.id(),
                    notice.state() == v1::NOTICE_STATE_DRAFT ? "not open yet" : "withdrawn"),
        field);
  }
  return Refuse(
      "NOTICE_NOT_OPEN",
      fmt::format("notice {} takes objections until the end of {}", notice.id(), notice.last_day()),
      field);
}

/// The day on which a paper came in must lie within the period; the paper itself may be entered
/// later.
Result<void> CheckReceived(const Rules& rules, const v1::Notice& notice, const std::string& day,
                           TimeUs moment) {
  if (!IsDate(day)) {
    return Invalid("DATE_MALFORMED", fmt::format("date \"{}\", want YYYY-MM-DD", day.substr(0, 32)),
                   "received_on");
  }
  const std::string today = CityDay(rules.record, moment);
  if (day > today) {
    return Invalid("DATE_IN_FUTURE", fmt::format("{} is yet to come: it is {}", day, today),
                   "received_on");
  }
  if (day < notice.first_day() || day > notice.last_day()) {
    return NotOpen(notice, "received_on");
  }
  return {};
}

class ObjectBatch final : public RightsBatch {
 public:
  ObjectBatch(const Domain& domain, const Call& call, const v1::ObjectToClaimsRequest& request,
              const ObjectSink& sink)
      : RightsBatch(domain, call, request.run(), request.target()),
        request_(request),
        sink_(sink) {}

 private:
  size_t PutsMax() const override { return 1 + std::size(kRightKinds); }
  /// An objection stands beside whatever others did, and its period does not wait for it.
  bool TakesMoved() const override { return true; }

  Result<void> MayBegin(const store::Snapshot& snapshot) override {
    YIMA_RETURN_IF_ERROR(CheckWords(request_));
    YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call_, snapshot));
    YIMA_RETURN_IF_ERROR(CheckObjector(call_, request_, actor));
    if (request_.organization() != 0) {
      YIMA_RETURN_IF_ERROR(FindActing(snapshot, request_.organization(), "organization"));
    }
    YIMA_ASSIGN_OR_RETURN(const auto notice, FindNotice(snapshot, request_.notice(), "notice"));
    if (notice.record.state() != v1::NOTICE_STATE_OPEN) return NotOpen(notice.record, "notice");
    YIMA_ASSIGN_OR_RETURN(const TimeUs moment, Moment(domain_, snapshot));
    if (IsOnPaper(request_)) {
      YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
      return CheckReceived(rules, notice.record, request_.received_on(), moment);
    }
    if (moment >= notice.record.close_time_us()) return NotOpen(notice.record, "notice");
    return {};
  }

  Result<void> BeginChange(const store::Snapshot& snapshot) override {
    YIMA_ASSIGN_OR_RETURN(actor_, ActorOf(call_, snapshot));
    YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
    rules_ = rules.version;
    notices_.Clear();
    YIMA_ASSIGN_OR_RETURN(const auto* notice, notices_.Find(snapshot, request_.notice()));
    if (notice == nullptr || notice->record.state() != v1::NOTICE_STATE_OPEN) {
      return Refuse("NOTICE_NOT_OPEN", fmt::format("notice {} is withdrawn", request_.notice()),
                    "notice");
    }
    return {};
  }
  Result<void> EndChange(ChangeWriter& writer) override {
    notices_.Check(writer);
    return {};
  }

  Result<uint64_t> Step(const store::Snapshot& snapshot, v1::Facility& facility,
                        ChangeWriter& writer) override {
    YIMA_RETURN_IF_ERROR(CheckReach(call_, facility, kField));
    std::vector<int> kinds;
    for (const int kind : target().kinds()) {
      if (!IsPublished(RightOf(facility, kind))) continue;
      YIMA_RETURN_IF_ERROR(CheckNotObjected(snapshot, facility, kind));
      kinds.push_back(kind);
    }
    if (kinds.empty()) {
      return Refuse("CLAIM_MISSING",
                    fmt::format("notice {} lists no such claim on facility {} that stands",
                                request_.notice(), facility.uid()),
                    kField);
    }
    for (const int kind : kinds) {
      YIMA_ASSIGN_OR_RETURN(const uint64_t id, NewId(store::Kind::kObjection));
      v1::Right& right = MutableRightOf(facility, kind);
      right.set_objections(right.objections() + 1);
      writer.Create(id, ObjectionOf(id, kind, facility.uid()));
    }
    return kinds.size();
  }

  bool IsPublished(const v1::Right& right) const {
    return std::ranges::any_of(right.claims(), [&](const v1::StandingClaim& claim) {
      return claim.notice() == request_.notice();
    });
  }

  Result<void> CheckNotObjected(const store::Snapshot& snapshot, const v1::Facility& facility,
                                int kind) const {
    const uint32_t open = RightOf(facility, kind).objections();
    if (open == 0) return {};
    if (open >= kObjectionsMax) {
      return Refuse("OBJECTIONS_TOO_MANY",
                    fmt::format("{} objections are open on facility {}, want at most {}", open,
                                facility.uid(), kObjectionsMax),
                    kField);
    }
    YIMA_ASSIGN_OR_RETURN(const auto objections, OpenObjections(snapshot, facility.uid(),
                                                                static_cast<v1::RightKind>(kind)));
    const auto same = std::ranges::find_if(objections, [&](const auto& read) {
      const v1::Objection& objection = read.record;
      if (objection.organization() != request_.organization()) return false;
      return request_.organization() != 0 || objection.person().value() == request_.person();
    });
    if (same == objections.end()) return {};
    return Refuse("OBJECTION_ALREADY",
                  fmt::format("objection {} by the same is open on facility {}", same->record.id(),
                              facility.uid()),
                  kField);
  }

  v1::Objection ObjectionOf(uint64_t id, int kind, uint64_t facility) const {
    v1::Objection objection;
    objection.set_id(id);
    objection.set_facility(facility);
    objection.set_kind(static_cast<v1::RightKind>(kind));
    objection.set_notice(request_.notice());
    objection.set_state(v1::OBJECTION_STATE_OPEN);
    objection.set_organization(request_.organization());
    if (!request_.person().empty()) *objection.mutable_person() = Withhold(request_.person());
    if (!request_.contact().empty()) *objection.mutable_contact() = Withhold(request_.contact());
    *objection.mutable_reasons() = Withhold(request_.reasons());
    if (request_.has_basis()) *objection.mutable_basis() = request_.basis();
    objection.set_received_on(request_.received_on());
    objection.set_principal(actor_.principal);
    objection.set_principal_organization(actor_.organization);
    objection.set_batch(batch_);
    objection.set_rules(rules_);
    objection.set_create_time_us(domain_.now());
    return objection;
  }

  Result<void> Say(v1::RightsProgress progress) override {
    v1::ObjectToClaimsResponse response;
    *response.mutable_progress() = std::move(progress);
    return sink_(response);
  }

  const v1::ObjectToClaimsRequest& request_;
  const ObjectSink& sink_;
  Actor actor_;
  uint64_t rules_ = 0;
  ChunkReads<v1::Notice> notices_;
};

/// The record is in the log, where no personal value may stand.
v1::ObjectToClaimsRequest WithoutWords(v1::ObjectToClaimsRequest request) {
  request.clear_person();
  request.clear_contact();
  request.clear_reasons();
  return request;
}

Result<Read<v1::Objection>> FindObjection(const store::Snapshot& snapshot, uint64_t objection) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Objection>(snapshot, objection));
  if (read) return *std::move(read);
  return Fail(StatusCode::kNotFound, "OBJECTION_NOT_FOUND",
              fmt::format("no objection has id {}", objection), "objection");
}

}  // namespace

Result<void> ObjectToClaims(const Domain& domain, const Call& call,
                            const v1::ObjectToClaimsRequest& request, const ObjectSink& sink) {
  // Bound to divisions alone, as a claim: who objects is seldom whom the ledger names.
  Call objecting = call;
  objecting.reach = call.reach->WithoutOrganizations();
  return ObjectBatch(domain, objecting, request, sink)
      .Serve(v1::BATCH_KIND_OBJECT, MarkedRequest(request), KeptRequest(WithoutWords(request)));
}

Result<Planned> PlanWithdrawObjection(const Domain& domain, const Call& call,
                                      const v1::WithdrawObjectionRequest& request,
                                      const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckLines(request.reason(), kReasonsMax, "reason"));
  YIMA_ASSIGN_OR_RETURN(const auto read, FindObjection(snapshot, request.objection()));
  const v1::Objection& objection = read.record;
  YIMA_ASSIGN_OR_RETURN(const Actor actor, ActorOf(call, snapshot));
  YIMA_RETURN_IF_ERROR(CheckOwn(actor, objection.organization(), "objection"));
  if (objection.state() != v1::OBJECTION_STATE_OPEN) {
    return Refuse("OBJECTION_ENDED",
                  fmt::format("objection {} is {}", objection.id(),
                              v1::ObjectionState_Name(objection.state())),
                  "objection");
  }
  YIMA_ASSIGN_OR_RETURN(const auto facility,
                        FindFacility(snapshot, objection.facility(), "objection"));
  YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
  v1::Objection ended = objection;
  ended.set_state(v1::OBJECTION_STATE_WITHDRAWN);
  *ended.mutable_decision() =
      Decide(actor, domain.now(), rules.version, request.reason(), v1::Basis());
  v1::Facility after = facility.record;
  v1::Right& right = MutableRightOf(after, objection.kind());
  right.set_objections(std::max(right.objections(), uint32_t{1}) - 1);
  after.set_update_time_us(domain.now());
  ChangeWriter writer(call, request.request_id());
  writer.Replace(objection.id(), read.revision, objection, ended);
  writer.Replace(objection.facility(), facility.revision, facility.record, after);
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), {{store::Kind::kObjection, objection.id(), read.revision + 1}}};
}

Result<v1::WithdrawObjectionResponse> AnswerWithdrawObjection(const Domain&,
                                                              const std::vector<RecordRef>& results,
                                                              const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindObjection(snapshot, results.at(0).id));
  v1::WithdrawObjectionResponse response;
  *response.mutable_objection() = ShownObjection(read.record, /*with_person=*/true);
  return response;
}

}  // namespace yima::server
