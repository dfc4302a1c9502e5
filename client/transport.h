#ifndef YIMA_CLIENT_TRANSPORT_H_
#define YIMA_CLIENT_TRANSPORT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "client/connection.h"

namespace yima {

/// One connection to a server, by gRPC. Thread-safe. The only part of the client that knows gRPC.
///
/// Errors are those that the server sent, with reason and field. A call that never got an answer is
/// UNAVAILABLE SERVER_NOT_REACHED; it has been tried five times in some 1.5 seconds by then, as the
/// service config says.
class Transport final : public Connection {
 public:
  /// How the server is reached and what it is shown.
  struct Options {
    std::string server = {};  ///< `host:port`.
    std::string token = {};   ///< `yima_…`; empty: none.
    std::string ca = {};      ///< PEM of who issued the server's certificate; empty: the system's.
    std::string certificate = {};  ///< PEM of the caller's own certificate, with `key`; or empty.
    std::string key = {};
    /// Of W3C Trace Context: each call is a span of its trace. Ignored when it is none.
    std::string traceparent = {};
  };
  /// Plain text to a loopback address without a `ca`, TLS otherwise. Connects with the first call.
  explicit Transport(Options options);
  ~Transport() override;

  Result<void> Unary(const char* method, const Message& request, Message& response,
                     std::chrono::milliseconds deadline) const override;
  /// `done` is called on one of gRPC's few threads: it must not wait, and may begin other calls. It
  /// is called even when the Transport is gone by then.
  OngoingCall Begin(const char* method, std::shared_ptr<const Message> request,
                    std::shared_ptr<Message> response, std::chrono::milliseconds deadline,
                    std::function<void(Result<void>)> done) const override;
  Result<void> Download(
      const char* method, const Message& request, Message& response,
      const std::function<Result<void>()>& on_response,
      const std::function<void(const OngoingCall&)>& on_begin = {}) const override;
  Result<void> Exchange(const char* method, Message& request,
                        const std::function<Result<bool>()>& next, Message& response,
                        const std::function<Result<void>()>& on_response,
                        const std::function<void()>& on_end = {}) const override;

 private:
  struct Channel;
  std::unique_ptr<const Channel> channel_;
};

}  // namespace yima

#endif  // YIMA_CLIENT_TRANSPORT_H_
