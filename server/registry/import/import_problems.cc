#include "server/registry/import/import_problems.h"

namespace yima::server {

Result<void> ImportProblems::Add(uint64_t line, const Error& error, bool conflict) {
  // A message of gRPC is at most 4 MiB by default.
  constexpr size_t kBytesMax = size_t{1} << 20;
  constexpr int kProblemsMax = 1000;
  auto* problem = pending_.add_problems();
  problem->set_line(line);
  problem->set_reason(error.reason);
  problem->set_field(error.field);
  problem->set_message(error.message);
  problem->set_conflict(conflict);
  pending_bytes_ += error.message.size() + error.field.size();
  const bool full = pending_.problems_size() == kProblemsMax || pending_bytes_ > kBytesMax;
  return full ? Flush() : Result<void>();
}

Result<void> ImportProblems::Flush() {
  if (pending_.problems().empty()) return {};
  YIMA_RETURN_IF_ERROR(sink_(pending_));
  pending_.clear_problems();
  pending_bytes_ = 0;
  return {};
}

}  // namespace yima::server
