#include "server/rpc/stream_call.h"

#include <atomic>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <grpc/grpc.h>
#include <grpcpp/alarm.h>
#include <spdlog/spdlog.h>

#include "server/methods/call_log.h"
#include "server/rpc/caller.h"
#include "server/rpc/status.h"

namespace yima::server {

Result<void> StreamCount::Enter(const std::string& principal) {
  const std::lock_guard lock(mutex_);
  if (all_running_ >= limits_.all) {
    return Fail(StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                "as many streams are served as may be; ask again later");
  }
  int& running = running_[principal];
  if (running >= limits_.a_caller) {
    return Fail(StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                fmt::format("principal {} has {} streams under way, as many as one may have",
                            principal, running));
  }
  ++running;
  ++all_running_;
  return {};
}

void StreamCount::Leave(const std::string& principal) {
  const std::lock_guard lock(mutex_);
  const auto found = running_.find(principal);
  if (--found->second == 0) running_.erase(found);
  if (--all_running_ == 0) none_.notify_all();
}

void StreamCount::WaitUntilNone() {
  std::unique_lock lock(mutex_);
  none_.wait(lock, [&] { return all_running_ == 0; });
}

Result<void> Door::Admit(const Method& method, const grpc::CallbackServerContext& context,
                         Call& call) const {
  std::string certificate;
  call.method = method.name;
  return gate.Admit(method.name, method.roles, CredentialsOf(context, by_certificate, certificate),
                    call);
}

Result<void> Door::AdmitStill(const Method& method, const grpc::CallbackServerContext& context,
                              const Call& call, uint64_t& changes) const {
  std::string certificate;
  return gate.AdmitStill(call, changes, method.name, method.roles,
                         CredentialsOf(context, by_certificate, certificate));
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const auto& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::ByteBuffer ToByteBuffer(std::string bytes) {
  // Long messages keep the string's own memory; short ones are cheaper copied.
  constexpr size_t kCopyMax = 1024;
  if (bytes.size() <= kCopyMax) {
    const grpc::Slice slice(bytes.data(), bytes.size());
    return {&slice, 1};
  }
  auto* kept = new std::string(std::move(bytes));
  const grpc::Slice slice(
      kept->data(), kept->size(), [](void* text) { delete static_cast<std::string*>(text); }, kept);
  return {&slice, 1};
}

namespace {

const Error kStopping{
    StatusCode::kUnavailable, "SERVER_STOPPING", "the server is stopping; ask again", {}};

using Clock = std::chrono::steady_clock;
using Bidi = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

/// Refuses without a thread, at once or later.
class RefusedStream final : public Bidi {
 public:
  RefusedStream(const Method& method, const grpc::CallbackServerContext& context,
                const Error& error, std::chrono::milliseconds wait = {}) {
    if (IsCallLogged(&error)) {
      LogCall({.method = method.name, .traceparent = TraceparentOf(context), .error = &error});
    }
    if (wait.count() == 0) {
      Finish(ToStatus(error));
      return;
    }
    alarm_.Set(std::chrono::system_clock::now() + wait,
               [this, status = ToStatus(error)](bool) { Finish(status); });
  }
  void OnDone() override { delete this; }

 private:
  grpc::Alarm alarm_;
};

class StreamCall final : public Bidi {
 public:
  /// Throws std::system_error when no thread can be started.
  StreamCall(const Method& method, Call call, uint64_t changes,
             grpc::CallbackServerContext* context, const Door& door)
      : method_(method),
        call_(std::move(call)),
        changes_(changes),
        context_(context),
        door_(door),
        count_(door.streams) {
    std::thread([this] { Run(); }).detach();
  }

  void OnReadDone(bool ok) override { Settle(reading_, ok); }
  void OnWriteDone(bool ok) override { Settle(writing_, ok); }
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override {
    StreamCount& count = count_;
    const std::string principal = std::move(call_.principal);
    delete this;
    count.Leave(principal);
  }

 private:
  void Run() {
    call_.cancelled = [this] { return cancelled_ || !MayGoOn(); };
    const auto source = [this](std::string& bytes) { return Next(bytes); };
    const auto sink = [this](std::string bytes) { return Send(std::move(bytes)); };
    Result<void> served;
    try {
      served = method_.stream(call_, source, sink);
    } catch (const std::exception& exception) {
      served = Fail(StatusCode::kInternal, "EXCEPTION", exception.what());
    }
    // What was answered comes before the end, however that is.
    const auto taken = WaitUntilTaken();
    grpc::Status status = End(served ? taken : served);
    // The last use of this object: OnDone may delete it before Finish returns.
    Finish(std::move(status));
  }

  grpc::Status End(const Result<void>& served) {
    const std::lock_guard lock(ending_mutex_);
    const Error* error = served ? nullptr : ending_ ? &*ending_ : &served.error();
    if (IsCallLogged(error)) {
      LogCall({.method = method_.name,
               .principal = call_.principal,
               .request_id = request_id_,
               .traceparent = TraceparentOf(*context_),
               .error = error,
               .took = Clock::now() - began_});
    }
    return error == nullptr ? grpc::Status::OK : ToStatus(*error);
  }

  /// A token that is revoked, or bounds that are drawn closer, end what was begun under them; a
  /// server that stops, everything.
  bool MayGoOn() {
    const std::lock_guard lock(ending_mutex_);
    if (ending_) return false;
    const auto most = count_.limits().stream;
    if (count_.stopping().stop_requested()) {
      ending_ = kStopping;
    } else if (Clock::now() > began_ + most) {
      ending_ = StreamTooLong(most);
    } else if (auto admitted = door_.AdmitStill(method_, *context_, call_, changes_); !admitted) {
      ending_ = std::move(admitted).error();
    }
    return !ending_;
  }

  // Pipelined, one message is being sent and another read while one is worked on: a thread that
  // waited for each would be woken twice a message.

  Result<bool> Next(std::string& bytes) {
    if (!IsUnderWay(reading_)) StartReading();
    // With nothing to work on, nothing is lost by waiting for the other.
    if (!IsSettled(reading_)) YIMA_RETURN_IF_ERROR(WaitUntilTaken());
    {
      // A client may take its time; a server that stops does not wait for it. The read that is left
      // behind ends with the call, and this object after it.
      std::unique_lock lock(mutex_);
      if (!WaitForClient(lock)) {
        cancelled_ = true;  // Nothing may be sent or read any more.
        return count_.stopping().stop_requested() ? Stopping() : Late();
      }
    }
    const bool read = Take(reading_);
    if (cancelled_ || !MayGoOn()) return CallerGone();
    if (!read) return false;
    bytes = ToString(read_);
    if (method_.pipelined) StartReading();
    if (!std::exchange(begun_, true)) request_id_ = RequestIdIn(method_.name, bytes);
    return true;
  }

  /// False when the server stops, or a message does not come.
  bool WaitForClient(std::unique_lock<std::mutex>& lock) {
    return changed_.wait_for(lock, count_.stopping(), MessageWithin(),
                             [&] { return reading_.settled; });
  }
  std::chrono::milliseconds MessageWithin() const {
    return begun_ ? count_.limits().message : count_.limits().first_message;
  }

  Result<void> Send(std::string bytes) {
    if (cancelled_) return CallerGone();
    YIMA_RETURN_IF_ERROR(WaitUntilTaken());
    written_ = ToByteBuffer(std::move(bytes));
    Begin(writing_);
    StartWrite(&written_);
    return method_.pipelined ? Result<void>() : WaitUntilTaken();
  }
  /// The message that is being sent, if there is one.
  Result<void> WaitUntilTaken() {
    if (!IsUnderWay(writing_)) return {};
    // Who does not read must not hold a thread for ever.
    if (!IsTaken()) CutOff();
    if (!Take(writing_) || cancelled_) return CallerGone();
    return {};
  }
  bool IsTaken() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, TakeWithin(), [&] { return writing_.settled; });
  }
  std::chrono::milliseconds TakeWithin() const {
    return method_.take_max.count() != 0 ? method_.take_max : count_.limits().read;
  }

  /// A status that waits behind what the client does not take would never come to it: this one goes
  /// past, but has no room for details, so its reason stands before its message. Holds no lock
  /// while it cancels: what was under way may end within that call.
  void CutOff() {
    Error error{StatusCode::kResourceExhausted,
                "STREAM_TOO_SLOW",
                fmt::format("a message was not taken within {} ms", TakeWithin().count()),
                {}};
    const std::string status = fmt::format("{}: {}", error.reason, error.message);
    {
      const std::lock_guard lock(ending_mutex_);
      ending_ = std::move(error);
    }
    cancelled_ = true;
    grpc_call_cancel_with_status(context_->c_call(), GRPC_STATUS_RESOURCE_EXHAUSTED, status.c_str(),
                                 nullptr);
  }

  static tl::unexpected<Error> Stopping() { return tl::unexpected(kStopping); }

  tl::unexpected<Error> Late() const {
    return Fail(StatusCode::kDeadlineExceeded, "MESSAGE_LATE",
                fmt::format("the stream's {} message did not come within {} ms",
                            begun_ ? "next" : "first", MessageWithin().count()));
  }

  /// A read or a write.
  struct Operation {
    bool under_way = false;
    bool settled = false;
    bool ok = false;
  };

  void StartReading() {
    Begin(reading_);
    StartRead(&read_);
  }
  void Begin(Operation& operation) {
    const std::lock_guard lock(mutex_);
    operation.under_way = true;
  }
  void Settle(Operation& operation, bool ok) {
    const std::lock_guard lock(mutex_);
    operation.settled = true;
    operation.ok = ok;
    changed_.notify_one();
  }
  bool IsUnderWay(const Operation& operation) {
    const std::lock_guard lock(mutex_);
    return operation.under_way;
  }
  bool IsSettled(const Operation& operation) {
    const std::lock_guard lock(mutex_);
    return operation.settled;
  }
  /// Waits for it and ends it.
  bool Take(Operation& operation) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return operation.settled; });
    return std::exchange(operation, {}).ok;
  }

  const Method& method_;
  Call call_;
  std::mutex ending_mutex_;
  uint64_t changes_;             ///< What the gate said of changes when the call was last let in.
  std::optional<Error> ending_;  ///< Why it may not go on.
  grpc::CallbackServerContext* const context_;
  const Door& door_;
  StreamCount& count_;
  std::atomic<bool> cancelled_ = false;
  const Clock::time_point began_ = Clock::now();
  bool begun_ = false;  ///< A first message came.
  std::string request_id_;
  grpc::ByteBuffer read_;
  grpc::ByteBuffer written_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Operation reading_;
  Operation writing_;
};

}  // namespace

