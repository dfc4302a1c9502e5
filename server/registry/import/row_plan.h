#ifndef YIMA_SERVER_REGISTRY_IMPORT_ROW_PLAN_H_
#define YIMA_SERVER_REGISTRY_IMPORT_ROW_PLAN_H_

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

enum class RowAct { kCreate, kUpdate, kUnchanged, kConflict };

/// What a row would do to the registry as it stands.
struct RowPlan {
  RowAct act = RowAct::kCreate;
  Error conflict;    ///< Of kConflict.
  uint64_t uid = 0;  ///< Of the facility that the row means; 0 when there is none.
  uint64_t revision = 0;
  v1::Facility before;  ///< Of kUpdate.
  v1::Facility after;   ///< Of kUpdate: withheld values that changed hold the value alone.

  bool Writes() const { return act == RowAct::kCreate || act == RowAct::kUpdate; }
  void Refuse(Error why) { act = RowAct::kConflict, conflict = std::move(why); }
};

/// Compares a row with what stands under its identity. `given` are RowGiven bits. Conflicts:
/// ROW_DIFFERS (fields named in its words, the first in its field) unless the header asks for
/// updates, RIGHT_SETTLED (a claimed or confirmed right is not moved by a ledger),
/// FACILITY_CODE_TAKEN, EXTERNAL_CODE_TAKEN, FACILITY_TOO_LARGE.
Result<RowPlan> PlanRow(const Call& call, const store::Snapshot& snapshot,
                        const v1::ImportHeader& header, const v1::Facility& row, uint8_t given);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_IMPORT_ROW_PLAN_H_
