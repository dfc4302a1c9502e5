#include "server/registry/facility_rules.h"

namespace yima::server {
namespace {

/// The value alone: hash and salt are the log's.
void ShowValue(v1::Withheld& withheld) {
  withheld.clear_hash();
  withheld.clear_salt();
}

}  // namespace

v1::Facility ShownFacility(const Domain& domain, const v1::Facility& record, uint64_t revision) {
  v1::Facility shown = record;
  if (shown.has_remark()) ShowValue(*shown.mutable_remark());
  for (auto& field : *shown.mutable_personal()) ShowValue(*field.mutable_value());
  if (shown.last_step().has_note()) ShowValue(*shown.mutable_last_step()->mutable_note());
  if (shown.hand_over().has_note()) ShowValue(*shown.mutable_hand_over()->mutable_note());
  shown.set_etag(Etag(domain, revision));
  return shown;
}

v1::Organization ShownOrganization(const Domain& domain, const v1::Organization& record,
                                   uint64_t revision) {
  v1::Organization shown = record;
  if (shown.has_contact_name()) ShowValue(*shown.mutable_contact_name());
  if (shown.has_contact_telephone()) ShowValue(*shown.mutable_contact_telephone());
  shown.set_etag(Etag(domain, revision));
  return shown;
}

}  // namespace yima::server
