#include "server/rpc/feed_call.h"

#include <atomic>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/methods/call_log.h"
#include "server/rpc/caller.h"
#include "server/rpc/status.h"

namespace yima::server {

using Clock = std::chrono::steady_clock;
using Bidi = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

namespace {

/// Of one feed while the others wait for the desk's thread.
constexpr int kMessagesAtATurn = 8;

}  // namespace

/// Whoever pulls or looks at the call's context is `busy_`; the call is not finished meanwhile, for
/// gRPC lets go of the context after that.
class FeedCall final : public Bidi, public std::enable_shared_from_this<FeedCall> {
 public:
  FeedCall(const Method& method, AdmittedStream admitted, grpc::CallbackServerContext* context,
           const Door& door)
      : method_(method),
        call_(std::move(admitted.call)),
        changes_(admitted.changes),
        context_(context),
        door_(door) {}

  void Begin() {
    self_ = shared_from_this();
    door_.desk.Add(self_);
    StartRead(&read_);
  }

  void OnReadDone(bool ok) override {
    const auto self = shared_from_this();
    if (!ok) {
      return End({StatusCode::kInvalidArgument, "REQUEST_MISSING",
                  "the stream ended before its request", ""});
    }
    auto opened = Open();
    read_.Clear();
    if (!opened) return End(opened.error());
    {
      const std::lock_guard lock(mutex_);
      pull_ = *std::move(opened);
    }
    Go();
  }

  void OnWriteDone(bool ok) override {
    const auto self = shared_from_this();
    {
      const std::lock_guard lock(mutex_);
      writing_ = false;
    }
    if (!ok) return End(CallerGone().value());
    Go();
  }

  void OnCancel() override {
    if (!ended_) End(CallerGone().value());
  }

  void OnDone() override {
    const auto self = std::exchange(self_, nullptr);
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
      pull_ = nullptr;
    }
    StreamCount& count = door_.feeds;
    door_.desk.Remove(self);
    count.Leave(call_.principal);
  }

  /// Now and then.
  void Look() {
    const auto now = Clock::now();
    const auto& limits = door_.feeds.limits();
    bool late = false;
    bool slow = false;
    {
      const std::lock_guard lock(mutex_);
      if (done_) return;
      if (ended_) {
        // What is not read keeps the status back; nobody waits for that for ever.
        if (now - ended_at_ > limits.read) context_->TryCancel();
        return;
      }
      late = !pull_ && now - began_ > limits.first_message;
      slow = writing_ && now - writing_since_ > limits.read;
    }
    if (late) return End(MessageLate());
    if (slow) return End(TooSlow());
    Go(kMessagesAtATurn);
  }

 private:
  /// Sends what there is until nothing is left or a message is under way; no more than that many.
  void Go(int messages_max = std::numeric_limits<int>::max()) {
    const auto self = shared_from_this();
    for (int sent = 0; sent < messages_max && Step(); ++sent) {
    }
  }

  /// One message; true when the next may be asked for at once.
  bool Step() {
    {
      const std::lock_guard lock(mutex_);
      if (ended_ || busy_) return false;
      busy_ = true;
    }
    Result<std::optional<std::string>> message = MayGoOn();
    std::unique_lock lock(mutex_);
    if (!message && !ended_) SetEnding(message.error());
    if (ended_ || !*message) {
      busy_ = false;
      return ended_ ? FinishUnlocked(lock) : false;
    }
    writing_ = true;
    writing_since_ = Clock::now();
    write_ = ToByteBuffer(**std::move(message));
    lock.unlock();
    StartWrite(&write_);
    lock.lock();
    busy_ = false;
    if (ended_) return FinishUnlocked(lock);
    // Done while nobody else could begin the next.
    return !writing_;
  }

  Result<Pull> Open() {
    try {
      return method_.feed(call_, ToString(read_));
    } catch (const std::exception& exception) {
      return Fail(StatusCode::kInternal, "EXCEPTION", exception.what());
    }
  }
  /// The next message, when the caller may still have it and can take one.
  Result<std::optional<std::string>> MayGoOn() {
    const auto most = door_.feeds.limits().stream;
    if (door_.feeds.stopping().stop_requested()) return tl::unexpected(ServerStopping());
    if (Clock::now() > began_ + most) return tl::unexpected(StreamTooLong(most));
    // A token that runs out is seen within a second; asking costs more than looking at a number.
    if (const auto now = Clock::now(); door_.gate.changes() != changes_ || now >= admit_again_) {
      YIMA_RETURN_IF_ERROR(door_.AdmitStill(method_, *context_, call_, changes_));
      admit_again_ = now + std::chrono::seconds(1);
    }
    {
      const std::lock_guard lock(mutex_);
      if (writing_ || !pull_) return std::nullopt;
    }
    try {
      return pull_();
    } catch (const std::exception& exception) {
      return Fail(StatusCode::kInternal, "EXCEPTION", exception.what());
    }
  }

