#include "server/check/rights_check.h"

#include <algorithm>
#include <set>
#include <vector>

#include "server/rights/end_rights.h"
#include "server/rights/notices.h"
#include "server/rights/right_of.h"

namespace yima::server {
namespace {

std::string NameOf(int kind) {
  return v1::RightKind_Name(static_cast<v1::RightKind>(kind)).substr(sizeof "RIGHT_KIND_" - 1);
}

/// Nothing for id 0, and when it is missing or does not parse.
template <typename R>
Result<std::optional<R>> Sound(const store::Snapshot& snapshot, uint64_t id) {
  if (id == 0) return std::nullopt;
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(ChangeWriter::KindOf(R{}), id));
  R record;
  if (!stored || !record.ParseFromString(stored->bytes)) return std::nullopt;
  return record;
}

}  // namespace

Result<void> RightsCheck::Check(const v1::Facility& facility) {
  for (const v1::RightKind kind : kRightKinds) {
    YIMA_RETURN_IF_ERROR(CheckClaims(facility, kind));
    YIMA_RETURN_IF_ERROR(CheckObjections(facility, kind));
    YIMA_RETURN_IF_ERROR(CheckDecided(facility, kind));
  }
  return {};
}

Result<void> RightsCheck::CheckClaims(const v1::Facility& facility, int kind) {
  const v1::Right& right = RightOf(facility, kind);
  if ((right.state() == v1::RIGHT_STATE_CLAIMED) == right.claims().empty() &&
      right.state() != v1::RIGHT_STATE_CONFIRMED) {
    findings_.Add("right {} of facility {} is {} with {} claims", NameOf(kind), facility.uid(),
                  v1::RightState_Name(right.state()), right.claims_size());
  }
  for (const auto& standing : right.claims()) {
    YIMA_ASSIGN_OR_RETURN(const auto claim, Sound<v1::Claim>(snapshot_, standing.claim()));
    if (!claim) {
      findings_.Add("right {} of facility {} names claim {}, which has no record", NameOf(kind),
                    facility.uid(), standing.claim());
    } else if (claim->state() != v1::CLAIM_STATE_OPEN || claim->facility() != facility.uid() ||
               claim->kind() != kind || claim->organization() != standing.organization() ||
               claim->notice() != standing.notice()) {
      findings_.Add("claim {} is not what right {} of facility {} says of it", standing.claim(),
                    NameOf(kind), facility.uid());
    }
  }
  return {};
}

Result<void> RightsCheck::CheckObjections(const v1::Facility& facility, int kind) {
  const uint32_t counted = RightOf(facility, kind).objections();
  // What is not counted at all is found with the objections.
  if (counted == 0) return {};
  YIMA_ASSIGN_OR_RETURN(
      const auto open, OpenObjections(snapshot_, facility.uid(), static_cast<v1::RightKind>(kind)));
  if (open.size() != counted) {
    findings_.Add("right {} of facility {} counts {} objections, but {} are open", NameOf(kind),
                  facility.uid(), counted, open.size());
  }
  return {};
}

Result<void> RightsCheck::CheckDecided(const v1::Facility& facility, int kind) {
  const v1::Right& right = RightOf(facility, kind);
  if (right.state() != v1::RIGHT_STATE_CONFIRMED || right.decided_claim() == 0) return {};
  YIMA_ASSIGN_OR_RETURN(const auto claim, Sound<v1::Claim>(snapshot_, right.decided_claim()));
  bool fits = claim && claim->state() == v1::CLAIM_STATE_CONFIRMED &&
              claim->facility() == facility.uid() && claim->kind() == kind;
  if (fits) {
    YIMA_ASSIGN_OR_RETURN(fits, Follows(claim->organization(), right.holder()));
  }
  if (!fits) {
    findings_.Add("right {} of facility {} is not what claim {} was confirmed for", NameOf(kind),
                  facility.uid(), right.decided_claim());
  }
  return {};
}

/// Whether the holder is the organization, or followed it in its rights.
Result<bool> RightsCheck::Follows(uint64_t organization, uint64_t holder) {
  std::set<uint64_t> seen = {organization};
  std::vector<uint64_t> next = {organization};
  while (!next.empty()) {
    const uint64_t each = next.back();
    next.pop_back();
    if (each == holder) return true;
    YIMA_ASSIGN_OR_RETURN(const auto before, Sound<v1::Organization>(snapshot_, each));
    if (!before) continue;
    for (const uint64_t successor : before->successors()) {
      if (seen.insert(successor).second) next.push_back(successor);
    }
  }
  return false;
}

Result<v1::Right> RightsCheck::RightOn(uint64_t facility, int kind) {
  YIMA_ASSIGN_OR_RETURN(const auto found, Sound<v1::Facility>(snapshot_, facility));
  return found ? RightOf(*found, kind) : v1::Right();
}

Result<void> RightsCheck::Check(const v1::Claim& claim) {
  if (claim.state() != v1::CLAIM_STATE_OPEN) return {};
  YIMA_ASSIGN_OR_RETURN(const v1::Right right, RightOn(claim.facility(), claim.kind()));
  if (std::ranges::none_of(right.claims(), [&](const v1::StandingClaim& standing) {
        return standing.claim() == claim.id();
      })) {
    findings_.Add("claim {} is open, but does not stand on right {} of facility {}", claim.id(),
                  NameOf(claim.kind()), claim.facility());
  }
  return {};
}

Result<void> RightsCheck::Check(const v1::Objection& objection) {
  if (objection.state() != v1::OBJECTION_STATE_OPEN) return {};
  YIMA_ASSIGN_OR_RETURN(const v1::Right right, RightOn(objection.facility(), objection.kind()));
  // Another number of them than are open is found with the facility.
  if (right.objections() == 0) {
    findings_.Add("objection {} is open, but right {} of facility {} counts none", objection.id(),
                  NameOf(objection.kind()), objection.facility());
  }
  return {};
}

Result<void> RightsCheck::Check(const v1::Notice& notice) {
  // Of one that was withdrawn, claims may have gone to another.
  if (notice.state() != v1::NOTICE_STATE_OPEN) return {};
  YIMA_ASSIGN_OR_RETURN(const uint64_t listed, ClaimsListed(snapshot_, notice.id()));
  if (listed != notice.claims()) {
    findings_.Add("notice {} lists {} claims, but says {}", notice.id(), listed, notice.claims());
  }
  return {};
}

}  // namespace yima::server
