#include "client/cli/facility_lines.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/cli/records.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

const v1::Organization* Holder(const Organizations& organizations, uint64_t id) {
  const auto found = std::find_if(organizations.begin(), organizations.end(),
                                  [&](const auto& one) { return one.id() == id; });
  return found == organizations.end() ? nullptr : &*found;
}

Json RightToJson(const v1::Right& right, const Organizations& organizations) {
  Json object = ToJson(right);
  const auto* holder = Holder(organizations, right.holder());
  object["holderName"] = holder == nullptr ? "" : holder->name();
  object["telephone"] = holder == nullptr ? "" : holder->telephone();
  for (int i = 0; i < right.claims_size(); ++i) {
    const auto* claimant = Holder(organizations, right.claims(i).organization());
    object["claims"][static_cast<size_t>(i)]["organizationName"] =
        claimant == nullptr ? "" : claimant->name();
  }
  return object;
}

void ShowRight(Session& session, const std::string& name, const v1::Right& right,
               const Organizations& organizations) {
  const auto* holder = Holder(organizations, right.holder());
  if (right.state() == v1::RIGHT_STATE_UNSPECIFIED) return;
  session.Line(fmt::format("  {}: {} {} {}", name,
                           holder == nullptr ? "-" : Printable(holder->name()),
                           holder == nullptr ? "" : Printable(holder->telephone()),
                           Gloss(EnumName(v1::RightState_descriptor(), right.state()))));
  for (const auto& claim : right.claims()) {
    const auto* claimant = Holder(organizations, claim.organization());
    session.Line(fmt::format(
        "    {}: {}", T("认领", "claimed by"),
        claimant == nullptr ? fmt::to_string(claim.organization()) : Printable(claimant->name())));
  }
}

}  // namespace

label::BothWords RightName(v1::RightKind kind) {
  if (kind == v1::RIGHT_KIND_SUPERVISING) return {"主管", "supervising"};
  if (kind == v1::RIGHT_KIND_OWNING) return {"权属", "owning"};
  return {"养护", "maintaining"};
}

std::string RightInWords(v1::RightKind kind) {
  const label::BothWords name = RightName(kind);
  return T(name.zh.c_str(), name.en.c_str());
}

Json RightsToJson(const v1::Facility& facility, const Organizations& organizations) {
  return {{"supervising", RightToJson(facility.supervising(), organizations)},
          {"owning", RightToJson(facility.owning(), organizations)},
          {"maintaining", RightToJson(facility.maintaining(), organizations)}};
}

std::string Glance(const v1::RelatedFacility& facility) {
  return fmt::format("uid:{} {} {} {} {}", facility.uid(), facility.code().digits(),
                     facility.class_code(), Printable(facility.name()),
                     EnumName(v1::Condition_descriptor(), facility.condition()));
}

void ShowRelated(Session& session, const v1::RelatedFacility* parent,
                 const google::protobuf::RepeatedPtrField<v1::RelatedFacility>& children) {
  if (parent != nullptr) {
    session.Line(fmt::format("  {}: {}", T("上级部件", "part of"), Glance(*parent)));
  }
  for (const auto& child : children) {
    session.Line(fmt::format("  {}: {}", T("下级部件", "part"), Glance(child)));
  }
}

void ShowFacility(Session& session, const v1::Facility& facility,
                  const Organizations& organizations) {
  session.Line(fmt::format("  {}: {} {} {} {}", T("部件", "facility"), facility.class_code(),
                           Printable(facility.name()), facility.division(),
                           Printable(facility.address())));
  ShowRight(session, RightInWords(v1::RIGHT_KIND_SUPERVISING), facility.supervising(),
            organizations);
  ShowRight(session, RightInWords(v1::RIGHT_KIND_OWNING), facility.owning(), organizations);
  ShowRight(session, RightInWords(v1::RIGHT_KIND_MAINTAINING), facility.maintaining(),
            organizations);
}

void ShowNotices(Session& session,
                 const google::protobuf::RepeatedPtrField<v1::NoticeSummary>& notices) {
  for (const auto& notice : notices) {
    session.Line(fmt::format(
        fmt::runtime(T("  公示: {} {}，至 {} 止", "  notice: {} {}, until the end of {}")),
        notice.id(), Printable(notice.title()), notice.last_day()));
  }
}

}  // namespace yima::cli
