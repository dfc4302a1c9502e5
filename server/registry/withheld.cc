#include "server/registry/withheld.h"

#include <set>

#include <fmt/format.h>

#include "server/domain/domain.h"
#include "server/registry/facility_rules.h"

namespace yima::server {

Result<void> TakeWithheld(std::string_view remark,
                          const google::protobuf::RepeatedPtrField<v1::ExtraField>& personal,
                          v1::Facility& facility) {
  YIMA_RETURN_IF_ERROR(CheckLines(remark, 1000, "remark"));
  if (!remark.empty()) facility.mutable_remark()->set_value(std::string(remark));
  std::set<std::string_view> names;
  for (int i = 0; i < personal.size(); ++i) {
    const std::string field = fmt::format("personal[{}].", i);
    YIMA_RETURN_IF_ERROR(CheckText(personal[i].name(), 64, field + "name", true));
    YIMA_RETURN_IF_ERROR(CheckLines(personal[i].value(), 1000, field + "value"));
    if (!names.insert(personal[i].name()).second) {
      return Invalid("FIELD_TWICE",
                     fmt::format("personal field \"{}\" stands twice", personal[i].name()),
                     field + "name");
    }
    if (personal[i].value().empty()) continue;
    auto* kept = facility.add_personal();
    kept->set_name(personal[i].name());
    kept->mutable_value()->set_value(personal[i].value());
  }
  return {};
}

void WithholdNew(v1::Facility& facility) {
  const auto withhold = [](v1::Withheld* value) {
    if (value->salt().empty() && !value->value().empty()) *value = Withhold(value->value());
  };
  if (facility.has_remark()) withhold(facility.mutable_remark());
  for (auto& field : *facility.mutable_personal()) withhold(field.mutable_value());
}

Result<void> CheckWholeSize(const v1::Facility& facility, std::string_view field) {
  constexpr size_t kPerValue = 64;
  constexpr size_t kPerRecord = 96;
  const auto withheld =
      static_cast<size_t>(facility.personal_size()) + (facility.has_remark() ? 1 : 0);
  const size_t size = facility.ByteSizeLong() + kPerRecord + withheld * kPerValue;
  if (size <= kFacilityTakenMax) return {};
  return Invalid(
      "FACILITY_TOO_LARGE",
      fmt::format("the facility takes {} bytes, want at most {}", size, kFacilityTakenMax),
      std::string(field));
}

}  // namespace yima::server
