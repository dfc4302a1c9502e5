#include "server/http/deadlines.h"

#include <sys/socket.h>

namespace yima::server {
namespace {

constexpr std::chrono::milliseconds kSweepEvery{500};

}  // namespace

Deadlines::Deadlines() : sweeper_([this] { Sweep(); }) {}

Deadlines::~Deadlines() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  sweeper_.join();
}

Deadlines::Place Deadlines::Add(int socket, Clock::duration within) {
  const std::lock_guard lock(mutex_);
  connections_.push_front({socket, Clock::now() + within});
  return connections_.begin();
}

void Deadlines::Set(Place place, Clock::duration within) {
  const std::lock_guard lock(mutex_);
  place->due = Clock::now() + within;
}

void Deadlines::Remove(Place place) {
  const std::lock_guard lock(mutex_);
  connections_.erase(place);
}

void Deadlines::Sweep() {
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, kSweepEvery, [&] { return stopping_; })) {
    const auto now = Clock::now();
    for (auto& connection : connections_) {
      if (connection.due > now) continue;
      // The library sees an end and cleans up. Asked once: the socket is its own to close.
      shutdown(connection.socket, SHUT_RDWR);
      connection.due = Clock::time_point::max();
    }
  }
}

}  // namespace yima::server
