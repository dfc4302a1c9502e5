#ifndef YIMA_SERVER_REGISTRY_NEARBY_H_
#define YIMA_SERVER_REGISTRY_NEARBY_H_

#include <string>

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// How far around a point may be looked.
constexpr double kNearbyMetresMax = 50'000;

/// Facilities around a point that match and lie within the caller's reach, the nearest first;
/// equally near ones by uid. What is looked at grows with how dense they lie, not with the radius.
/// Gives a serialized SearchNearbyResponse: stored bytes are passed on unparsed where nothing in
/// them is to be looked at. POSITION_OUT_OF_RANGE, RADIUS_OUT_OF_RANGE, what the filter says.
Result<std::string> SearchNearby(const Domain& domain, const Call& call,
                                 const v1::SearchNearbyRequest& request,
                                 const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_NEARBY_H_
