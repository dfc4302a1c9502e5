// The same code without a server: what it asks is answered by the functions of the test.
#include "plates.h"

#include <iostream>

#include "client/testing/fake_registry.h"

using yima::Result;
namespace v1 = yima::v1;

int main() {
  yima::testing::FakeRegistry registry;
  int calls = 0;
  registry.Answer(
      [&](const v1::StreamResolveRequest& request) -> Result<v1::StreamResolveResponse> {
        // The connection breaks once: the client goes on by itself.
        if (++calls == 1) return yima::Fail(yima::StatusCode::kUnavailable, "SERVER_STOPPING", "");
        v1::StreamResolveResponse response;
        for (const auto& asked : request.requests()) {
          auto* answer = response.add_responses();
          answer->set_verdict(asked.text() == "lamp" ? v1::VERDICT_AUTHENTIC : v1::VERDICT_FORGED);
          if (asked.text() == "lamp") answer->mutable_facility()->set_name("路灯 7");
        }
        return response;
      });

  const auto told = TellOfPlates(registry.client(), {"lamp", "copy"});
  const bool sound = told && *told == std::vector<std::string>{"路灯 7", "VERDICT_FORGED"} &&
                     registry.Received<v1::StreamResolveRequest>().size() == 2;
  std::cout << (sound ? "plates are told" : "wrong") << '\n';
  return sound ? 0 : 1;
}
