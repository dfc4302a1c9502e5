#include "client/cli/import_problems.h"

#include <fmt/format.h>

#include "client/cli/reasons.h"
#include "client/cli/records.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

constexpr uint64_t kShownMax = 20;

}  // namespace

void ImportProblems::Add(const v1::ImportProblem& problem) { Say(problem); }

void ImportProblems::Add(const ledger::LedgerRow& row) {
  v1::ImportProblem problem;
  problem.set_line(row.line);
  problem.set_reason(row.problem->reason);
  problem.set_field(row.problem->field);
  problem.set_message(row.problem->message);
  Say(std::move(problem));
}

void ImportProblems::Say(v1::ImportProblem problem) {
  const std::lock_guard lock(mutex_);
  const std::string place = fmt::format("{}:{}: ", file_, problem.line());
  std::string_view what = problem.message();
  if (what.starts_with(place)) what.remove_prefix(place.size());
  const std::string reason = InWords(problem.reason(), what);
  // The server refuses each row that was refused here already, which is how it knows of them.
  if (!reasons_.emplace(problem.line(), reason).second) return;
  problem.set_message(place + reason);
  causes_.insert(problem.reason());
  if (session_.json) {
    Json object = ToJson(problem);
    object["file"] = file_;
    session_.Object(object);
  } else if (reasons_.size() <= kShownMax) {
    session_.Tell(Printable(problem.message()));
  }
}

void ImportProblems::Conclude() const {
  const std::lock_guard lock(mutex_);
  if (reasons_.size() > kShownMax && !session_.json) {
    session_.Tell(fmt::format(fmt::runtime(T("……另有 {} 行（--rejects 写出全部）",
                                             "… and {} more rows (--rejects writes them all)")),
                              reasons_.size() - kShownMax));
  }
  for (const auto& cause : causes_) session_.Hint(cause);
}

}  // namespace yima::cli
