#include <fmt/format.h>

#include "server/yimad/commands.h"
#include "server/yimad/order_run.h"
#include "server/yimad/words.h"

namespace yima::server {

int RunAdminToken(const AdminTokenOptions& options) {
  const auto done = RunOrder({options.data, options.passphrase_file}, {{"do", "admin-token"}});
  if (!done) return Complain(done.error());
  fmt::print(fmt::runtime(Say("主体 {} 的新令牌：{}\n", "new token of principal {}: {}\n")),
             done->value("principal", uint64_t{0}), (options.data / "admin-token").string());
  return kDone;
}

}  // namespace yima::server
