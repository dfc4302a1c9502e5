#include "tools/bench.d/slow_crowd.h"

#include <chrono>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace yima::bench {
namespace {

constexpr std::string_view kBegun = "GET / HTTP/1.1\r\nHost: QR.EXAMPLE.CN\r\nX: ";

constexpr size_t kTicksASecond = 100;
constexpr std::chrono::milliseconds kTick{1000 / kTicksASecond};
/// Until the server has taken them all.
constexpr std::chrono::seconds kSettle{1};

}  // namespace

SlowCrowd::SlowCrowd(const std::string& address) {
  const size_t colon = address.rfind(':');
  address_.sin_family = AF_INET;
  address_.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &address_.sin_addr);
}

Result<std::unique_ptr<SlowCrowd>> SlowCrowd::Gather(const std::string& address, unsigned clients) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  std::unique_ptr<SlowCrowd> crowd(new SlowCrowd(address));
  for (unsigned i = 0; i < clients; ++i) {
    const int client = crowd->Connect();
    if (client < 0) {
      return Fail(StatusCode::kInternal, "CROWD_FAILED",
                  fmt::format("client {} of {} could not connect", i + 1, clients));
    }
    crowd->sockets_.push_back(client);
  }
  crowd->dripping_ =
      std::jthread([c = crowd.get()](const std::stop_token& stop) { c->Drip(stop); });
  std::this_thread::sleep_for(kSettle);
  return crowd;
}

SlowCrowd::~SlowCrowd() {
  dripping_ = {};
  for (const int client : sockets_) close(client);
}

int SlowCrowd::Connect() const {
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (client < 0) return -1;
  if (connect(client, reinterpret_cast<const sockaddr*>(&address_), sizeof(address_)) == 0 &&
      send(client, kBegun.data(), kBegun.size(), MSG_NOSIGNAL) > 0) {
    return client;
  }
  close(client);
  return -1;
}

void SlowCrowd::Drip(const std::stop_token& stop) {
  // Spread over the second: strangers do not send all at the same moment.
  const size_t each_tick = sockets_.size() / 2 / kTicksASecond + 1;
  for (size_t next = 0; !stop.stop_requested(); std::this_thread::sleep_for(kTick)) {
    for (size_t n = 0; n < each_tick; ++n, next = (next + 2) % sockets_.size()) {
      int& client = sockets_[next];
      if (client >= 0 && send(client, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) continue;
      if (client >= 0) close(client);
      client = Connect();
    }
  }
}

}  // namespace yima::bench
