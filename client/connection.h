#ifndef YIMA_CLIENT_CONNECTION_H_
#define YIMA_CLIENT_CONNECTION_H_

#include <chrono>
#include <functional>
#include <memory>

#include <google/protobuf/message_lite.h>

#include "codegen/code/result.h"

namespace yima {

/// A call that was begun and goes on by itself. Copies are of the same call; letting go of all of
/// them changes nothing.
class OngoingCall {
 public:
  OngoingCall() = default;
  explicit OngoingCall(std::function<void()> cancel) : cancel_(std::move(cancel)) {}

  /// Its end comes as CANCELLED CALL_CANCELLED, unless it has come already. What a write had done
  /// by then stays done. Thread-safe; returns at once.
  void Cancel() const {
    if (cancel_) cancel_();
  }

 private:
  std::function<void()> cancel_;
};

/// How calls reach a registry: by gRPC (`Transport`), or answered by a test (`FakeRegistry`).
/// Thread-safe. `method` reads "yima.v1.RegistryService/GetFacility".
class Connection {
 public:
  using Message = google::protobuf::MessageLite;

  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  /// Asks once, is answered once.
  virtual Result<void> Unary(const char* method, const Message& request, Message& response,
                             std::chrono::milliseconds deadline) const = 0;

  /// The same without waiting: `done` is called once, on another thread, when `response` is filled
  /// or an Error came instead.
  virtual OngoingCall Begin(const char* method, std::shared_ptr<const Message> request,
                            std::shared_ptr<Message> response, std::chrono::milliseconds deadline,
                            std::function<void(Result<void>)> done) const = 0;

  /// Fills `response` anew for each message and calls `on_response`; an Error that this returns
  /// ends the call and is returned. No deadline: a stream ends with its work or with the
  /// connection. `on_begin` is shown the call before it waits, so that another thread can end it.
  virtual Result<void> Download(
      const char* method, const Message& request, Message& response,
      const std::function<Result<void>()>& on_response,
      const std::function<void(const OngoingCall&)>& on_begin = {}) const = 0;

  /// Sends what `next` puts into `request` until it gives false, from a thread of its own, while
  /// `on_response` is called in the caller's. An Error of either ends the call and is returned.
  /// `on_end` is called when no more responses come, so that `next` waits for nothing any more.
  virtual Result<void> Exchange(const char* method, Message& request,
                                const std::function<Result<bool>()>& next, Message& response,
                                const std::function<Result<void>()>& on_response,
                                const std::function<void()>& on_end = {}) const = 0;
};

}  // namespace yima

#endif  // YIMA_CLIENT_CONNECTION_H_
