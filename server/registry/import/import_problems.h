#ifndef YIMA_SERVER_REGISTRY_IMPORT_IMPORT_PROBLEMS_H_
#define YIMA_SERVER_REGISTRY_IMPORT_IMPORT_PROBLEMS_H_

#include <optional>
#include <utility>
#include <vector>

#include "codegen/code/result.h"
#include "server/registry/import/import.h"

namespace yima::server {

/// Sends problems to the client, up to 1,000 a message. Use from one thread.
class ImportProblems {
 public:
  explicit ImportProblems(const ImportSink& sink) : sink_(sink) {}

  /// Sends nothing, so that it may be called with a snapshot open: a client that does not read must
  /// not hold one.
  void Add(uint64_t line, const Error& error, bool conflict);
  /// Sends the messages that are full. Errors are the sink's: nobody listens.
  Result<void> SendFull();
  /// Sends all that there is.
  Result<void> Flush();

  /// The first of those outside the caller's reach, and how many there were.
  const std::optional<Error>& refused() const { return refused_; }
  uint64_t refusals() const { return refusals_; }

 private:
  const ImportSink& sink_;
  std::vector<v1::ImportFacilitiesResponse> full_;
  v1::ImportFacilitiesResponse pending_;
  size_t pending_bytes_ = 0;
  std::optional<Error> refused_;
  uint64_t refusals_ = 0;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_IMPORT_IMPORT_PROBLEMS_H_
