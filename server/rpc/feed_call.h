#ifndef YIMA_SERVER_RPC_FEED_CALL_H_
#define YIMA_SERVER_RPC_FEED_CALL_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "server/rpc/stream_call.h"

namespace yima::server {

class FeedCall;

/// Looks at all feeds ten times a second, on one thread: whether they have more to send, may still
/// be served, and are read. Thread-safe.
class FeedDesk {
 public:
  FeedDesk();
  ~FeedDesk();

  void Add(const std::shared_ptr<FeedCall>& feed);
  void Remove(const std::shared_ptr<FeedCall>& feed);

 private:
  void LookUntilStopped(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::set<std::shared_ptr<FeedCall>> feeds_;
  std::jthread thread_;
};

/// Serves one feed: reads its request, and sends what it gives while its client takes it. A message
/// at a time, so a slow client costs that message's memory. Owns itself.
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ServeFeed(
    const Method& method, grpc::CallbackServerContext* context, const Door& door);

}  // namespace yima::server

#endif  // YIMA_SERVER_RPC_FEED_CALL_H_
