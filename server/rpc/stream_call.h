#ifndef YIMA_SERVER_RPC_STREAM_CALL_H_
#define YIMA_SERVER_RPC_STREAM_CALL_H_

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>

#include <grpcpp/grpcpp.h>

#include "server/access/gate.h"
#include "server/methods/method_table.h"

namespace yima::server {

/// What all streams share: how many run, of whom, and whether the server is stopping. Thread-safe.
class StreamCount {
 public:
  struct Limits {
    int all = 0;
    int a_caller = 0;
    std::chrono::milliseconds first_message{0};
    std::chrono::milliseconds message{0};  ///< Each after it.
    std::chrono::milliseconds read{0};
    std::chrono::milliseconds stream{0};  ///< All of it.
  };
  explicit StreamCount(const Limits& limits) : limits_(limits) {}

  /// TOO_MANY_STREAMS when as many run as may, of all callers or of this one.
  Result<void> Enter(const std::string& principal);
  void Leave(const std::string& principal);
  void WaitUntilNone();

  /// Asks all streams to end. Those that wait for their client end at once.
  void Stop() { stopping_.request_stop(); }
  std::stop_token stopping() const { return stopping_.get_token(); }
  const Limits& limits() const { return limits_; }

 private:
  const Limits limits_;
  std::stop_source stopping_;
  std::mutex mutex_;
  std::condition_variable none_;
  std::map<std::string, int> running_;  ///< By principal; none has 0.
  int all_running_ = 0;
};

class FeedDesk;

/// What every call passes. Lives as long as the server.
struct Door {
  Gate& gate;
  StreamCount& streams;
  StreamCount& feeds;
  FeedDesk& desk;
  std::chrono::milliseconds call_max{0};  ///< Of calls that are no streams.
  bool by_certificate = false;

  /// Fills in the call, or refuses it.
  Result<void> Admit(const Method& method, const grpc::CallbackServerContext& context,
                     Call& call) const;
  /// As Gate::AdmitStill.
  Result<void> AdmitStill(const Method& method, const grpc::CallbackServerContext& context,
                          const Call& call, uint64_t& changes) const;
};

/// Who asks too often is answered so late, so that one who asks on without a pause leaves time for
/// the others. Meanwhile the call holds memory, and no thread.
inline constexpr std::chrono::milliseconds kRefusalWait{100};

/// Serves one stream, of requests or of responses or both, on a thread of its own, so that the
/// handler reads top to bottom while gRPC's few threads never wait. Owns itself.
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ServeStream(
    const Method& method, grpc::CallbackServerContext* context, const Door& door);

/// Refuses a stream without a thread, at once or after a while. Owns itself.
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* RefuseStream(
    const Method& method, const grpc::CallbackServerContext& context, const Error& error,
    std::chrono::milliseconds wait = {});

/// Lets a caller in to a stream counted by `count`, with what the gate said of changes before that;
/// else gives what refuses it.
struct AdmittedStream {
  Call call;
  uint64_t changes = 0;
};
tl::expected<AdmittedStream, grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*>
AdmitStream(const Method& method, const grpc::CallbackServerContext& context, const Door& door,
            StreamCount& count);

/// Why a stream is over that its server ends.
Error ServerStopping();
Error StreamTooLong(std::chrono::milliseconds most);

/// Between gRPC's slices and a string.
std::string ToString(const grpc::ByteBuffer& buffer);
grpc::ByteBuffer ToByteBuffer(std::string bytes);

}  // namespace yima::server

#endif  // YIMA_SERVER_RPC_STREAM_CALL_H_
