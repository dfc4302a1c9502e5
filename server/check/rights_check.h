#ifndef YIMA_SERVER_CHECK_RIGHTS_CHECK_H_
#define YIMA_SERVER_CHECK_RIGHTS_CHECK_H_

#include "server/check/findings.h"
#include "server/domain/domain.h"
#include "yima/v1/facility.pb.h"

namespace yima::server {

/// Compares what a facility's rights say of claims and objections with the records
/// of these, one record at a time and in flat memory. A record that is missing or damaged is found
/// elsewhere, as a reference and as a record.
class RightsCheck {
 public:
  RightsCheck(const store::Snapshot& snapshot, Findings& findings)
      : snapshot_(snapshot), findings_(findings) {}

  /// What stands on its rights has records that say so, and what is confirmed rests on its claim.
  Result<void> Check(const v1::Facility& facility);
  /// One that is open stands on the right of its facility.
  Result<void> Check(const v1::Claim& claim);
  Result<void> Check(const v1::Objection& objection);
  /// It lists as many claims as it says.
  Result<void> Check(const v1::Notice& notice);

 private:
  Result<void> CheckClaims(const v1::Facility& facility, int kind);
  Result<void> CheckObjections(const v1::Facility& facility, int kind);
  Result<void> CheckDecided(const v1::Facility& facility, int kind);
  /// An empty one when the facility is missing.
  Result<v1::Right> RightOn(uint64_t facility, int kind);
  Result<bool> Follows(uint64_t organization, uint64_t holder);

  const store::Snapshot& snapshot_;
  Findings& findings_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_RIGHTS_CHECK_H_
