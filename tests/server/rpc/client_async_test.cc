#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/server/rpc/served.h"

namespace yima::server::testing {
namespace {

/// What a call that was begun comes to.
template <typename Response>
struct Awaited {
  Client::Done<Response> done() {
    return [this](Result<Response> ended) { promise.set_value(std::move(ended)); };
  }
  Result<Response> get() { return promise.get_future().get(); }
  std::promise<Result<Response>> promise;
};

Client To(const GrpcServer& server, std::chrono::milliseconds deadline = std::chrono::minutes(2)) {
  ClientOptions options;
  options.server = server.address();
  options.deadline = deadline;
  return Client(options);
}

TEST(ClientAsyncTest, CallsAreAnsweredAsThoseThatWait) {
  Served served;
  const Client client = served.client();
  const uint64_t organization = served.world().AddOrganization("城管局");
  v1::CreateFacilityRequest create;
  create.set_request_id("create-1");
  create.set_assign_code(true);
  create.mutable_facility()->set_division("140502");
  create.mutable_facility()->set_class_code("01003");
  create.mutable_facility()->mutable_supervising()->set_holder(organization);
  Awaited<v1::CreateFacilityResponse> created;
  client.CreateFacilityAsync(create, created.done());
  const auto facility = created.get();
  ASSERT_TRUE(facility) << facility.error().message;

  v1::GetFacilityRequest get;
  get.set_uid(facility->facility().uid());
  Awaited<v1::GetFacilityResponse> got;
  client.GetFacilityAsync(get, got.done());
  EXPECT_EQ(got.get()->SerializeAsString(), client.GetFacility(get)->SerializeAsString());

  v1::ResolveRequest resolve;
  resolve.set_text("x");
  Awaited<v1::ResolveResponse> resolved;
  client.ResolveAsync(resolve, resolved.done());
  EXPECT_EQ(resolved.get()->verdict(), v1::VERDICT_MALFORMED);

  v1::BatchResolveRequest batch;
  *batch.add_requests() = resolve;
  Awaited<v1::BatchResolveResponse> answered;
  client.BatchResolveAsync(batch, answered.done());
  EXPECT_EQ(answered.get()->responses_size(), 1);

  v1::BindCodeRequest bind;
  bind.set_request_id("bind-1");
  Awaited<v1::BindCodeResponse> bound;
  client.BindCodeAsync(bind, bound.done());
  EXPECT_EQ(RefusalOf(bound.get()), RefusalOf(client.BindCode(bind)));
}

TEST(ClientAsyncTest, ManyAreUnderWayAtATime) {
  constexpr int kCalls = 200;
  std::mutex mutex;
  std::vector<Reply> waiting;
  const auto server = Serve({{"yima.v1.ResolverService/Resolve",
                              kPublic,
                              [&](const Call&, std::string_view, const Reply& reply) {
                                std::vector<Reply> all;
                                {
                                  const std::lock_guard lock(mutex);
                                  waiting.push_back(reply);
                                  if (waiting.size() < kCalls) return;
                                  all.swap(waiting);
                                }
                                for (const auto& each : all) each(std::string());
                              },
                              {}}});
  std::vector<Awaited<v1::ResolveResponse>> calls(kCalls);
  {
    const Client client = To(*server);
    for (auto& call : calls) client.ResolveAsync(v1::ResolveRequest(), call.done());
  }  // The calls outlive it.
  for (auto& call : calls) EXPECT_TRUE(call.get());
}

TEST(ClientAsyncTest, ACancelledCallEndsAndSaysSo) {
  std::promise<Reply> asked;
  const auto server =
      Serve({{"yima.v1.ResolverService/Resolve",
              kPublic,
              [&](const Call&, std::string_view, const Reply& reply) { asked.set_value(reply); },
              {}}});
  Awaited<v1::ResolveResponse> call;
  const OngoingCall ongoing = To(*server).ResolveAsync(v1::ResolveRequest(), call.done());
  const Reply reply = asked.get_future().get();
  ongoing.Cancel();
  EXPECT_EQ(RefusalOf(call.get()), (Refusal{StatusCode::kCancelled, "CALL_CANCELLED", ""}));
  ongoing.Cancel();
  reply(std::string());
}

TEST(ClientAsyncTest, IsTriedAgainWithinItsDeadline) {
  std::atomic<int> attempts = 0;
  const auto server = Serve({{"yima.v1.ResolverService/Resolve",
                              kPublic,
                              [&](const Call&, std::string_view, const Reply& reply) {
                                if (++attempts < 3)
                                  return reply(Fail(StatusCode::kUnavailable, "STUBBORN", ""));
                                reply(std::string());
                              },
                              {}}});
  Awaited<v1::ResolveResponse> call;
  To(*server).ResolveAsync(v1::ResolveRequest(), call.done());
  EXPECT_TRUE(call.get());
  EXPECT_EQ(attempts, 3);

  attempts = -1'000'000;
  Awaited<v1::ResolveResponse> late;
  To(*server, std::chrono::milliseconds(50)).ResolveAsync(v1::ResolveRequest(), late.done());
  EXPECT_FALSE(late.get());
}

/// In a program without a server, nothing else holds gRPC's threads when the client goes.
TEST(ClientAsyncDeathTest, AProgramMayGiveUpItsClientBeforeTheCallsEnd) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto give_up = [] {
    alarm(60);
    for (int i = 0; i < 20; ++i) {
      Awaited<v1::ResolveResponse> answered;
      {
        ClientOptions options;
        options.server = "127.0.0.1:1";
        options.deadline = std::chrono::milliseconds(20);
        Client(options).ResolveAsync(v1::ResolveRequest(), answered.done());
      }
      if (answered.get()) std::_Exit(1);
    }
    std::exit(0);
  };
  EXPECT_EXIT(give_up(), ::testing::ExitedWithCode(0), "");
}

TEST(ClientAsyncTest, OneCallMayBeginTheNext) {
  Served served;
  const Client client = served.client();
  v1::ResolveRequest request;
  request.set_text("x");
  Awaited<v1::ResolveResponse> second;
  client.ResolveAsync(request, [&](const Result<v1::ResolveResponse>& first) {
    EXPECT_TRUE(first);
    client.ResolveAsync(request, second.done());
  });
  EXPECT_TRUE(second.get());
}

}  // namespace
}  // namespace yima::server::testing
