#include "server/issuance/code_life.h"

#include <fmt/format.h>

#include "server/issuance/codes.h"
#include "server/issuance/reclaim.h"
#include "server/issuance/signer.h"
#include "server/registry/life.h"

namespace yima::server {
namespace {

tl::unexpected<Error> Refuse(std::string reason, std::string message, std::string field) {
  return Fail(StatusCode::kFailedPrecondition, std::move(reason), std::move(message),
              std::move(field));
}

bool HasEnded(const v1::Code& code) {
  return code.state() == v1::CODE_STATE_REVOKED || code.state() == v1::CODE_STATE_REPLACED;
}

std::string_view StateName(const v1::Code& code) {
  const std::string_view name = v1::CodeState_Name(code.state());
  return name.substr(std::string_view("CODE_STATE_").size());
}

/// FACILITY_HAS_CODE when another code than this one is in force.
Result<void> CheckPlaceFree(const v1::Code& code, const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t active,
                        snapshot.Holder(store::Index::kActiveCode, ActiveCodeKey(code.facility())));
  if (active == 0 || active == code.serial()) return {};
  return Refuse("FACILITY_HAS_CODE",
                fmt::format("facility {} has active code {}", code.facility(), active), "serial");
}

Result<Planned> PutState(ChangeWriter writer, const Read<v1::Code>& code, v1::CodeState state,
                         const store::Snapshot& snapshot) {
  v1::Code after = code.record;
  after.set_state(state);
  writer.Replace(after.serial(), code.revision, code.record, after);
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), {RefTo(code, 1)}};
}

/// The facility that a code leads to, which has not ended.
Result<Read<v1::Facility>> StandingFacility(const v1::Code& code, const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(auto facility, Get<v1::Facility>(snapshot, code.facility()));
  if (!facility) return RecordMissing("facility", code.facility());
  YIMA_RETURN_IF_ERROR(CheckNotEnded(facility->record, "serial"));
  return *std::move(facility);
}

template <typename Response>
Result<Response> AnswerCode(const Domain& domain, const std::vector<RecordRef>& results,
                            const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindCode(snapshot, results.at(0).id));
  Response response;
  *response.mutable_code() = ToIssued(domain, read.record, read.revision);
  return response;
}

Result<void> CheckReason(v1::RevocationReason reason) {
  switch (reason) {
    case v1::REVOCATION_REASON_LOST:
    case v1::REVOCATION_REASON_DAMAGED:
    case v1::REVOCATION_REASON_STOLEN:
    case v1::REVOCATION_REASON_MOVED:
    case v1::REVOCATION_REASON_REPRINTED:
      return {};
    case v1::REVOCATION_REASON_SCRAPPED:
    case v1::REVOCATION_REASON_MISISSUED:
    case v1::REVOCATION_REASON_SPOILED:
      return Invalid("REASON_NOT_FOR_REPLACING",
                     fmt::format("{} ends a code without a successor, want LOST, DAMAGED, STOLEN, "
                                 "MOVED or REPRINTED",
                                 v1::RevocationReason_Name(reason)),
                     "reason");
    default:
      return Invalid("REVOCATION_REASON_MISSING",
                     fmt::format("reason {} is none of the known ones", static_cast<int>(reason)),
                     "reason");
  }
}

Result<void> CheckReplaceable(const Read<v1::Code>& code, const store::Snapshot& snapshot) {
  if (HasEnded(code.record)) {
    return Refuse(
        "CODE_REVOKED",
        fmt::format("code {} has ended: it is {}", code.record.serial(), StateName(code.record)),
        "serial");
  }
  if (code.record.facility() == 0) {
    return Refuse("CODE_BLANK",
                  fmt::format("plate {} has no facility: bind another", code.record.serial()),
                  "serial");
  }
  return CheckPlaceFree(code.record, snapshot);
}

/// The plate that takes the place, and the record as it was; none of a code to be signed.
struct Successor {
  std::optional<Read<v1::Code>> plate;
  v1::Code code;
};

Result<Successor> TakeBlank(const Call& call, uint64_t serial, const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(auto plate, FindCode(snapshot, serial, "blank"));
  YIMA_RETURN_IF_ERROR(CheckReachOfCode(call, snapshot, plate.record, "blank"));
  if (HasEnded(plate.record)) {
    return Refuse("CODE_REVOKED", fmt::format("plate {} is no longer valid; take another", serial),
                  "blank");
  }
  if (plate.record.state() != v1::CODE_STATE_BLANK) {
    return Refuse("CODE_BOUND",
                  fmt::format("plate {} is bound to facility {}", serial, plate.record.facility()),
                  "blank");
  }
  Successor successor{std::move(plate), {}};
  successor.code = successor.plate->record;
  successor.code.set_state(v1::CODE_STATE_ACTIVE);
  return successor;
}

Result<Successor> SignNew(const Domain& domain, const Read<v1::Facility>& facility,
                          const store::Snapshot& snapshot, ChangeWriter& writer) {
  auto item = ItemOf(facility.record, facility.revision);
  if (!item) {
    return Refuse(
        "FACILITY_WITHOUT_CODE",
        fmt::format("facility {} has no facility code that could be signed", facility.record.uid()),
        "serial");
  }
  YIMA_ASSIGN_OR_RETURN(const Day today, SigningDay(domain));
  YIMA_RETURN_IF_ERROR(PutIssueDay(snapshot, today, writer));
  YIMA_ASSIGN_OR_RETURN(const Signer signer, Signer::For(domain, today));
  writer.Check(store::Kind::kRegistry, kRegistryId, signer.registry_revision());
  YIMA_ASSIGN_OR_RETURN(const auto serials, TakeSerials(domain, 1));
  item->serial = serials.front().value();
  return Successor{{}, signer.Sign(*item, 0, domain.now())};
}

