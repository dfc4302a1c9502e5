#ifndef YIMA_CLIENT_CLI_LOG_LINES_H_
#define YIMA_CLIENT_CLI_LOG_LINES_H_

#include <string>
#include <string_view>

#include "client/cli/session.h"
#include "client/log/known_log.h"
#include "client/log/log_source.h"
#include "client/log/restores.h"

namespace yima::cli {

/// The newest checkpoint of a source, judged by the trust kept.
Result<KnownLog> NewestLog(Session& session, const LogSource& source);
/// The same of a server, which must not go on with the log of an epoch before the trust bundle's:
/// EPOCH_BEHIND (FAILED_PRECONDITION).
Result<KnownLog> ServedLog(Session& session, const ServerLog& source);

/// Lower-case hex.
std::string HexOf(const TreeHash& hash);

/// One entry on a line: index, time, principal, method, record, revision; or with all its fields.
Result<void> ShowEntry(Session& session, uint64_t index, std::string_view entry);

/// Restores that the log tells of, and what they lost, on stderr; with --json as objects.
void TellRestores(Session& session, const std::vector<RestoreSeen>& restores);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_LOG_LINES_H_
