#include "server/domain/running_batches.h"

#include <chrono>

#include "server/domain/batch_items.h"

namespace yima::server {

Result<RunningBatches::Turn> RunningBatches::Wait(uint64_t batch, const Call& call) {
  // A call that ends wakes nobody: it is asked.
  constexpr std::chrono::milliseconds kAskEvery(100);
  std::unique_lock lock(mutex_);
  while (!running_.insert(batch).second) {
    if (call.cancelled()) return CallEnded();
    left_.wait_for(lock, kAskEvery);
  }
  return TurnOf(batch);
}

RunningBatches::Turn RunningBatches::Try(uint64_t batch) {
  const std::lock_guard lock(mutex_);
  if (!running_.insert(batch).second) return nullptr;
  return TurnOf(batch);
}

RunningBatches::Turn RunningBatches::TurnOf(uint64_t batch) {
  // Not null, so that it can be told from none; it owns nothing but the turn.
  return Turn(this,
              [batch](void* batches) { static_cast<RunningBatches*>(batches)->Leave(batch); });
}

void RunningBatches::Leave(uint64_t batch) {
  const std::lock_guard lock(mutex_);
  running_.erase(batch);
  left_.notify_all();
}

}  // namespace yima::server
