#ifndef YIMA_CLIENT_CLI_CHANGES_H_
#define YIMA_CLIENT_CLI_CHANGES_H_

#include <string>
#include <vector>

#include "client/cli/session.h"

namespace yima::cli {

/// What `update` takes of one facility, for --help.
std::string ChangesHelp();

/// Fills values, update_mask, remark and personal fields of an update from words `field=value`; an
/// empty value empties the field. Organizations and parents are looked up. Fields that a facility
/// has many of are laid over those of `request.facility`, which is the one that stands.
/// CHANGE_MALFORMED, and what looking up refuses.
Result<void> ParseChanges(Session& session, const std::vector<std::string>& words,
                          v1::UpdateFacilityRequest& request);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_CHANGES_H_
