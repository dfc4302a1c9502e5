#ifndef YIMA_CLIENT_CLI_RENAMED_LEDGER_H_
#define YIMA_CLIENT_CLI_RENAMED_LEDGER_H_

#include <string>

#include "client/cli/session.h"
#include "client/import/rows.h"

namespace yima::cli {

/// LEDGER_RENAMED when a ledger whose name the user did not give looks like one that was imported
/// from a file of another name: one of its first rows stands under that name with the same key,
/// class, division, name, address and reading, and none under its own. Everything would be made a
/// second time. Asks the server.
Result<void> RefuseRenamedLedger(Session& session, const std::string& file,
                                 const ledger::LedgerOptions& options);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_RENAMED_LEDGER_H_
