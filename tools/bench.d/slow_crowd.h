#ifndef YIMA_TOOLS_BENCH_D_SLOW_CROWD_H_
#define YIMA_TOOLS_BENCH_D_SLOW_CROWD_H_

#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>

#include "codegen/code/result.h"

namespace yima::bench {

/// Clients of an HTTP server that have begun a request: half of them send a byte a second more, the
/// others nothing. Those that are cut off come again. They leave with the object.
class SlowCrowd {
 public:
  /// CROWD_FAILED when they cannot all connect.
  static Result<std::unique_ptr<SlowCrowd>> Gather(const std::string& address, unsigned clients);
  ~SlowCrowd();

 private:
  explicit SlowCrowd(const std::string& address);
  int Connect() const;
  void Drip(const std::stop_token& stop);

  sockaddr_in address_{};
  std::vector<int> sockets_;
  std::jthread dripping_;
};

}  // namespace yima::bench

#endif  // YIMA_TOOLS_BENCH_D_SLOW_CROWD_H_
