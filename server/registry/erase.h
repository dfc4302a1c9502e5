#ifndef YIMA_SERVER_REGISTRY_ERASE_H_
#define YIMA_SERVER_REGISTRY_ERASE_H_

#include <functional>
#include <string_view>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// Erases values of one record: their hashes stay. One that stands twice, as the note of a
/// hand-over that was the last step, goes wherever it stands. TARGET_MISSING, VALUE_MISSING,
/// VALUE_UNKNOWN, VALUES_TOO_MANY, VALUE_NOT_FOUND, FACILITY_NOT_FOUND and the like,
/// SCOPE_EXCEEDED.
Result<Planned> PlanEraseValues(const Domain& domain, const Call& call,
                                const v1::EraseValuesRequest& request,
                                const store::Snapshot& snapshot);
/// Says nothing of the store's files.
Result<v1::EraseValuesResponse> AnswerEraseValues(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot);

/// Every value of a record that the log withholds and that may be erased, with its path.
using WithheldVisitor = std::function<void(std::string_view path, v1::Withheld& value)>;
void EachErasable(v1::Facility& facility, const WithheldVisitor& visit);
void EachErasable(v1::Organization& organization, const WithheldVisitor& visit);
void EachErasable(v1::Claim& claim, const WithheldVisitor& visit);
void EachErasable(v1::Objection& objection, const WithheldVisitor& visit);
void EachErasable(v1::Notice& notice, const WithheldVisitor& visit);
void EachErasable(v1::Offer& offer, const WithheldVisitor& visit);
void EachErasable(v1::Order& order, const WithheldVisitor& visit);

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_ERASE_H_
