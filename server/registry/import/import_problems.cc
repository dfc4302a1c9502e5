#include "server/registry/import/import_problems.h"

namespace yima::server {

void ImportProblems::Add(uint64_t line, const Error& error, bool conflict) {
  // A message of gRPC is at most 4 MiB by default.
  constexpr size_t kBytesMax = size_t{1} << 20;
  constexpr int kProblemsMax = 1000;
  if (error.reason == "SCOPE_EXCEEDED") {
    if (!refused_) refused_ = error;
    // As a conflict it has another one.
    refused_->code = StatusCode::kPermissionDenied;
    ++refusals_;
  }
  auto* problem = pending_.add_problems();
  problem->set_line(line);
  problem->set_reason(error.reason);
  problem->set_field(error.field);
  problem->set_message(error.message);
  problem->set_conflict(conflict);
  pending_bytes_ += error.message.size() + error.field.size();
  if (pending_.problems_size() < kProblemsMax && pending_bytes_ <= kBytesMax) return;
  full_.push_back(std::exchange(pending_, {}));
  pending_bytes_ = 0;
}

Result<void> ImportProblems::SendFull() {
  for (const auto& message : std::exchange(full_, {})) YIMA_RETURN_IF_ERROR(sink_(message));
  return {};
}

Result<void> ImportProblems::Flush() {
  YIMA_RETURN_IF_ERROR(SendFull());
  if (pending_.problems().empty()) return {};
  pending_bytes_ = 0;
  return sink_(std::exchange(pending_, {}));
}

}  // namespace yima::server
