#include "client/cli/outcomes.h"

#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "client/cli/reasons.h"
#include "client/cli/words.h"

namespace yima::cli {

void KeepRemarkable(const Outcomes& told, Outcomes& kept) {
  for (const auto& outcome : told) {
    const bool done = outcome.kind() == v1::FACILITY_OUTCOME_KIND_CHANGED ||
                      outcome.kind() == v1::FACILITY_OUTCOME_KIND_UNCHANGED;
    if (!done || !outcome.reason().empty()) *kept.Add() = outcome;
  }
}

void TellOutcomes(const Session& session, const Outcomes& outcomes) {
  for (const auto& outcome : outcomes) {
    if (outcome.kind() == v1::FACILITY_OUTCOME_KIND_MOVED) {
      session.Tell(fmt::format(fmt::runtime(T("部件 {} 已被他人改动，未处理",
                                              "facility {} was changed by another writer: left")),
                               outcome.facility()));
    } else {
      session.Tell(fmt::format("{} {}: {}", T("部件", "facility"), outcome.facility(),
                               InWords(outcome.reason(), outcome.reason())));
    }
  }
}

void ShowCount(Session& session, const char* name, uint64_t count) {
  session.Line(fmt::format("{}: {}", name, count));
}

Result<bool> Confirmed(const Session& session, bool yes, const std::string& question) {
  if (yes) return true;
  if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0) {
    return Invalid("CONFIRMATION_MISSING", "nobody is there to be asked; say --yes or --dry-run",
                   "--yes");
  }
  session.Tell(question + " [y/N]");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes" || answer == "是";
}

}  // namespace yima::cli
