#include "server/registry/facility_rules.h"

namespace yima::server {

v1::Facility ShownFacility(const Domain& domain, const v1::Facility& record, uint64_t revision) {
  v1::Facility shown = record;
  shown.clear_remark();
  shown.clear_personal();
  shown.set_etag(Etag(domain, revision));
  return shown;
}

v1::Organization ShownOrganization(const Domain& domain, const v1::Organization& record,
                                   uint64_t revision) {
  v1::Organization shown = record;
  shown.clear_contact_name();
  shown.clear_contact_telephone();
  shown.set_etag(Etag(domain, revision));
  return shown;
}

}  // namespace yima::server
