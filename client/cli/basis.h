#ifndef YIMA_CLIENT_CLI_BASIS_H_
#define YIMA_CLIENT_CLI_BASIS_H_

#include <filesystem>
#include <string>

#include "client/cli/session.h"
#include "yima/v1/right.pb.h"

namespace yima::cli {

/// The document on which something is done, as a command line names it.
struct BasisOptions {
  std::string kind;
  std::string number;
  std::string date;
  std::filesystem::path file;

  bool given() const { return !kind.empty() || !number.empty() || !date.empty() || !file.empty(); }
};

/// --basis-kind, --basis-number, --basis-date, --basis-file. `options` outlives the command.
void AddBasisOptions(CLI::App& command, BasisOptions& options, bool required);

/// With the file's SHA-256. FILE_UNREADABLE.
Result<v1::Basis> MakeBasis(const BasisOptions& options);
/// The same; a file that is a PDF is handed to the registry first, which keeps it by its hash. What
/// an upload refuses.
Result<v1::Basis> MakeKeptBasis(Session& session, const BasisOptions& options);
/// The first in a dry run, which hands nothing over; else the second.
Result<v1::Basis> BasisFor(Session& session, const BasisOptions& options, bool dry_run);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_BASIS_H_
