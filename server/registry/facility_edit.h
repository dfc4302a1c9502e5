#ifndef YIMA_SERVER_REGISTRY_FACILITY_EDIT_H_
#define YIMA_SERVER_REGISTRY_FACILITY_EDIT_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// Values to be laid over fields of a facility, as UpdateFacilityRequest has them. Immutable.
class FacilityEdit {
 public:
  /// What can be said without a facility: UPDATE_MASK_MISSING, UPDATE_PATH_UNKNOWN at
  /// "update_mask[1]", and what is wrong with remark and personal fields.
  static Result<FacilityEdit> Parse(
      const google::protobuf::RepeatedPtrField<std::string>& update_mask,
      const v1::Facility& values, std::string_view remark,
      const google::protobuf::RepeatedPtrField<v1::ExtraField>& personal);

  /// The facility with the values laid over it, sound as a whole; equal to it when they say nothing
  /// new. Who calls looks at reach and parent (see Wholes). FACILITY_WITHDRAWN, RIGHT_SETTLED,
  /// RIGHT_CLAIMED, FACILITY_CODE_TAKEN, EXTERNAL_CODE_TAKEN, and what CheckFacility, CheckRight
  /// and CheckHolders say; fields begin with "facility.".
  Result<v1::Facility> Over(const Domain& domain, const store::Snapshot& snapshot,
                            const v1::Facility& stands) const;

  /// Whether that field is among those to be changed.
  bool Has(std::string_view path) const { return paths_.contains(path); }

 private:
  Result<void> LayRights(v1::Facility& facility) const;
  Result<void> LayCodes(const store::Snapshot& snapshot, v1::Facility& facility) const;
  Result<void> LayExternalCodes(const store::Snapshot& snapshot, v1::Facility& facility) const;
  void LayWithheld(v1::Facility& facility) const;

  std::set<std::string, std::less<>> paths_;
  v1::Facility values_;
  v1::Facility withheld_;  ///< Remark and personal fields, without salt and hash.
};

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_FACILITY_EDIT_H_
