#ifndef YIMA_SERVER_DOMAIN_REACH_H_
#define YIMA_SERVER_DOMAIN_REACH_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "codegen/code/result.h"
#include "yima/v1/access.pb.h"
#include "yima/v1/facility.pb.h"

namespace yima::server {

struct Call;

/// Where a caller may do what it called for: the union of its grants for that. Immutable once
/// shared, so thread-safe.
class Reach {
 public:
  /// Of whoever may act everywhere: the operator at the machine, or a grant without bounds.
  static const std::shared_ptr<const Reach>& Everywhere();

  void Add(const v1::Grant& grant);

  bool everywhere() const { return everywhere_; }
  bool nowhere() const { return grants_.empty() && !everywhere_; }
  /// Equal for equal bounds, empty without any: what was begun under others is not gone on with.
  std::string Fingerprint() const;
  /// The facility lies in one of the divisions and is of one of the organizations of some grant.
  bool Covers(const v1::Facility& facility) const;
  /// The same divisions, of whichever organization: for who stands up for what others hold so far.
  std::shared_ptr<const Reach> WithoutOrganizations() const;
  /// Some grant names no organizations, so others' may be made under it.
  bool AllOrganizations() const;

 private:
  bool everywhere_ = false;
  std::vector<v1::Grant> grants_;
};

/// SCOPE_EXCEEDED (PERMISSION_DENIED) when the facility lies outside the caller's reach. `field` is
/// the place in the request that names it.
Result<void> CheckReach(const Call& call, const v1::Facility& facility, std::string_view field);
/// SCOPE_EXCEEDED unless the caller's reach is the whole registry.
Result<void> CheckEverywhere(const Call& call);
/// The same for what belongs to no facility: only who may act everywhere, or began its batch.
Result<void> CheckReachOfBatch(const Call& call, std::string_view principal,
                               std::string_view field);

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_REACH_H_
