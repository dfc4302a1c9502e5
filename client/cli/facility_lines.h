#ifndef YIMA_CLIENT_CLI_FACILITY_LINES_H_
#define YIMA_CLIENT_CLI_FACILITY_LINES_H_

#include <google/protobuf/repeated_ptr_field.h>

#include "client/cli/session.h"
#include "codegen/label/certificate_page.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/notice.pb.h"
#include "yima/v1/organization.pb.h"

namespace yima::cli {

/// The organizations that came with a facility.
using Organizations = google::protobuf::RepeatedPtrField<v1::Organization>;

/// 权属 and owning: a kind of right in words.
label::BothWords RightName(v1::RightKind kind);
/// The same in the language that is spoken.
std::string RightInWords(v1::RightKind kind);

/// The three rights of a facility, each with its holder's name and telephone, and its claimants'
/// names.
Json RightsToJson(const v1::Facility& facility, const Organizations& organizations);

/// A facility beside another one, in a few words.
std::string Glance(const v1::RelatedFacility& facility);
/// What it is a part of, and its own parts, a line each. `parent` may be null.
void ShowRelated(Session& session, const v1::RelatedFacility* parent,
                 const google::protobuf::RepeatedPtrField<v1::RelatedFacility>& children);

/// What a plate stands for, for people: the facility and who answers for it, a line each.
void ShowFacility(Session& session, const v1::Facility& facility,
                  const Organizations& organizations);
/// The notices 公示 that list claims on it, a line each.
void ShowNotices(Session& session,
                 const google::protobuf::RepeatedPtrField<v1::NoticeSummary>& notices);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_FACILITY_LINES_H_
