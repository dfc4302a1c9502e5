#ifndef YIMA_CLIENT_CLI_COMMANDS_H_
#define YIMA_CLIENT_CLI_COMMANDS_H_

#include "client/cli/session.h"

namespace yima::cli {

// Each adds one group of commands, which stands in the file of its name. The session outlives the
// application.
void AddOrganizations(CLI::App& app, Session& session);
void AddOrganizationsImport(CLI::App& organizations, Session& session);
void AddFacilities(CLI::App& app, Session& session);
void AddFacilitiesImport(CLI::App& facilities, Session& session);
void AddFacilitiesHistory(CLI::App& facilities, Session& session);
void AddFacilitiesNear(CLI::App& facilities, Session& session);
void AddFacilitiesErase(CLI::App& facilities, Session& session);
void AddOrganizationsReorganize(CLI::App& organizations, Session& session);
void AddOrganizationsErase(CLI::App& organizations, Session& session);
void AddFiles(CLI::App& app, Session& session);
void AddFacilitiesChange(CLI::App& facilities, Session& session);
void AddFacilitiesSet(CLI::App& facilities, Session& session);
void AddCodes(CLI::App& app, Session& session);
void AddCodesBind(CLI::App& codes, Session& session);
void AddCodesIssue(CLI::App& codes, Session& session);
void AddCodesLife(CLI::App& codes, Session& session);
void AddCodesPrinted(CLI::App& codes, Session& session);
void AddCodesReclaim(CLI::App& codes, Session& session);
void AddRanges(CLI::App& app, Session& session);
void AddAudit(CLI::App& app, Session& session);
void AddAuditScan(CLI::App& audit, Session& session);
void AddRights(CLI::App& app, Session& session);
void AddRightsClaims(CLI::App& rights, Session& session);
void AddNotices(CLI::App& rights, Session& session);
void AddRightsOffers(CLI::App& rights, Session& session);
void AddRightsOrders(CLI::App& rights, Session& session);
void AddRightsRules(CLI::App& rights, Session& session);
void AddRightsUnresolved(CLI::App& rights, Session& session);
void AddCoverage(CLI::App& app, Session& session);
void AddRightsCertificate(CLI::App& rights, Session& session);
void AddRightsVerifyCertificate(CLI::App& rights, Session& session);
void AddLabels(CLI::App& app, Session& session);
void AddScan(CLI::App& app, Session& session);
void AddVerify(CLI::App& app, Session& session);
void AddResolve(CLI::App& app, Session& session);
void AddTrust(CLI::App& app, Session& session);
void AddClasses(CLI::App& app, Session& session);
void AddBatches(CLI::App& app, Session& session);
void AddBatchesUndo(CLI::App& batches, Session& session);
/// `line`: the command line's own words, which outlive the application.
void AddConfig(CLI::App& app, Session& session, const std::vector<std::string>& line);
void AddAccess(CLI::App& app, Session& session);
void AddLogin(CLI::App& app, Session& session);
void AddWatch(CLI::App& app, Session& session);
void AddLog(CLI::App& app, Session& session);
void AddLogCopies(CLI::App& log, Session& session);
void AddLogMonitor(CLI::App& log, Session& session);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_COMMANDS_H_
