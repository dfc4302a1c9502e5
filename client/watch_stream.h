#ifndef YIMA_CLIENT_WATCH_STREAM_H_
#define YIMA_CLIENT_WATCH_STREAM_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "client/client.h"
#include "client/connection.h"

namespace yima {

/// One Client::Watch from its token to its end, over as many connections as it takes: each begins
/// after the last message that the receiver took.
class WatchStream {
 public:
  WatchStream(std::shared_ptr<const Connection> connection, v1::WatchRequest request,
              Client::Receiver<v1::WatchResponse> receiver, Client::BreakReceiver on_break)
      : connection_(std::move(connection)),
        request_(std::move(request)),
        receiver_(std::move(receiver)),
        on_break_(std::move(on_break)) {}

  /// Once.
  Result<void> Run();
  /// Run gives CALL_CANCELLED, as soon as its receiver is done with the message of now. From any
  /// thread.
  void Cancel();

 private:
  Result<void> Attempt(const std::function<void()>& progress);
  Result<void> Take(const v1::WatchResponse& response);
  Result<void> Pause(const Error& broken, std::chrono::milliseconds pause);
  /// `call` is the one to cancel from now on.
  void Begun(const OngoingCall& call);
  Result<void> GoOn();

  const std::shared_ptr<const Connection> connection_;
  v1::WatchRequest request_;
  const Client::Receiver<v1::WatchResponse> receiver_;
  const Client::BreakReceiver on_break_;
  /// What the receiver says.
  Result<void> taken_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
  OngoingCall call_;
};

}  // namespace yima

#endif  // YIMA_CLIENT_WATCH_STREAM_H_
