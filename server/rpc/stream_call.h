#ifndef YIMA_SERVER_RPC_STREAM_CALL_H_
#define YIMA_SERVER_RPC_STREAM_CALL_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include <grpcpp/grpcpp.h>

#include "server/methods/method_table.h"

namespace yima::server {

/// What all streams share: how many run, and whether the server is stopping. Thread-safe.
class StreamCount {
 public:
  StreamCount(int max, std::chrono::milliseconds first_message_max)
      : max_(max), first_message_max_(first_message_max) {}

  /// False when as many run as may.
  bool Enter();
  void Leave();
  void WaitUntilNone();

  /// Asks all streams to end. Those that wait for their client end at once.
  void Stop() { stopping_.request_stop(); }
  std::stop_token stopping() const { return stopping_.get_token(); }
  std::chrono::milliseconds first_message_max() const { return first_message_max_; }

 private:
  const int max_;
  const std::chrono::milliseconds first_message_max_;
  std::stop_source stopping_;
  std::mutex mutex_;
  std::condition_variable none_;
  int running_ = 0;
};

/// Serves one stream, of requests or of responses or both, on a thread of its own, so that the
/// handler reads top to bottom while gRPC's few threads never wait. Owns itself.
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ServeStream(
    const Method& method, grpc::CallbackServerContext* context, StreamCount& count);

/// Between gRPC's slices and a string.
std::string ToString(const grpc::ByteBuffer& buffer);
grpc::ByteBuffer ToByteBuffer(std::string bytes);

/// The call as the rules see it. There are no doors yet, so everybody is "local".
Call MakeCall(const Method& method);

}  // namespace yima::server

#endif  // YIMA_SERVER_RPC_STREAM_CALL_H_
