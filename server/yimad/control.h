#ifndef YIMA_SERVER_YIMAD_CONTROL_H_
#define YIMA_SERVER_YIMAD_CONTROL_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "codegen/code/result.h"

namespace yima::server {

/// An order to change keys or origins, and what came of it: objects of names and values.
using Order = nlohmann::ordered_json;

/// The way in for those who may write the data folder anyway: a socket `control` in it, for its
/// owner only, at which a running server takes the orders that it would carry out itself when
/// stopped. One order a connection: a line of JSON each way. A thread of its own, which may wait.
class ControlDoor {
 public:
  using Handler = std::function<Result<Order>(const Order&)>;

  /// CONTROL_UNAVAILABLE (FAILED_PRECONDITION), as when the folder's name is too long for a socket.
  static Result<std::unique_ptr<ControlDoor>> Open(const std::filesystem::path& folder,
                                                   Handler handler);
  ~ControlDoor();
  ControlDoor(const ControlDoor&) = delete;
  ControlDoor& operator=(const ControlDoor&) = delete;

 private:
  ControlDoor(int fd, std::filesystem::path file, Handler handler);
  void Run(const std::stop_token& stop);

  const int fd_;
  const std::filesystem::path file_;
  const Handler handler_;
  std::jthread thread_;
};

/// Has the server that holds the folder carry out an order. CONTROL_UNREACHABLE (UNAVAILABLE) when
/// there is none; what the server refuses.
Result<Order> Send(const std::filesystem::path& folder, const Order& order);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_CONTROL_H_
