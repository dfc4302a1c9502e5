#include "client/watch_stream.h"

#include "client/resume.h"

namespace yima {
namespace {

tl::unexpected<Error> Cancelled() {
  return Fail(StatusCode::kCancelled, "CALL_CANCELLED", "the caller cancelled it");
}

}  // namespace

Result<void> WatchStream::Run() {
  auto ended =
      Resuming([this](const std::function<void()>& progress) { return Attempt(progress); },
               {.pause = [this](const Error& broken,
                                std::chrono::milliseconds pause) { return Pause(broken, pause); },
                .for_ever = on_break_ != nullptr});
  // Cancelled while a connection broke, too.
  YIMA_RETURN_IF_ERROR(GoOn());
  if (!taken_) return taken_;
  return ended;
}

void WatchStream::Cancel() {
  OngoingCall call;
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    call = call_;
  }
  changed_.notify_all();
  call.Cancel();
}

Result<void> WatchStream::Attempt(const std::function<void()>& progress) {
  YIMA_RETURN_IF_ERROR(GoOn());
  v1::WatchResponse response;
  const auto ended = connection_->Download(
      "yima.v1.RegistryService/Watch", request_, response,
      [&]() -> Result<void> {
        YIMA_RETURN_IF_ERROR(Take(response));
        progress();
        return {};
      },
      [this](const OngoingCall& call) { Begun(call); });
  // The receiver's own Error is no broken connection, whatever it looks like.
  if (!taken_) return {};
  if (!ended) return ended;
  return Fail(StatusCode::kUnavailable, "SERVER_STOPPING", "the server ended the watch");
}

Result<void> WatchStream::Take(const v1::WatchResponse& response) {
  YIMA_RETURN_IF_ERROR(GoOn());
  taken_ = receiver_(response);
  if (taken_) request_.set_after(response.next());
  return taken_;
}

Result<void> WatchStream::Pause(const Error& broken, std::chrono::milliseconds pause) {
  YIMA_RETURN_IF_ERROR(GoOn());
  if (on_break_) YIMA_RETURN_IF_ERROR(on_break_(broken));
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, pause, [this] { return cancelled_; });
  if (cancelled_) return Cancelled();
  return {};
}

void WatchStream::Begun(const OngoingCall& call) {
  {
    const std::lock_guard lock(mutex_);
    call_ = call;
    if (!cancelled_) return;
  }
  call.Cancel();
}

Result<void> WatchStream::GoOn() {
  const std::lock_guard lock(mutex_);
  if (cancelled_) return Cancelled();
  return {};
}

}  // namespace yima
