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

/// One entry on a line: index, time, principal, method, record, revision; or with all its fields,
/// and `more` after them.
Result<void> ShowEntry(Session& session, uint64_t index, std::string_view entry,
                       const Json& more = {});

/// Restores that the log tells of, and what they lost, on stderr; with --json as objects.
void TellRestores(Session& session, const std::vector<RestoreSeen>& restores);

/// What a restore left of the log `before`, on stderr; and that it is to be looked into (exit code
/// 6) when some of it is lost.
void TellWentOver(Session& session, const Checkpoint& before, const WentOver& over);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_LOG_LINES_H_
