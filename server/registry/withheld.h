#ifndef YIMA_SERVER_REGISTRY_WITHHELD_H_
#define YIMA_SERVER_REGISTRY_WITHHELD_H_

#include <string_view>

#include <google/protobuf/repeated_ptr_field.h>

#include "codegen/code/result.h"
#include "yima/v1/facility.pb.h"

namespace yima::server {

/// Puts a remark and personal fields, given in the clear, into the facility: the values alone,
/// without salt and hash. Empty ones are left out. FIELD_MISSING, FIELD_TOO_LONG, FIELD_NOT_TEXT,
/// FIELD_TWICE; fields are "remark" and "personal[1].name".
Result<void> TakeWithheld(std::string_view remark,
                          const google::protobuf::RepeatedPtrField<v1::ExtraField>& personal,
                          v1::Facility& facility);

/// Gives salt and hash to the values that have none yet.
void WithholdNew(v1::Facility& facility);

/// FACILITY_TOO_LARGE for that field, when the record could exceed kFacilityTakenMax once the
/// server has added what it adds: uid, a code, times, salts and hashes.
Result<void> CheckWholeSize(const v1::Facility& facility, std::string_view field);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_WITHHELD_H_
