#ifndef YIMA_CLIENT_CLI_IMPORT_PROBLEMS_H_
#define YIMA_CLIENT_CLI_IMPORT_PROBLEMS_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "client/cli/session.h"
#include "client/import/ledger_reader.h"

namespace yima::cli {

/// What is wrong with rows of a ledger, found here or by the server, said once for each row.
/// Thread-safe: rows are read in one thread while answers come in another.
class ImportProblems {
 public:
  /// `file`: as messages name it.
  ImportProblems(Session& session, std::string file) : session_(session), file_(std::move(file)) {}

  /// Says it: on stdout as JSON if that is asked for, else for people, the first 20 of them.
  void Add(const v1::ImportProblem& problem);
  void Add(const ledger::LedgerRow& row);

  /// How many more there were than were said, and hints for what was wrong; call at the end.
  void Conclude() const;

  /// By line, in words; call when no more are added.
  const std::map<uint64_t, std::string>& reasons() const { return reasons_; }

 private:
  void Say(v1::ImportProblem problem);

  Session& session_;
  const std::string file_;
  mutable std::mutex mutex_;
  std::map<uint64_t, std::string> reasons_;
  std::set<std::string> causes_;
};

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_IMPORT_PROBLEMS_H_
