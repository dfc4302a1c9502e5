#include "server/rights/shown_rights.h"

#include "server/registry/erase.h"

namespace yima::server {
namespace {

/// The values alone: hash and salt are the log's.
template <typename R>
R WithValues(R record) {
  EachErasable(record, [](std::string_view, v1::Withheld& value) {
    value.clear_hash();
    value.clear_salt();
  });
  return record;
}

}  // namespace

v1::Claim ShownClaim(const v1::Claim& claim) { return WithValues(claim); }
v1::Notice ShownNotice(const v1::Notice& notice) { return WithValues(notice); }

v1::Objection ShownObjection(const v1::Objection& objection, bool with_person) {
  v1::Objection shown = WithValues(objection);
  if (with_person) return shown;
  shown.clear_person();
  shown.clear_contact();
  return shown;
}

v1::Claim PublicClaim(const v1::Claim& claim) {
  v1::Claim shown;
  shown.set_id(claim.id());
  shown.set_facility(claim.facility());
  shown.set_kind(claim.kind());
  shown.set_organization(claim.organization());
  shown.set_valid_from(claim.valid_from());
  shown.set_valid_until(claim.valid_until());
  shown.set_state(claim.state());
  shown.set_notice(claim.notice());
  shown.set_create_time_us(claim.create_time_us());
  return shown;
}

v1::Notice PublicNotice(const v1::Notice& notice) {
  v1::Notice shown = notice;
  shown.clear_principal();
  if (!shown.has_withdrawal()) return shown;
  // When, and nothing else.
  const int64_t time_us = shown.withdrawal().time_us();
  shown.clear_withdrawal();
  shown.mutable_withdrawal()->set_time_us(time_us);
  return shown;
}

}  // namespace yima::server
