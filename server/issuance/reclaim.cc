#include "server/issuance/reclaim.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "codegen/code/code_text.h"
#include "codegen/code/facility_code.h"
#include "codegen/code/verifier.h"
#include "server/registry/life.h"
#include "server/resolver/lost_codes.h"
#include "server/resolver/trust_notes.h"

namespace yima::server {
namespace {

constexpr int kPlatesMax = 500;

/// Why a plate was not entered. Numbers are kept in replies: never reuse one.
enum class Refusal : uint64_t {
  kStands = 1,
  kNotAuthentic = 2,
  kFacilityNotFound = 3,
  kFacilityHasCode = 4,
  kRepeated = 5,
  kEpochNotOver = 6,
  kFacilityDiffers = 7,
  kFacilityEnded = 8,
};
constexpr std::array<const char*, 9> kReasons = {"",
                                                 "CODE_STANDS",
                                                 "PLATE_NOT_AUTHENTIC",
                                                 "FACILITY_NOT_FOUND",
                                                 "FACILITY_HAS_CODE",
                                                 "PLATE_REPEATED",
                                                 "EPOCH_NOT_OVER",
                                                 "FACILITY_DIFFERS",
                                                 "FACILITY_ENDED"};

/// A reply keeps a reference for each plate. Of one that was not entered there is no record to
/// refer to: the number of the reason stands in the place of its revision.
constexpr auto kNoRecord = static_cast<store::Kind>(0);

RecordRef Refused(uint64_t serial, Refusal why) {
  return {kNoRecord, serial, static_cast<uint64_t>(why)};
}

TimeUs BeginOf(Day day) { return ParseTime(FormatDay(day) + "T00:00:00Z").value_or(0); }

/// The record of a code as its text alone tells it.
v1::Code RecordOf(std::string_view text, const Payload& payload) {
  const auto parts = SplitCodeText(text);
  const CodeBytes bytes = *DecodeBody(parts->digits);
  const auto* signed_bytes = reinterpret_cast<const char*>(bytes.data());
  v1::Code code;
  code.set_serial(payload.serial.value());
  code.set_origin(FoldOrigin(parts->origin));
  code.set_payload(std::string(signed_bytes, kPayloadSize));
  *code.mutable_signature() = Withhold({signed_bytes + kPayloadSize, kCodeSize - kPayloadSize});
  code.set_issue_time_us(BeginOf(payload.issue_day));
  return code;
}

/// Plans the plates of one request, one after the other.
class Reclaiming {
 public:
  Reclaiming(const Domain& domain, const Call& call, const v1::ReclaimCodesRequest& request,
             const store::Snapshot& snapshot)
      : domain_(domain), snapshot_(snapshot), writer_(call, request.request_id()) {}

  Result<Planned> Run(const v1::ReclaimCodesRequest& request) {
    YIMA_ASSIGN_OR_RETURN(const auto stored, Get<v1::Registry>(snapshot_, kRegistryId));
    const v1::Registry& registry = stored ? stored->record : *domain_.registry;
    YIMA_ASSIGN_OR_RETURN(const auto trust, TrustIn(registry));
    const Verifier verifier(trust);
    Planned planned;
    for (const auto& plate : request.plates()) {
      const Judgement judged = verifier.Judge(plate.text());
      if (judged.verdict != Verdict::kAuthentic) {
        planned.results.push_back(Refused(0, Refusal::kNotAuthentic));
        continue;
      }
      YIMA_ASSIGN_OR_RETURN(auto result, Enter(plate, *judged.payload, registry.epoch()));
      planned.results.push_back(result);
    }
    YIMA_ASSIGN_OR_RETURN(planned.change, writer_.Take(snapshot_));
    return planned;
  }

 private:
  Result<RecordRef> Enter(const v1::ReclaimedPlate& plate, const Payload& payload, uint32_t epoch) {
    const uint64_t serial = payload.serial.value();
    if (!serials_.insert(serial).second) return Refused(serial, Refusal::kRepeated);
    YIMA_ASSIGN_OR_RETURN(const auto stands, snapshot_.Get(store::Kind::kCode, serial));
    if (stands) return Refused(serial, Refusal::kStands);
    // Records of this epoch were never lost: what has none was signed by somebody else.
    if (payload.serial.epoch() >= epoch) return Refused(serial, Refusal::kEpochNotOver);
    YIMA_ASSIGN_OR_RETURN(const v1::CodeState listed, LostStateOf(snapshot_, serial));
    v1::Code code = RecordOf(plate.text(), payload);
    code.set_state(StateFor(listed, plate.facility()));
    if (plate.facility() != 0) {
      YIMA_ASSIGN_OR_RETURN(const auto refusal, Bind(plate.facility(), code));
      if (refusal) return Refused(serial, *refusal);
    }
    writer_.Create(serial, code);
    if (listed != v1::CODE_STATE_UNSPECIFIED) YIMA_RETURN_IF_ERROR(ForgetLost(serial));
    return RecordRef{store::Kind::kCode, serial, 1};
  }