  void End(const Error& error) {
    std::unique_lock lock(mutex_);
    if (ended_) return;
    SetEnding(error);
    if (!busy_) FinishUnlocked(lock);
  }

  void SetEnding(const Error& error) {
    ended_ = true;
    ended_at_ = Clock::now();
    ending_ = error;
  }

  /// Never under the lock: gRPC may call back at once.
  bool FinishUnlocked(std::unique_lock<std::mutex>& lock) {
    if (std::exchange(finished_, true)) return false;
    // A server that stops says so itself, and not once for each of a thousand.
    if (!door_.feeds.stopping().stop_requested() && IsCallLogged(&*ending_)) {
      LogCall({.method = method_.name,
               .principal = call_.principal,
               .traceparent = TraceparentOf(*context_),
               .error = &*ending_,
               .took = Clock::now() - began_});
    }
    grpc::Status status = ToStatus(*ending_);
    lock.unlock();
    Finish(std::move(status));
    return false;
  }

  Error MessageLate() const {
    return {StatusCode::kDeadlineExceeded,
            "MESSAGE_LATE",
            fmt::format("the stream's first message did not come within {} ms",
                        door_.feeds.limits().first_message.count()),
            {}};
  }
  Error TooSlow() const {
    return {StatusCode::kResourceExhausted,
            "WATCH_TOO_SLOW",
            fmt::format("a message was not taken within {} ms: ask again after the last one taken",
                        door_.feeds.limits().read.count()),
            {}};
  }

  const Method& method_;
  Call call_;
  uint64_t changes_;  ///< What the gate said of changes when the call was last let in.
  grpc::CallbackServerContext* const context_;
  const Door& door_;
  const Clock::time_point began_ = Clock::now();
  Clock::time_point admit_again_ = began_;
  std::shared_ptr<FeedCall> self_;  ///< Until gRPC is done with it.
  grpc::ByteBuffer read_;
  grpc::ByteBuffer write_;

  std::mutex mutex_;
  Pull pull_;
  bool busy_ = false;
  bool writing_ = false;
  bool finished_ = false;
  bool done_ = false;
  std::atomic<bool> ended_ = false;
  Clock::time_point writing_since_;
  Clock::time_point ended_at_;
  std::optional<Error> ending_;
};

FeedDesk::FeedDesk() : thread_([this](const std::stop_token& stop) { LookUntilStopped(stop); }) {}

FeedDesk::~FeedDesk() = default;

void FeedDesk::Add(const std::shared_ptr<FeedCall>& feed) {
  {
    const std::lock_guard lock(mutex_);
    feeds_.insert(feed);
  }
  woken_.notify_one();
}

void FeedDesk::Remove(const std::shared_ptr<FeedCall>& feed) {
  const std::lock_guard lock(mutex_);
  feeds_.erase(feed);
}

void FeedDesk::LookUntilStopped(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kEvery{100};
  while (!stop.stop_requested()) {
    std::vector<std::shared_ptr<FeedCall>> feeds;
    {
      std::unique_lock lock(mutex_);
      // Without feeds nothing is to be looked at.
      woken_.wait(lock, stop, [&] { return !feeds_.empty(); });
      woken_.wait_for(lock, stop, kEvery, [] { return false; });
      feeds.assign(feeds_.begin(), feeds_.end());
    }
    for (const auto& feed : feeds) feed->Look();
  }
}

Bidi* ServeFeed(const Method& method, grpc::CallbackServerContext* context, const Door& door) {
  auto admitted = AdmitStream(method, *context, door, door.feeds);
  if (!admitted) return admitted.error();
  const auto feed = std::make_shared<FeedCall>(method, *std::move(admitted), context, door);
  feed->Begin();
  return feed.get();
}

}  // namespace yima::server
