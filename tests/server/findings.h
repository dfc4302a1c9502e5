#ifndef YIMA_TESTS_SERVER_FINDINGS_H_
#define YIMA_TESTS_SERVER_FINDINGS_H_

#include <string>
#include <string_view>
#include <vector>

#include "server/check/check.h"
#include "tests/server/world.h"

namespace yima::server::testing {

/// What `yimad check` would find wrong.
inline std::vector<std::string> Findings(const World& world) {
  auto findings =
      CheckRegistry(*world.Read(), *world.domain().registry, [](std::string_view, uint64_t) {});
  return findings ? *std::move(findings) : std::vector<std::string>{findings.error().message};
}

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_FINDINGS_H_