  /// What was published of it holds. Suspended without a facility, it could never be resumed.
  static v1::CodeState StateFor(v1::CodeState listed, uint64_t facility) {
    if (listed == v1::CODE_STATE_SUSPENDED && facility != 0) return listed;
    if (listed != v1::CODE_STATE_UNSPECIFIED) return v1::CODE_STATE_REVOKED;
    return facility == 0 ? v1::CODE_STATE_BLANK : v1::CODE_STATE_ACTIVE;
  }

  Result<std::optional<Refusal>> Bind(uint64_t uid, v1::Code& code) {
    YIMA_ASSIGN_OR_RETURN(const auto facility, Get<v1::Facility>(snapshot_, uid));
    if (!facility) return Refusal::kFacilityNotFound;
    if (!IsSignedFor(code, facility->record)) return Refusal::kFacilityDiffers;
    if (HasEnded(facility->record) && code.state() != v1::CODE_STATE_REVOKED) {
      return Refusal::kFacilityEnded;
    }
    if (code.state() == v1::CODE_STATE_ACTIVE) {
      YIMA_ASSIGN_OR_RETURN(const uint64_t active,
                            snapshot_.Holder(store::Index::kActiveCode, ActiveCodeKey(uid)));
      if (active != 0 || !bound_.insert(uid).second) return Refusal::kFacilityHasCode;
    }
    code.set_facility(uid);
    code.set_bind_time_us(domain_.now());
    if (checked_.insert(uid).second) {
      writer_.Check(store::Kind::kFacility, uid, facility->revision);
    }
    return std::nullopt;
  }

  /// From now on its record tells its state.
  Result<void> ForgetLost(uint64_t serial) {
    YIMA_ASSIGN_OR_RETURN(const auto lost, snapshot_.Get(store::Kind::kLostCode, serial));
    writer_.PutUnlogged(store::Kind::kLostCode, serial, lost ? lost->revision : 0, "");
    return {};
  }

  const Domain& domain_;
  const store::Snapshot& snapshot_;
  ChangeWriter writer_;
  std::set<uint64_t> serials_;
  std::set<uint64_t> bound_;
  std::set<uint64_t> checked_;
};

}  // namespace

bool IsSignedFor(const v1::Code& code, const v1::Facility& facility) {
  PayloadBytes bytes{};
  std::copy_n(code.payload().begin(), std::min(code.payload().size(), bytes.size()), bytes.begin());
  const Payload payload = DecodePayload(bytes);
  if (payload.scheme == kSchemeBlank) return true;
  const auto signed_code = FacilityCode::FromInteger(payload.scheme, payload.facility_code);
  return signed_code && std::ranges::any_of(facility.codes(), [&](const v1::FacilityCode& had) {
           return had.scheme() == payload.scheme && had.digits() == signed_code->ToString();
         });
}

Result<Planned> PlanReclaimCodes(const Domain& domain, const Call& call,
                                 const v1::ReclaimCodesRequest& request,
                                 const store::Snapshot& snapshot) {
  // A lost code may have been any division's.
  YIMA_RETURN_IF_ERROR(CheckEverywhere(call));
  if (request.plates().empty() || request.plates_size() > kPlatesMax) {
    return Invalid("BATCH_SIZE",
                   fmt::format("{} plates, want 1 to {}", request.plates_size(), kPlatesMax),
                   "plates");
  }
  return Reclaiming(domain, call, request, snapshot).Run(request);
}

Result<v1::ReclaimCodesResponse> AnswerReclaimCodes(const Domain&,
                                                    const std::vector<RecordRef>& results,
                                                    const store::Snapshot&) {
  v1::ReclaimCodesResponse response;
  for (const auto& result : results) {
    auto* outcome = response.add_outcomes();
    outcome->set_serial(result.id);
    outcome->set_entered(result.kind == store::Kind::kCode);
    if (!outcome->entered()) {
      outcome->set_reason(kReasons[std::min<uint64_t>(result.revision, kReasons.size() - 1)]);
    }
  }
  return response;
}

}  // namespace yima::server
