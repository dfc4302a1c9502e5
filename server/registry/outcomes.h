#ifndef YIMA_SERVER_REGISTRY_OUTCOMES_H_
#define YIMA_SERVER_REGISTRY_OUTCOMES_H_

#include <vector>

#include "server/domain/batch_items.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// Trouble of the server or of the call, not of one facility.
bool EndsABatch(const Error& error);

/// What became of the facilities of a chunk, as callers are told.
void AddOutcomes(const std::vector<BatchItem>& chunk,
                 google::protobuf::RepeatedPtrField<v1::FacilityOutcome>& outcomes);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_OUTCOMES_H_
