#include "server/domain/reach.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/domain/call.h"

namespace yima::server {
namespace {

tl::unexpected<Error> Exceeded(std::string message, std::string_view field) {
  return Fail(StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", std::move(message),
              std::string(field));
}

bool Covers(const v1::Grant& grant, const v1::Facility& facility) {
  const bool division =
      grant.divisions().empty() || std::ranges::any_of(grant.divisions(), [&](const auto& prefix) {
        return facility.division().starts_with(prefix);
      });
  if (!division || grant.organizations().empty()) return division;
  return std::ranges::any_of(grant.organizations(), [&](uint64_t id) {
    return id == facility.supervising().holder() || id == facility.owning().holder() ||
           id == facility.maintaining().holder();
  });
}

}  // namespace

const std::shared_ptr<const Reach>& Reach::Everywhere() {
  static const std::shared_ptr<const Reach> everywhere = [] {
    auto reach = std::make_shared<Reach>();
    reach->everywhere_ = true;
    return reach;
  }();
  return everywhere;
}

void Reach::Add(const v1::Grant& grant) {
  if (grant.divisions().empty() && grant.organizations().empty()) everywhere_ = true;
  grants_.push_back(grant);
}

bool Reach::Covers(const v1::Facility& facility) const {
  if (everywhere_) return true;
  return std::ranges::any_of(
      grants_, [&](const v1::Grant& grant) { return server::Covers(grant, facility); });
}

std::string Reach::Fingerprint() const {
  if (everywhere_) return {};
  std::string text;
  for (const auto& grant : grants_) text += grant.SerializeAsString() + '\n';
  return text;
}

std::shared_ptr<const Reach> Reach::WithoutOrganizations() const {
  if (everywhere_) return Everywhere();
  const auto wider = std::make_shared<Reach>();
  for (v1::Grant grant : grants_) {
    grant.clear_organizations();
    wider->Add(grant);
  }
  return wider;
}

bool Reach::AllOrganizations() const {
  return everywhere_ || std::ranges::any_of(grants_, [](const v1::Grant& grant) {
           return grant.organizations().empty();
         });
}

Result<void> CheckReach(const Call& call, const v1::Facility& facility, std::string_view field) {
  if (call.reach->Covers(facility)) return {};
  return Exceeded(facility.uid() == 0
                      ? fmt::format("division {} with these organizations is outside your scope",
                                    facility.division())
                      : fmt::format("facility {} is outside your scope", facility.uid()),
                  field);
}

Result<void> CheckEverywhere(const Call& call) {
  if (call.reach->everywhere()) return {};
  return Exceeded("that needs a scope of the whole registry", "");
}

Result<void> CheckReachOfBatch(const Call& call, std::string_view principal,
                               std::string_view field) {
  if (call.reach->everywhere() || call.principal == principal) return {};
  return Exceeded("another began that batch, and your scope is not the whole registry", field);
}

}  // namespace yima::server
