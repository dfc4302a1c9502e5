#ifndef YIMA_SERVER_REGISTRY_LIFE_H_
#define YIMA_SERVER_REGISTRY_LIFE_H_

#include <span>
#include <string>
#include <vector>

#include "codegen/code/result.h"
#include "yima/v1/facility.pb.h"

namespace yima::server {

/// One row of the life of a facility 全周期: what a step may follow, and what it leaves. README.md
/// shows the same rows, and a test compares the two.
struct LifeRow {
  v1::LifeStepKind step;
  std::vector<v1::Life> lives;                 ///< One of these before.
  std::vector<v1::Condition> conditions;       ///< One of these before.
  v1::Life life_after = v1::LIFE_UNSPECIFIED;  ///< Unspecified: as before.
  v1::Condition condition_after = v1::CONDITION_UNSPECIFIED;
  bool needs_basis = false;
};

/// In the order of the README.
std::span<const LifeRow> LifeTable();

/// The row of a step from where the facility stands; nullptr when the step may not follow.
const LifeRow* FindLifeRow(v1::LifeStepKind step, const v1::Facility& facility);

/// "IN_USE and DAMAGED": where it stands, for messages.
std::string StandingOf(const v1::Facility& facility);
/// The steps that may follow, "REPAIR, LOSE"; "none".
std::string StepsAfter(const v1::Facility& facility);

/// Scrapped or taken back: no code is given to it any more.
bool HasEnded(const v1::Facility& facility);
/// FACILITY_ENDED (FAILED_PRECONDITION) at that field.
Result<void> CheckNotEnded(const v1::Facility& facility, std::string_view field);
/// FACILITY_WITHDRAWN (FAILED_PRECONDITION) at that field.
Result<void> CheckNotWithdrawn(const v1::Facility& facility, std::string_view field);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_LIFE_H_
