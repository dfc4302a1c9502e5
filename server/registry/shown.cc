#include "server/registry/erase.h"
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
  EachErasable(shown, [](std::string_view, v1::Withheld& value) { ShowValue(value); });
  shown.set_etag(Etag(domain, revision));
  return shown;
}

v1::Organization ShownOrganization(const Domain& domain, const v1::Organization& record,
                                   uint64_t revision) {
  v1::Organization shown = record;
  EachErasable(shown, [](std::string_view, v1::Withheld& value) { ShowValue(value); });
  shown.set_etag(Etag(domain, revision));
  return shown;
}

}  // namespace yima::server
