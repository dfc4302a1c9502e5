#include "server/registry/outcomes.h"

namespace yima::server {
namespace {

v1::FacilityOutcomeKind KindOf(const BatchItem& item) {
  if (item.moved) return v1::FACILITY_OUTCOME_KIND_MOVED;
  switch (item.outcome) {
    case ItemOutcome::kUnchanged:
      return v1::FACILITY_OUTCOME_KIND_UNCHANGED;
    case ItemOutcome::kRefused:
      return v1::FACILITY_OUTCOME_KIND_REFUSED;
    default:
      return v1::FACILITY_OUTCOME_KIND_CHANGED;
  }
}

}  // namespace

bool EndsABatch(const Error& error) {
  return error.code == StatusCode::kDataLoss || error.code == StatusCode::kInternal ||
         error.code == StatusCode::kResourceExhausted || error.code == StatusCode::kUnavailable;
}

void AddOutcomes(const std::vector<BatchItem>& chunk,
                 google::protobuf::RepeatedPtrField<v1::FacilityOutcome>& outcomes) {
  for (const auto& item : chunk) {
    auto& outcome = *outcomes.Add();
    outcome.set_facility(item.facility);
    outcome.set_kind(KindOf(item));
    outcome.set_reason(item.reason);
  }
}

}  // namespace yima::server
