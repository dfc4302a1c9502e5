#ifndef YIMA_CLIENT_TRANSPORT_H_
#define YIMA_CLIENT_TRANSPORT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <google/protobuf/message_lite.h>

#include "codegen/code/result.h"

namespace yima {

/// One connection to a server, by gRPC. Thread-safe. The only part of the client that knows gRPC.
///
/// Errors are those that the server sent, with reason and field. A call that never got an answer is
/// UNAVAILABLE SERVER_NOT_REACHED; it has been tried five times in some 1.5 seconds by then, as the
/// service config says.
class Transport {
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
  ~Transport();
  Transport(Transport&&) noexcept;
  Transport& operator=(Transport&&) noexcept;

  /// `method`: "yima.v1.RegistryService/GetFacility".
  Result<void> Unary(const char* method, const google::protobuf::MessageLite& request,
                     google::protobuf::MessageLite& response,
                     std::chrono::milliseconds deadline) const;

  /// Fills `response` anew for each message and calls `on_response`; an Error that this returns
  /// ends the call and is returned. No deadline: a stream ends with its work or with the
  /// connection.
  Result<void> Download(const char* method, const google::protobuf::MessageLite& request,
                        google::protobuf::MessageLite& response,
                        const std::function<Result<void>()>& on_response) const;

  /// Sends what `next` puts into `request` until it gives false, from a thread of its own, while
  /// `on_response` is called in the caller's. An Error of either ends the call and is returned.
  Result<void> Exchange(const char* method, google::protobuf::MessageLite& request,
                        const std::function<Result<bool>()>& next,
                        google::protobuf::MessageLite& response,
                        const std::function<Result<void>()>& on_response) const;

 private:
  struct Channel;
  std::unique_ptr<Channel> channel_;
};

/// 00-TRACEID-SPANID-FLAGS in lower-case hex digits, W3C Trace Context §3.2; no id all zeros.
bool IsTraceparent(std::string_view text);

}  // namespace yima

#endif  // YIMA_CLIENT_TRANSPORT_H_
