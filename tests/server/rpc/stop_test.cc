#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/domain/batch_items.h"
#include "tests/server/findings.h"
#include "tests/server/rpc/served.h"

namespace yima::server::testing {
namespace {

TEST(StopTest, WhatWasAcknowledgedIsDurableAndTheRestIsUnavailable) {
  Served served;
  const Client client = served.client();
  std::mutex mutex;
  std::set<std::string> acknowledged;
  std::vector<Error> refused;
  Gate under_way;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0;; ++i) {
        v1::CreateOrganizationRequest request;
        request.set_request_id(NewRequestId());
        const std::string name = fmt::format("单位{}-{}", caller, i);
        request.mutable_input()->mutable_organization()->set_name(name);
        const auto created = client.CreateOrganization(request);
        const std::lock_guard lock(mutex);
        if (!created) {
          refused.push_back(created.error());
          return;
        }
        acknowledged.insert(name);
        if (acknowledged.size() == 100) under_way.Open();
      }
    });
  }
  under_way.Wait();
  served.StopAndReopen();
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(refused.size(), callers.size());
  for (const auto& error : refused) EXPECT_EQ(error.code, StatusCode::kUnavailable) << error.reason;
  for (const auto& name : acknowledged) {
    EXPECT_NE(*served.world().Read()->Holder(store::Index::kOrganizationName, name), 0) << name;
  }
  EXPECT_THAT(Findings(served.world()), ::testing::IsEmpty());
}

TEST(StopTest, StreamUnderWayIsAskedToComeAgain) {
  Served served;
  const Client client = served.client();
  v1::IssueCodesRequest request;
  request.set_request_id("issue-1");
  request.set_blank(100 * kBatchChunk);
  std::set<std::string> sent;
  std::thread stopper;
  const auto broken =
      client.IssueCodes(request, [&](const v1::IssueCodesResponse& response) -> Result<void> {
        for (const auto& code : response.codes()) sent.insert(code.text());
        if (response.codes_size() > 0 && !stopper.joinable()) {
          stopper = std::thread([&] { served.Stop(); });
        }
        return {};
      });
  stopper.join();
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, StatusCode::kUnavailable) << broken.error().message;
  // Whatever was sent is durable, and stands in the batch when it is asked for again.
  served.StopAndReopen();
  EXPECT_THAT(Findings(served.world()), ::testing::IsEmpty());
  served.world().principal = Doors::kPrincipal;  // The same request is the same caller's.
  std::set<std::string> whole;
  const auto answers =
      served.methods().Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", request);
  ASSERT_TRUE(answers) << answers.error().message;
  for (const auto& answer : *answers) {
    for (const auto& code : answer.codes()) whole.insert(code.text());
  }
  EXPECT_EQ(whole.size(), request.blank());
  EXPECT_TRUE(std::ranges::includes(whole, sent));
}

/// A client that sends nothing more does not keep the server from stopping.
TEST(StopTest, StreamThatWaitsForItsClientEndsAtOnce) {
  Served served;
  served.world().AddOrganization("城管局");
  const std::string state = served.world().State();
  Gate waiting;
  Gate stopped;
  Result<void> ended;
  std::thread caller([&] {
    const Client client = served.client();
    v1::ImportHeader header;
    header.set_request_id("import-1");
    bool asked = false;
    ended = client.ImportFacilities(
        header,
        [&](std::vector<v1::ImportRow>& rows) -> Result<bool> {
          if (std::exchange(asked, true)) {
            waiting.Open();
            stopped.Wait();
            return false;
          }
          rows.emplace_back().set_line(2);
          return true;
        },
        [](const v1::ImportFacilitiesResponse&) -> Result<void> { return {}; });
  });
  waiting.Wait();
  served.Stop();
  stopped.Open();
  caller.join();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, StatusCode::kUnavailable) << ended.error().message;
  served.StopAndReopen();
  EXPECT_EQ(served.world().State(), state);
}

TEST(StopTest, StoppingTwiceIsStoppingOnce) {
  const auto server = Serve({});
  server->Stop(std::chrono::milliseconds(0));
  server->Stop(std::chrono::milliseconds(0));
}

}  // namespace
}  // namespace yima::server::testing