/// Asked for once more under another id: the plate stands in the place already.
bool IsDone(const v1::ReplaceCodeRequest& request, const v1::Code& code) {
  return request.blank() != 0 && code.state() == v1::CODE_STATE_REPLACED &&
         code.successor() == request.blank();
}

}  // namespace

Result<Planned> PlanSuspendCode(const Domain&, const Call& call,
                                const v1::SuspendCodeRequest& request,
                                const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto code, FindCode(snapshot, request.serial()));
  YIMA_RETURN_IF_ERROR(CheckReachOfCode(call, snapshot, code.record, "serial"));
  if (code.record.state() == v1::CODE_STATE_SUSPENDED) return Planned{{}, {RefTo(code, 0)}};
  if (code.record.state() != v1::CODE_STATE_ACTIVE) {
    return Refuse("CODE_NOT_ACTIVE",
                  fmt::format("code {} is {}, and only ACTIVE ones can be suspended",
                              request.serial(), StateName(code.record)),
                  "serial");
  }
  return PutState(ChangeWriter(call, request.request_id()), code, v1::CODE_STATE_SUSPENDED,
                  snapshot);
}

Result<v1::SuspendCodeResponse> AnswerSuspendCode(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot) {
  return AnswerCode<v1::SuspendCodeResponse>(domain, results, snapshot);
}

Result<Planned> PlanResumeCode(const Domain&, const Call& call,
                               const v1::ResumeCodeRequest& request,
                               const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto code, FindCode(snapshot, request.serial()));
  YIMA_RETURN_IF_ERROR(CheckReachOfCode(call, snapshot, code.record, "serial"));
  if (code.record.state() == v1::CODE_STATE_ACTIVE) return Planned{{}, {RefTo(code, 0)}};
  if (code.record.state() != v1::CODE_STATE_SUSPENDED) {
    return Refuse("CODE_NOT_SUSPENDED",
                  fmt::format("code {} is {}, and only SUSPENDED ones can be resumed",
                              request.serial(), StateName(code.record)),
                  "serial");
  }
  YIMA_RETURN_IF_ERROR(CheckPlaceFree(code.record, snapshot));
  YIMA_ASSIGN_OR_RETURN(const auto facility, StandingFacility(code.record, snapshot));
  ChangeWriter writer(call, request.request_id());
  writer.CheckFacility(facility.record, facility.revision);
  return PutState(std::move(writer), code, v1::CODE_STATE_ACTIVE, snapshot);
}

Result<v1::ResumeCodeResponse> AnswerResumeCode(const Domain& domain,
                                                const std::vector<RecordRef>& results,
                                                const store::Snapshot& snapshot) {
  return AnswerCode<v1::ResumeCodeResponse>(domain, results, snapshot);
}

Result<Planned> PlanReplaceCode(const Domain& domain, const Call& call,
                                const v1::ReplaceCodeRequest& request,
                                const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckReason(request.reason()));
  YIMA_ASSIGN_OR_RETURN(const auto code, FindCode(snapshot, request.serial()));
  YIMA_RETURN_IF_ERROR(CheckReachOfCode(call, snapshot, code.record, "serial"));
  if (IsDone(request, code.record)) {
    YIMA_ASSIGN_OR_RETURN(const auto plate, FindCode(snapshot, request.blank(), "blank"));
    return Planned{{}, {RefTo(plate, 0), RefTo(code, 0)}};
  }
  YIMA_RETURN_IF_ERROR(CheckReplaceable(code, snapshot));
  YIMA_ASSIGN_OR_RETURN(const auto facility, StandingFacility(code.record, snapshot));
  ChangeWriter writer(call, request.request_id());
  Successor successor;
  if (request.blank() != 0) {
    YIMA_ASSIGN_OR_RETURN(successor, TakeBlank(call, request.blank(), snapshot));
    if (!IsSignedFor(successor.code, facility.record)) {
      return Refuse("FACILITY_DIFFERS",
                    fmt::format("plate {} is signed for a facility code that facility {} never had",
                                request.blank(), facility.record.uid()),
                    "blank");
    }
  } else {
    YIMA_ASSIGN_OR_RETURN(successor, SignNew(domain, facility, snapshot, writer));
  }
  successor.code.set_facility(facility.record.uid());
  successor.code.set_bind_time_us(domain.now());
  const uint64_t serial = successor.code.serial();

  v1::Code ended = code.record;
  ended.set_state(v1::CODE_STATE_REPLACED);
  ended.set_reason(request.reason());
  ended.set_successor(serial);
  writer.CheckFacility(facility.record, facility.revision);
  // First who leaves the place, then who takes it.
  writer.Replace(request.serial(), code.revision, code.record, ended);
  if (!successor.plate) {
    writer.Create(serial, successor.code);
    YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
    return Planned{std::move(change), {{store::Kind::kCode, serial, 1}, RefTo(code, 1)}};
  }
  writer.Replace(serial, successor.plate->revision, successor.plate->record, successor.code);
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), {RefTo(*successor.plate, 1), RefTo(code, 1)}};
}

Result<v1::ReplaceCodeResponse> AnswerReplaceCode(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(auto response,
                        AnswerCode<v1::ReplaceCodeResponse>(domain, results, snapshot));
  YIMA_ASSIGN_OR_RETURN(const auto replaced, FindCode(snapshot, results.at(1).id));
  *response.mutable_replaced() = ToIssued(domain, replaced.record, replaced.revision);
  return response;
}

}  // namespace yima::server
