#ifndef YIMA_TESTS_SERVER_WATCHED_STORE_H_
#define YIMA_TESTS_SERVER_WATCHED_STORE_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "server/store/memory_store.h"
#include "server/store/store.h"

namespace yima::server::testing {

inline bool PutsFacilities(const store::Change& change) {
  return std::ranges::any_of(change.puts,
                             [](const auto& put) { return put.kind == store::Kind::kFacility; });
}

/// A store, in memory unless another is given, that tells how many snapshots are open, lets a test
/// act in the moment before a change is applied, and may apply changes late, as a disk does.
class WatchedStore final : public store::Store {
 public:
  explicit WatchedStore(std::unique_ptr<store::Store> over = store::OpenMemoryStore())
      : store_(std::move(over)) {}
  ~WatchedStore() override {
    {
      const std::scoped_lock lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  /// Of all threads.
  int open_snapshots() const { return open_snapshots_; }
  /// Called with each change; may itself write to the store that it is given.
  std::function<void(store::Store& store, const store::Change& change)> before_apply;

  /// Called with each change when it comes, on the thread that brings it, before it waits.
  std::function<void(const store::Change& change)> on_come;

  /// From now on changes are applied in their order on a thread of its own; one that puts
  /// facilities once another one waits behind it: what is planned meanwhile is planned without it.
  /// The last one waits for none longer than a second.
  void BeLate() {
    thread_ = std::thread([this] { ApplyLate(); });
  }
  /// Changes that waited at the same time.
  size_t most_waiting() const {
    const std::scoped_lock lock(mutex_);
    return most_waiting_;
  }

  void Apply(store::Change change, std::function<void(store::Outcome)> done) override {
    if (on_come) on_come(change);
    if (!thread_.joinable()) return ApplyNow(std::move(change), std::move(done));
    {
      const std::scoped_lock lock(mutex_);
      waiting_.emplace_back(std::move(change), std::move(done));
      most_waiting_ = std::max(most_waiting_, waiting_.size());
    }
    changed_.notify_all();
  }
  Result<uint64_t> Reserve(std::string_view sequence, uint64_t n) override {
    return store_->Reserve(sequence, n);
  }
  std::unique_ptr<store::Snapshot> Read() const override {
    return std::make_unique<Watched>(store_->Read(), open_snapshots_);
  }
  void Scrub(std::function<void(Result<bool>)> done) override { store_->Scrub(std::move(done)); }
  Result<uint64_t> ForgetRequests(TimeUs before) override { return store_->ForgetRequests(before); }
  Result<void> LinkHistory(std::vector<store::EntryOwner> entries) override {
    return store_->LinkHistory(std::move(entries));
  }

 private:
  class Watched final : public store::Snapshot {
   public:
    Watched(std::unique_ptr<store::Snapshot> snapshot, std::atomic<int>& open)
        : snapshot_(std::move(snapshot)), open_(open) {
      ++open_;
    }
    ~Watched() override { --open_; }

    Result<std::optional<store::Record>> Get(store::Kind kind, uint64_t id) const override {
      return snapshot_->Get(kind, id);
    }
    Result<uint64_t> Holder(store::Index index, std::string_view key) const override {
      return snapshot_->Holder(index, key);
    }
    Result<int64_t> Counter(std::string_view counter) const override {
      return snapshot_->Counter(counter);
    }
    Result<std::optional<store::Request>> FindRequest(std::string_view principal,
                                                      std::string_view method,
                                                      std::string_view request_id) const override {
      return snapshot_->FindRequest(principal, method, request_id);
    }
    Result<void> Scan(store::Kind kind, uint64_t after, const std::vector<std::string>& terms,
                      const Visitor& visit) const override {
      return snapshot_->Scan(kind, after, terms, visit);
    }
    Result<void> ScanClaims(store::Index index, std::string_view prefix,
                            const ClaimVisitor& visit) const override {
      return snapshot_->ScanClaims(index, prefix, visit);
    }
    Result<void> ScanCounters(const CounterVisitor& visit) const override {
      return snapshot_->ScanCounters(visit);
    }
    Result<void> ScanTerms(store::Kind kind, const TermVisitor& visit) const override {
      return snapshot_->ScanTerms(kind, visit);
    }
    Result<uint64_t> LogSize() const override { return snapshot_->LogSize(); }
    Result<void> ScanLog(uint64_t from, const LogVisitor& visit) const override {
      return snapshot_->ScanLog(from, visit);
    }
    Result<void> ScanHistory(store::Kind kind, uint64_t id, uint64_t before,
                             const LogVisitor& visit) const override {
      return snapshot_->ScanHistory(kind, id, before, visit);
    }
    Result<void> ScanLastEntries(store::Kind kind, const LastEntryVisitor& visit) const override {
      return snapshot_->ScanLastEntries(kind, visit);
    }
    Result<void> ScanPlaces(const store::Box& box, const PlaceVisitor& visit) const override {
      return snapshot_->ScanPlaces(box, visit);
    }

   private:
    std::unique_ptr<store::Snapshot> snapshot_;
    std::atomic<int>& open_;
  };

  void ApplyNow(store::Change change, std::function<void(store::Outcome)> done) {
    if (before_apply) before_apply(*store_, change);
    store_->Apply(std::move(change), std::move(done));
  }
  void ApplyLate() {
    constexpr auto kLateness = std::chrono::seconds(1);
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return ended_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      if (PutsFacilities(waiting_.front().first)) {
        changed_.wait_for(lock, kLateness, [&] { return ended_ || waiting_.size() > 1; });
      }
      auto [change, done] = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      ApplyNow(std::move(change), std::move(done));
      lock.lock();
    }
  }

  std::unique_ptr<store::Store> store_;
  mutable std::atomic<int> open_snapshots_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<store::Change, std::function<void(store::Outcome)>>> waiting_;
  size_t most_waiting_ = 0;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_WATCHED_STORE_H_
