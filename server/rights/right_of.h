#ifndef YIMA_SERVER_RIGHTS_RIGHT_OF_H_
#define YIMA_SERVER_RIGHTS_RIGHT_OF_H_

#include "codegen/code/result.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/right.pb.h"

namespace yima::server {

/// The three rights, in their order.
inline constexpr v1::RightKind kRightKinds[] = {v1::RIGHT_KIND_SUPERVISING, v1::RIGHT_KIND_OWNING,
                                                v1::RIGHT_KIND_MAINTAINING};

/// A facility's right of that kind, which is one of the three.
const v1::Right& RightOf(const v1::Facility& facility, int kind);
v1::Right& MutableRightOf(v1::Facility& facility, int kind);

bool SameBasis(const v1::Basis& a, const v1::Basis& b);

/// RIGHT_KIND_UNKNOWN, RIGHT_KIND_TWICE, RIGHT_KIND_MISSING: want 1 to 3 different ones.
Result<void> CheckKinds(const google::protobuf::RepeatedField<int>& kinds, std::string_view field);

/// Takes a claim that has ended off its right, with the notice of what is left as it was; a right
/// on which none is left has again the state it had before the first.
void DropClaim(v1::Right& right, uint64_t claim);
/// Takes out rights that say nothing any more, as if they had never been asked for.
void ClearEmptyRights(v1::Facility& facility);

/// RIGHT_CLAIMED (FAILED_PRECONDITION): claims, an offer or an order stand on the right, and nobody
/// changes it past them.
Result<void> CheckUnclaimed(const v1::Right& right, std::string_view field);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_RIGHT_OF_H_