Bidi* RefuseStream(const Method& method, const grpc::CallbackServerContext& context,
                   const Error& error, std::chrono::milliseconds wait) {
  return new RefusedStream(method, context, error, wait);
}

tl::expected<AdmittedStream, Bidi*> AdmitStream(const Method& method,
                                                const grpc::CallbackServerContext& context,
                                                const Door& door, StreamCount& count) {
  const auto refuse = [&](const Error& error, std::chrono::milliseconds wait = {}) {
    return tl::unexpected<Bidi*>(RefuseStream(method, context, error, wait));
  };
  if (count.stopping().stop_requested()) return refuse(ServerStopping());
  // Read first: what changes meanwhile is looked at again.
  AdmittedStream admitted{{}, door.gate.changes()};
  if (const auto let = door.Admit(method, context, admitted.call); !let) {
    const bool too_often = let.error().code == StatusCode::kResourceExhausted;
    return refuse(let.error(), too_often ? kRefusalWait : std::chrono::milliseconds(0));
  }
  if (const auto entered = count.Enter(admitted.call.principal); !entered) {
    door.gate.NoteIfRefused(admitted.call, entered.error());
    return refuse(entered.error());
  }
  return admitted;
}

Error ServerStopping() { return kStopping; }

Error StreamTooLong(std::chrono::milliseconds most) {
  return {StatusCode::kUnavailable,
          "STREAM_TOO_LONG",
          fmt::format("streams last {} s at most: ask again, and it goes on where it stopped",
                      std::chrono::duration_cast<std::chrono::seconds>(most).count()),
          {}};
}

Bidi* ServeStream(const Method& method, grpc::CallbackServerContext* context, const Door& door) {
  auto admitted = AdmitStream(method, *context, door, door.streams);
  if (!admitted) return admitted.error();
  const std::string principal = admitted->call.principal;
  try {
    return new StreamCall(method, std::move(admitted->call), admitted->changes, context, door);
  } catch (const std::system_error& error) {
    door.streams.Leave(principal);
    spdlog::error("{}: no thread for a stream: {}", method.name, error.what());
    return RefuseStream(method, *context,
                        {StatusCode::kResourceExhausted,
                         "THREADS_USED_UP",
                         "no thread can be started for the stream; ask again later",
                         {}});
  }
}

}  // namespace yima::server
