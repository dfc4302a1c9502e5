// What a registry says of plates: a program's own code, which knows of no server and of no test.
#include <string>
#include <vector>

#include "client/client.h"

/// A line for each code, in their order.
inline yima::Result<std::vector<std::string>> TellOfPlates(const yima::Client& client,
                                                           const std::vector<std::string>& codes) {
  std::vector<std::string> told;
  size_t next = 0;
  const auto source = [&](std::vector<yima::v1::ResolveRequest>& asked) -> yima::Result<bool> {
    while (next < codes.size() && asked.size() < 100) asked.emplace_back().set_text(codes[next++]);
    return !asked.empty();
  };
  const auto receiver =
      [&](const yima::Result<yima::v1::ResolveResponse>& answer) -> yima::Result<void> {
    told.push_back(!answer                  ? answer.error().reason
                   : answer->has_facility() ? answer->facility().name()
                                            : yima::v1::Verdict_Name(answer->verdict()));
    return {};
  };
  YIMA_RETURN_IF_ERROR(client.StreamResolve(source, receiver));
  return told;
}
