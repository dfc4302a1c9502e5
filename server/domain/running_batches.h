#ifndef YIMA_SERVER_DOMAIN_RUNNING_BATCHES_H_
#define YIMA_SERVER_DOMAIN_RUNNING_BATCHES_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>

#include "codegen/code/result.h"
#include "server/domain/call.h"

namespace yima::server {

/// Lets one stream at a time carry out a batch. Chunks on their way are chained by the revision of
/// the batch's cursor alone, so those of a second stream could slip in between. Thread-safe.
class RunningBatches {
 public:
  /// Ends when the last copy goes.
  using Turn = std::shared_ptr<void>;

  /// Waits until no other stream carries out this batch. CALL_ENDED once nobody waits for it.
  Result<Turn> Wait(uint64_t batch, const Call& call);
  /// The turn if no stream carries it out; else null.
  Turn Try(uint64_t batch);

 private:
  Turn TurnOf(uint64_t batch);
  void Leave(uint64_t batch);

  std::mutex mutex_;
  std::condition_variable left_;
  std::set<uint64_t> running_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_RUNNING_BATCHES_H_
