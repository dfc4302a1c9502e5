#include "server/rights/right_of.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace yima::server {

const v1::Right& RightOf(const v1::Facility& facility, int kind) {
  switch (kind) {
    case v1::RIGHT_KIND_SUPERVISING:
      return facility.supervising();
    case v1::RIGHT_KIND_OWNING:
      return facility.owning();
    default:
      return facility.maintaining();
  }
}

v1::Right& MutableRightOf(v1::Facility& facility, int kind) {
  switch (kind) {
    case v1::RIGHT_KIND_SUPERVISING:
      return *facility.mutable_supervising();
    case v1::RIGHT_KIND_OWNING:
      return *facility.mutable_owning();
    default:
      return *facility.mutable_maintaining();
  }
}

bool SameBasis(const v1::Basis& a, const v1::Basis& b) {
  return a.kind() == b.kind() && a.number() == b.number() && a.date() == b.date() &&
         a.sha256() == b.sha256();
}

Result<void> CheckKinds(const google::protobuf::RepeatedField<int>& kinds, std::string_view at) {
  std::set<int> seen;
  for (int i = 0; i < kinds.size(); ++i) {
    const std::string field = fmt::format("{}[{}]", at, i);
    const int kind = kinds.Get(i);
    if (kind < v1::RIGHT_KIND_SUPERVISING || kind > v1::RIGHT_KIND_MAINTAINING) {
      return Invalid("RIGHT_KIND_UNKNOWN", fmt::format("{} is no kind of right", kind), field);
    }
    if (!seen.insert(kind).second) {
      return Invalid("RIGHT_KIND_TWICE", "a kind of right stands twice", field);
    }
  }
  if (!seen.empty()) return {};
  return Invalid("RIGHT_KIND_MISSING", "no kind of right is named", std::string(at));
}

void DropClaim(v1::Right& right, uint64_t claim) {
  auto& claims = *right.mutable_claims();
  claims.erase(std::remove_if(claims.begin(), claims.end(),
                              [&](const v1::StandingClaim& each) { return each.claim() == claim; }),
               claims.end());
  if (!claims.empty() || right.state() != v1::RIGHT_STATE_CLAIMED) return;
  right.set_state(right.unclaimed_state());
  right.clear_unclaimed_state();
}

void ClearEmptyRights(v1::Facility& facility) {
  const auto empty = [](const v1::Right& right) { return right.ByteSizeLong() == 0; };
  if (facility.has_owning() && empty(facility.owning())) facility.clear_owning();
  if (facility.has_maintaining() && empty(facility.maintaining())) facility.clear_maintaining();
}

Result<void> CheckUnclaimed(const v1::Right& right, std::string_view field) {
  std::string what;
  if (!right.claims().empty()) what = fmt::format("claim {}", right.claims(0).claim());
  if (right.offer() != 0) what = fmt::format("offer {}", right.offer());
  if (right.order() != 0) what = fmt::format("order {}", right.order());
  if (what.empty()) return {};
  return Fail(StatusCode::kFailedPrecondition, "RIGHT_CLAIMED",
              fmt::format("{} stands on the right and is decided first", what), std::string(field));
}

}  // namespace yima::server
