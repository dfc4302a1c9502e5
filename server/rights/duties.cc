#include "server/rights/duties.h"

#include <fmt/format.h>

#include "server/registry/facility_rules.h"

namespace yima::server {
namespace {

tl::unexpected<Error> NotSeparate(std::string_view who, std::string_view what,
                                  std::string_view field) {
  return Fail(StatusCode::kPermissionDenied, "DUTIES_NOT_SEPARATE",
              fmt::format("{} {}, so another has to decide", who, what), std::string(field));
}

}  // namespace

Result<Actor> ActorOf(const Call& call, const store::Snapshot& snapshot) {
  Actor actor{call.principal};
  if (call.principal_id == 0) return actor;
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Principal>(snapshot, call.principal_id));
  if (read) actor.organization = read->record.organization();
  return actor;
}

Result<void> CheckOwn(const Actor& actor, uint64_t organization, std::string_view field) {
  if (organization != 0 && actor.organization == organization) return {};
  const std::string message =
      actor.organization == 0
          ? fmt::format("you belong to no organization, so you cannot act for {}", organization)
          : fmt::format("you belong to organization {}, not to {}", actor.organization,
                        organization);
  return Fail(StatusCode::kPermissionDenied, "ORGANIZATION_NOT_OWN", message, std::string(field));
}

Result<void> CheckOtherPrincipal(const Actor& actor, std::string_view other, std::string_view what,
                                 std::string_view field) {
  if (actor.principal != other) return {};
  return NotSeparate("you", what, field);
}

Result<void> CheckOtherOrganization(const Actor& actor, uint64_t other, std::string_view what,
                                    std::string_view field) {
  if (actor.organization == 0 || actor.organization != other) return {};
  return NotSeparate("your organization", what, field);
}

Result<void> CheckNotClaimant(const Actor& actor, const v1::Claim& claim, std::string_view field) {
  const std::string what = fmt::format("entered claim {}", claim.id());
  YIMA_RETURN_IF_ERROR(CheckOtherPrincipal(actor, claim.principal(), what, field));
  YIMA_RETURN_IF_ERROR(CheckOtherOrganization(actor, claim.principal_organization(), what, field));
  return CheckOtherOrganization(actor, claim.organization(),
                                fmt::format("is to have the right by claim {}", claim.id()), field);
}

Result<void> CheckNotObjector(const Actor& actor, const v1::Objection& objection,
                              std::string_view field) {
  const std::string what = fmt::format("entered objection {}", objection.id());
  if (objection.received_on().empty()) {
    YIMA_RETURN_IF_ERROR(CheckOtherPrincipal(actor, objection.principal(), what, field));
    YIMA_RETURN_IF_ERROR(
        CheckOtherOrganization(actor, objection.principal_organization(), what, field));
  }
  return CheckOtherOrganization(actor, objection.organization(), what, field);
}

Result<Read<v1::Organization>> FindActing(const store::Snapshot& snapshot, uint64_t organization,
                                          std::string_view field) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Organization>(snapshot, organization));
  if (!read) {
    return Fail(StatusCode::kNotFound, "ORGANIZATION_UNKNOWN",
                fmt::format("no organization has id {}", organization), std::string(field));
  }
  YIMA_RETURN_IF_ERROR(CheckActs(read->record, field));
  return *std::move(read);
}

v1::Decision Decide(const Actor& actor, TimeUs now, uint64_t rules, std::string_view reason,
                    const v1::Basis& basis) {
  v1::Decision decision;
  decision.set_principal(actor.principal);
  decision.set_organization(actor.organization);
  decision.set_time_us(now);
  decision.set_rules(rules);
  if (!reason.empty()) *decision.mutable_reason() = Withhold(reason);
  if (!basis.kind().empty() || !basis.number().empty()) *decision.mutable_basis() = basis;
  return decision;
}

v1::Approval Approve(const Actor& actor, TimeUs now) {
  v1::Approval approval;
  approval.set_principal(actor.principal);
  approval.set_organization(actor.organization);
  approval.set_time_us(now);
  return approval;
}

}  // namespace yima::server
