#ifndef YIMA_SERVER_RPC_GRPC_SERVER_H_
#define YIMA_SERVER_RPC_GRPC_SERVER_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/access/gate.h"
#include "server/methods/method_table.h"

namespace yima::server {

/// The gRPC door: serves a table of methods with health (grpc.health.v1) and reflection.
/// Thread-safe.
class GrpcServer {
 public:
  struct Options {
    std::string address = "127.0.0.1:8340";  ///< host:port; port 0 takes a free one.
    /// However long its client would wait, a call that is no stream is given up by then.
    std::chrono::milliseconds call_max{60'000};
    /// Streams served at a time, each on a thread of its own; more are RESOURCE_EXHAUSTED.
    int streams_max = 64;
    /// Within which a stream's first message must come, since the stream holds a thread.
    std::chrono::milliseconds first_message_max{30'000};
    /// Streams that one principal may have at a time.
    int streams_a_caller = 16;
    /// Within which each later message must come.
    std::chrono::milliseconds message_max{600'000};
    /// Within which a client must take a message of its stream.
    std::chrono::milliseconds read_max{600'000};
    /// Feeds served at a time, and of one principal; they hold some kilobytes each, and no thread.
    int feeds_max = 4000;
    int feeds_a_caller = 2000;
    /// Within which a client must take a message of its feed, or it is cut off.
    std::chrono::milliseconds feed_read_max{60'000};
    /// After which a stream is asked to end: the same request goes on where it stopped.
    std::chrono::milliseconds stream_max{std::chrono::hours(12)};
    /// PEM files, read again when they change. Without them all is plain text.
    std::string certificate_file;
    std::string key_file;
    /// PEM file of who may issue client certificates; without it none is asked for.
    std::string client_ca_file;
  };

  /// Serves from here on whom the gate lets in; it must outlive the server. ADDRESS_UNAVAILABLE
  /// (UNAVAILABLE) when it cannot listen there.
  static Result<std::unique_ptr<GrpcServer>> Start(const std::vector<Method>& table, Gate& gate,
                                                   const Options& options);
  ~GrpcServer();

  /// Where it listens: the host asked for and the port taken.
  const std::string& address() const;

  /// What health answers from now on; calls are taken either way, and reads answered. From any
  /// thread, but not beside Stop.
  void SetServing(bool serving);

  /// Takes no more calls, lets those under way end for so long, then cancels them; streams are
  /// asked to stop at once, for the same request goes on later where they stopped.
  void Stop(std::chrono::milliseconds grace);

 private:
  struct Parts;
  explicit GrpcServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_RPC_GRPC_SERVER_H_
