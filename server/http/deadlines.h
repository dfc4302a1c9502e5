#ifndef YIMA_SERVER_HTTP_DEADLINES_H_
#define YIMA_SERVER_HTTP_DEADLINES_H_

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace yima::server {

/// Shuts down the sockets of connections that are too slow. libmicrohttpd's own timeout begins anew
/// with every byte, so a client that sends one a second would never meet it. Thread-safe.
class Deadlines {
 public:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    int socket = -1;
    Clock::time_point due;
  };
  using Place = std::list<Connection>::iterator;

  Deadlines();
  ~Deadlines();

  /// From when a connection is there until just before its socket is closed.
  Place Add(int socket, Clock::duration within);
  void Set(Place place, Clock::duration within);
  void Remove(Place place);

 private:
  void Sweep();

  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::list<Connection> connections_;
  std::thread sweeper_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_DEADLINES_H_
