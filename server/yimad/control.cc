#include "server/yimad/control.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <poll.h>
#include <sodium.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace yima::server {
namespace {

constexpr size_t kLineMax = size_t{4} << 20;  // a bundle has room in it
constexpr int kLookMs = 200;
constexpr time_t kPatienceSeconds = 10;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

  /// Nobody holds up the others for long.
  void SetPatience(time_t seconds) const {
    const timeval patience{seconds, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  }
  bool Write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  std::optional<std::string> ReadLine() const {
    std::string line;
    char part[4096];
    while (!line.ends_with('\n')) {
      const ssize_t got = recv(fd_, part, sizeof(part), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0 || line.size() > kLineMax) return std::nullopt;
      line.append(part, static_cast<size_t>(got));
    }
    return line;
  }

 private:
  int fd_;
};

std::filesystem::path FileIn(const std::filesystem::path& folder) { return folder / "control"; }

std::optional<sockaddr_un> AddressOf(const std::filesystem::path& file) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = file.string();
  if (path.size() >= sizeof(address.sun_path)) return std::nullopt;
  std::ranges::copy(path, address.sun_path);
  return address;
}

const sockaddr* AsAddress(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// The folder keeps others out; this holds where somebody has opened it to more.
bool IsOwner(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == geteuid() || peer.uid == 0);
}

Order ToOrder(const Error& error) {
  return {{"code", static_cast<int>(error.code)},
          {"reason", error.reason},
          {"message", error.message},
          {"field", error.field}};
}

Order Answer(const ControlDoor::Handler& handler, const std::string& line) {
  Result<Order> done = Invalid("REQUEST_MALFORMED", "the order is no JSON object");
  try {
    const Order order = Order::parse(line);
    if (order.is_object()) done = handler(order);
  } catch (const std::exception& exception) {
    done = Invalid("REQUEST_MALFORMED", exception.what());
  }
  if (done) return {{"done", *done}};
  return {{"error", ToOrder(done.error())}};
}

}  // namespace

ControlDoor::ControlDoor(int fd, std::filesystem::path file, Handler handler)
    : fd_(fd),
      file_(std::move(file)),
      handler_(std::move(handler)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Result<std::unique_ptr<ControlDoor>> ControlDoor::Open(const std::filesystem::path& folder,
                                                       Handler handler) {
  const auto file = FileIn(folder);
  const auto refuse = [&](const std::string& why) {
    return Fail(StatusCode::kFailedPrecondition, "CONTROL_UNAVAILABLE",
                fmt::format("cannot listen at {}: {}", file.string(), why));
  };
  const auto address = AddressOf(file);
  if (!address) return refuse("the name is too long for a socket");
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return refuse(std::strerror(errno));
  // Left by a server that was killed: the folder's lock says that no other one listens there.
  unlink(file.c_str());
  if (bind(socket.get(), AsAddress(*address), sizeof(*address)) != 0 ||
      chmod(file.c_str(), 0600) != 0 || listen(socket.get(), 8) != 0) {
    return refuse(std::strerror(errno));
  }
  return std::unique_ptr<ControlDoor>(new ControlDoor(socket.release(), file, std::move(handler)));
}

ControlDoor::~ControlDoor() {
  thread_.request_stop();
  thread_.join();
  close(fd_);
  unlink(file_.c_str());
}

void ControlDoor::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{fd_, POLLIN, 0};
    if (poll(&waiting, 1, kLookMs) <= 0) continue;
    const Socket peer(accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC));
    if (peer.get() < 0) usleep(kLookMs * 1000);  // Most likely no descriptor is free.
    if (peer.get() < 0 || !IsOwner(peer.get())) continue;
    peer.SetPatience(kPatienceSeconds);
    const auto line = peer.ReadLine();
    if (!line) continue;
    peer.Write(Answer(handler_, *line).dump(-1, ' ', false, Order::error_handler_t::replace) +
               "\n");
  }
}

Result<Order> Send(const std::filesystem::path& folder, const Order& order) {
  const auto address = AddressOf(FileIn(folder));
  const Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto unreachable = [&](std::string_view why) {
    return Fail(StatusCode::kUnavailable, "CONTROL_UNREACHABLE",
                fmt::format("another process holds {}, and no server answers at {}: {}",
                            folder.string(), FileIn(folder).string(), why),
                "--data");
  };
  if (!address || connect(socket.get(), AsAddress(*address), sizeof(*address)) != 0) {
    return unreachable(std::strerror(errno));
  }
  socket.SetPatience(6 * kPatienceSeconds);
  if (!socket.Write(order.dump() + "\n")) return unreachable("it hung up");
  const auto line = socket.ReadLine();
  const Order answer = line ? Order::parse(*line, nullptr, false) : Order();
  if (answer.contains("done")) return answer["done"];
  if (!answer.contains("error")) return unreachable("it hung up; see whether the order was done");
  const Order& error = answer["error"];
  return tl::unexpected(Error{static_cast<StatusCode>(error.value("code", 0)),
                              error.value("reason", ""), error.value("message", ""),
                              error.value("field", "")});
}

}  // namespace yima::server
