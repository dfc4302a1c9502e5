#ifndef YIMA_SERVER_DOMAIN_REGISTRY_NOW_H_
#define YIMA_SERVER_DOMAIN_REGISTRY_NOW_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "yima/v1/registry.pb.h"

namespace yima::server {

/// The registry's own record as it is now, for everybody who reads it often: one atomic load.
/// Changes are rare, so each version stays until the end, and whoever looks at one may go on doing
/// so. Thread-safe.
class RegistryNow {
 public:
  explicit RegistryNow(v1::Registry record) { Set(std::move(record)); }

  const v1::Registry& operator*() const { return *now_.load(std::memory_order_acquire); }
  const v1::Registry* operator->() const { return now_.load(std::memory_order_acquire); }

  /// After the change is durable.
  void Set(v1::Registry record) {
    const std::lock_guard lock(mutex_);
    versions_.push_back(std::make_unique<const v1::Registry>(std::move(record)));
    now_.store(versions_.back().get(), std::memory_order_release);
  }

 private:
  std::atomic<const v1::Registry*> now_ = nullptr;
  std::mutex mutex_;
  std::vector<std::unique_ptr<const v1::Registry>> versions_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_REGISTRY_NOW_H_
