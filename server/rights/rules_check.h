#ifndef YIMA_SERVER_RIGHTS_RULES_CHECK_H_
#define YIMA_SERVER_RIGHTS_RULES_CHECK_H_

#include "codegen/code/result.h"
#include "server/store/store.h"
#include "yima/v1/rights_rules.pb.h"

namespace yima::server {

/// Validates the city's rules as a registrar gives them; fields are
/// "rules.calendars[0].days_off[3]" and the like. FIELD_OUTPUT_ONLY, FIELD_TOO_LONG,
/// FIELD_NOT_TEXT, ENUM_UNKNOWN, RULE_DAYS, RULE_OFFSET, RULE_PREFIX, RULE_TWICE,
/// RULE_KIND_UNKNOWN, RULE_DIVISION, RULE_TOO_MANY, RULE_TOO_LARGE, CALENDAR_YEAR, CALENDAR_ORDER,
/// CALENDAR_DAY, CALENDAR_TOO_LONG, DATE_MALFORMED, ORGANIZATION_UNKNOWN (NOT_FOUND),
/// ORGANIZATION_ENDED (FAILED_PRECONDITION).
Result<void> CheckRules(const store::Snapshot& snapshot, const v1::RightsRules& rules);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_RULES_CHECK_H_
