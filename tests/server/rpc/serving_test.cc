#include <atomic>
#include <future>
#include <thread>

#include "grpc/health/v1/health.pb.h"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/findings.h"
#include "tests/server/plates.h"
#include "tests/server/registry/facility_request.h"
#include "tests/server/rpc/served.h"

namespace yima::server::testing {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{120'000};

v1::CreateOrganizationRequest Named(const std::string& name) {
  v1::CreateOrganizationRequest request;
  request.set_request_id(NewRequestId());
  request.mutable_input()->mutable_organization()->set_name(name);
  return request;
}

TEST(ServingTest, HealthSpeaksForTheServerAndForEachService) {
  Served served;
  const Transport transport = served.transport();
  grpc::health::v1::HealthCheckRequest request;
  grpc::health::v1::HealthCheckResponse response;
  for (const char* service : {"", "yima.v1.RegistryService", "yima.v1.IssuanceService",
                              "yima.v1.ResolverService", "yima.v1.RightsService"}) {
    request.set_service(service);
    ASSERT_TRUE(transport.Unary("grpc.health.v1.Health/Check", request, response, kLong));
    EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING) << service;
  }
  request.set_service("yima.v1.NoService");
  EXPECT_EQ(transport.Unary("grpc.health.v1.Health/Check", request, response, kLong).error().code,
            StatusCode::kNotFound);
}

TEST(ServingTest, HealthSaysWhenWritesAreRefusedWhileReadsGoOn) {
  Served served;
  const Transport transport = served.transport();
  const auto status = [&](const char* service) {
    grpc::health::v1::HealthCheckRequest request;
    grpc::health::v1::HealthCheckResponse response;
    request.set_service(service);
    EXPECT_TRUE(transport.Unary("grpc.health.v1.Health/Check", request, response, kLong));
    return response.status();
  };
  served.SetServing(false);
  for (const char* service : {"", "yima.v1.ResolverService"}) {
    EXPECT_EQ(status(service), grpc::health::v1::HealthCheckResponse::NOT_SERVING) << service;
  }
  EXPECT_TRUE(served.client().GetTrustBundle());
  served.SetServing(true);
  EXPECT_EQ(status(""), grpc::health::v1::HealthCheckResponse::SERVING);
}

TEST(ServingTest, EveryRuleIsReachedAndItsRefusalTold) {
  Served served;
  const Client client = served.client();
  const uint64_t bureau = client.CreateOrganization(Named("城管局"))->organization().id();
  const auto created = client.CreateFacility(FacilityRequest(1, bureau));
  ASSERT_TRUE(created) << created.error().message;
  auto again = FacilityRequest(1, bureau, "create-2");
  EXPECT_EQ(
      RefusalOf(client.CreateFacility(again)),
      (Refusal{StatusCode::kAlreadyExists, "FACILITY_CODE_TAKEN", "facility.codes[0].digits"}));
  EXPECT_EQ(RefusalOf(client.CreateFacility(v1::CreateFacilityRequest())),
            (Refusal{StatusCode::kInvalidArgument, "REQUEST_ID_MISSING", "request_id"}));
}

/// The division is quoted, and cut within a character.
TEST(ServingTest, RefusalThatQuotesChineseKeepsItsReason) {
  Served served;
  v1::ListFacilitiesRequest request;
  std::string division;
  for (int i = 0; i < 30; ++i) division += "市中";
  v1::CreateFacilityRequest create;
  create.set_request_id("create-1");
  create.mutable_facility()->set_division(division);
  EXPECT_EQ(RefusalOf(served.client().CreateFacility(create)),
            (Refusal{StatusCode::kInvalidArgument, "DIVISION_MALFORMED", "facility.division"}));
  request.mutable_filter()->add_divisions(std::string(1 << 20, '1'));
  EXPECT_EQ(RefusalOf(served.client().ListFacilities(request)),
            (Refusal{StatusCode::kInvalidArgument, "DIVISION_MALFORMED", "filter.divisions[0]"}));
}

TEST(ServingTest, UnknownMethodIsUnimplemented) {
  Served served;
  v1::GetBatchRequest request;
  v1::GetBatchResponse response;
  for (const char* method : {"yima.v1.RegistryService/Nothing", "yima.v1.NoService/GetBatch"}) {
    EXPECT_EQ(RefusalOf(served.transport().Unary(method, request, response, kLong)),
              (Refusal{StatusCode::kUnimplemented, "METHOD_UNKNOWN", ""}));
  }
}

TEST(ServingTest, MessageOverTheLimitIsRefusedAndTheServerGoesOn) {
  Served served;
  const Client client = served.client();
  auto request = Named("城管局");
  request.mutable_input()->set_contact_name(std::string(21 << 20, 'x'));
  const std::string state = served.world().State();
  EXPECT_EQ(RefusalOf(client.CreateOrganization(request)),
            (Refusal{StatusCode::kResourceExhausted, "MESSAGE_TOO_LARGE", ""}));
  EXPECT_EQ(served.world().State(), state);
  EXPECT_TRUE(client.CreateOrganization(Named("城管局")));
}

TEST(ServingTest, LargestBatchIsTakenAndAnswered) {
  Served served;
  const uint64_t bureau = served.world().AddOrganization("城管局");
  v1::BatchCreateFacilitiesRequest batch;
  batch.set_request_id("batch-1");
  for (uint32_t number = 1; number <= 1000; ++number) {
    *batch.add_requests() = FacilityRequest(number, bureau, "");
    for (int i = 0; i < 13; ++i) {
      auto* extra =
          batch.mutable_requests(batch.requests_size() - 1)->mutable_facility()->add_extra();
      extra->set_name(fmt::format("x{}", i));
      extra->set_value(std::string(1000, 'x'));
    }
  }
  const auto created = served.client().BatchCreateFacilities(batch);
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(created->facilities_size(), 1000);
}

TEST(ServingTest, DeadlineInThePastDoesNothing) {
  Served served;
  const std::string state = served.world().State();
  EXPECT_EQ(RefusalOf(served.client(milliseconds(-1)).CreateOrganization(Named("城管局"))),
            (Refusal{StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", ""}));
  EXPECT_EQ(served.world().State(), state);
}

TEST(ServingTest, DeadlineThatExpiresInTheMiddleEndsTheCallAlone) {
  Gate expired;
  std::thread late;
  std::atomic<int> calls = 0;
  const auto server = Serve({{"test.Slow/Answer",
                              kPublic,
                              [&](const Call&, std::string_view, Reply reply) {
                                if (++calls > 1) return reply(std::string());
                                late = std::thread([&, reply] {
                                  expired.Wait();
                                  reply(std::string());
                                });
                              },
                              {}}});
  const Transport transport({.server = server->address()});
  v1::GetBatchRequest request;
  v1::GetBatchResponse response;
  EXPECT_EQ(RefusalOf(transport.Unary("test.Slow/Answer", request, response, milliseconds(100))),
            (Refusal{StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", ""}));
  expired.Open();
  late.join();
  EXPECT_TRUE(transport.Unary("test.Slow/Answer", request, response, kLong));
}

/// A method that works until it learns that nobody waits any more, or has asked 30,000 times.
class SlowMethod {
 public:
  ~SlowMethod() { working_.join(); }
  std::vector<Method> table() {
    return {{"test.Slow/Answer",
             kPublic,
             [this](const Call& call, std::string_view, Reply reply) {
               working_ = std::thread([this, call, reply] {
                 constexpr int kAsksMax = 30'000;
                 int asks = 0;
                 while (!call.cancelled() && ++asks < kAsksMax) {
                   std::this_thread::sleep_for(milliseconds(1));
                 }
                 learnt_.set_value(asks < kAsksMax);
                 reply(CallerGone());
               });
             },
             {}}};
  }
  bool HasLearnt() { return learnt_.get_future().get(); }

 private:
  std::promise<bool> learnt_;
  std::thread working_;
};

TEST(ServingTest, HandlerLearnsThatNobodyWaits) {
  SlowMethod slow;
  const auto server = Serve(slow.table());
  v1::GetBatchRequest request;
  v1::GetBatchResponse response;
  EXPECT_EQ(RefusalOf(Transport({.server = server->address()})
                          .Unary("test.Slow/Answer", request, response, milliseconds(100))),
            (Refusal{StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", ""}));
  EXPECT_TRUE(slow.HasLearnt());
}

TEST(ServingTest, CallIsGivenUpHoweverLongItsClientWaits) {
  SlowMethod slow;
  GrpcServer::Options options;
  options.address = "127.0.0.1:0";
  options.call_max = milliseconds(50);
  const auto server = *GrpcServer::Start(slow.table(), OpenGate(), options);
  v1::GetBatchRequest request;
  v1::GetBatchResponse response;
  EXPECT_FALSE(Transport({.server = server->address()})
                   .Unary("test.Slow/Answer", request, response, std::chrono::hours(1)));
  EXPECT_TRUE(slow.HasLearnt());
}

TEST(ServingTest, ExceptionOfAHandlerIsItsCallsErrorAlone) {
  const auto server = Serve(
      {{"test.Bad/Throw",
        kPublic,
        [](const Call&, std::string_view, const Reply&) { throw std::runtime_error("bad luck"); },
        {}}});
  const Transport transport({.server = server->address()});
  v1::GetBatchRequest request;
  v1::GetBatchResponse response;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(RefusalOf(transport.Unary("test.Bad/Throw", request, response, kLong)),
              (Refusal{StatusCode::kInternal, "EXCEPTION", ""}));
  }
}

TEST(ServingTest, SixtyFourCallersAreAllServed) {
  Served served;
  const Client client = served.client();
  constexpr int kCallers = 64;
  constexpr int kEach = 5;
  std::atomic<int> done = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < kEach; ++i) {
        const auto created = client.CreateOrganization(Named(fmt::format("单位{}-{}", caller, i)));
        v1::GetOrganizationRequest get;
        if (created) get.set_id(created->organization().id());
        if (created && client.GetOrganization(get)) ++done;
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(done, kCallers * kEach);
  EXPECT_EQ(*served.world().Read()->Counter("organizations"), kCallers * kEach);
  EXPECT_THAT(Findings(served.world()), ::testing::IsEmpty());
}

TEST(ServingTest, WhoAsksTooOftenIsRefused) {
  World world;
  const Methods methods(world);
  AuditTrail audit(world.domain());
  server::Gate gate(world.domain(), audit, {.public_calls_a_second = 0.001, .public_burst = 1});
  GrpcServer::Options options;
  options.address = "127.0.0.1:0";
  const auto server = *GrpcServer::Start(methods.table(), gate, options);
  ClientOptions nobody;
  nobody.server = server->address();
  const Client client(nobody);
  EXPECT_TRUE(client.GetTrustBundle());
  EXPECT_EQ(RefusalOf(client.GetTrustBundle()),
            (Refusal{StatusCode::kResourceExhausted, "RATE_EXCEEDED", ""}));
}

TEST(ServingTest, SecondServerOnOneAddressIsRefused) {
  const auto server = Serve({});
  GrpcServer::Options options;
  options.address = server->address();
  EXPECT_EQ(RefusalOf(GrpcServer::Start({}, OpenGate(), options)),
            (Refusal{StatusCode::kUnavailable, "ADDRESS_UNAVAILABLE", ""}));
}

}  // namespace
}  // namespace yima::server::testing
