#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/rpc/served.h"

namespace yima::server::testing {
namespace {

using std::chrono::milliseconds;

v1::CreateOrganizationRequest Named(const std::string& name) {
  v1::CreateOrganizationRequest request;
  request.set_request_id("create-1");
  request.mutable_input()->mutable_organization()->set_name(name);
  return request;
}

Client To(const GrpcServer& server, milliseconds deadline = std::chrono::minutes(2)) {
  ClientOptions options;
  options.server = server.address();
  options.deadline = deadline;
  return Client(options);
}

/// Refuses with `code` the first calls of a method, and answers with nothing then.
class Stubborn {
 public:
  Stubborn(std::string name, StatusCode code, int refusals)
      : code_(code),
        refusals_(refusals),
        server_(Serve({{name,
                        kPublic,
                        [this](const Call&, std::string_view, const Reply& reply) {
                          const auto answer = Answer();
                          if (!answer) return reply(tl::unexpected(answer.error()));
                          reply(std::string());
                        },
                        {}}})) {}
  /// The same for a stream.
  Stubborn(std::string name, StatusCode code, int refusals, int messages_before)
      : code_(code),
        refusals_(refusals),
        server_(Serve({{name,
                        kPublic,
                        {},
                        [this, messages_before](const Call&, const Source& source,
                                                const Sink& sink) -> Result<void> {
                          std::string bytes;
                          YIMA_RETURN_IF_ERROR(source(bytes));
                          for (int i = 0; i < messages_before; ++i) {
                            YIMA_RETURN_IF_ERROR(sink(std::string()));
                          }
                          return Answer();
                        }}})) {}

  const GrpcServer& server() const { return *server_; }
  int attempts() const { return attempts_; }

 private:
  Result<void> Answer() {
    if (++attempts_ > refusals_) return {};
    return Fail(code_, "STUBBORN", "not yet");
  }

  const StatusCode code_;
  const int refusals_;
  std::atomic<int> attempts_ = 0;
  std::unique_ptr<GrpcServer> server_;
};

TEST(ClientRetryTest, AsksAgainWhenUnavailable) {
  const Stubborn stubborn("yima.v1.RegistryService/CreateOrganization", StatusCode::kUnavailable,
                          2);
  EXPECT_TRUE(To(stubborn.server()).CreateOrganization(Named("城管局")));
  EXPECT_EQ(stubborn.attempts(), 3);
}

TEST(ClientRetryTest, AsksAgainInEveryService) {
  for (const auto* service :
       {"RegistryService", "IssuanceService", "ResolverService", "RightsService", "LogService",
        "AccessService", "AttachmentService", "StockTakeService"}) {
    const std::string name = fmt::format("yima.v1.{}/Get", service);
    const Stubborn stubborn(name, StatusCode::kUnavailable, 1);
    const Transport transport({.server = stubborn.server().address()});
    v1::GetCallerRequest request;
    v1::GetCallerResponse response;
    EXPECT_TRUE(transport.Unary(name.c_str(), request, response, std::chrono::milliseconds(10'000)))
        << service;
    EXPECT_EQ(stubborn.attempts(), 2) << service;
  }
}

TEST(ClientRetryTest, GivesUpAndTellsWhatTheServerSaid) {
  const Stubborn stubborn("yima.v1.RegistryService/CreateOrganization", StatusCode::kUnavailable,
                          100);
  EXPECT_EQ(RefusalOf(To(stubborn.server()).CreateOrganization(Named("城管局"))),
            (Refusal{StatusCode::kUnavailable, "STUBBORN", ""}));
  EXPECT_EQ(stubborn.attempts(), 5);
}

TEST(ClientRetryTest, AsksOnceWhenTheAnswerIsFinal) {
  for (const auto code :
       {StatusCode::kInvalidArgument, StatusCode::kFailedPrecondition, StatusCode::kAborted,
        StatusCode::kInternal, StatusCode::kDataLoss, StatusCode::kResourceExhausted}) {
    const Stubborn stubborn("yima.v1.RegistryService/CreateOrganization", code, 100);
    EXPECT_EQ(RefusalOf(To(stubborn.server()).CreateOrganization(Named("城管局"))),
              (Refusal{code, "STUBBORN", ""}));
    EXPECT_EQ(stubborn.attempts(), 1);
  }
}

TEST(ClientRetryTest, AStreamIsAskedForAgainOnlyBeforeItsFirstMessage) {
  v1::IssueCodesRequest request;
  const auto receiver = [](const v1::IssueCodesResponse&) -> Result<void> { return {}; };
  const Stubborn silent("yima.v1.IssuanceService/IssueCodes", StatusCode::kUnavailable, 2, 0);
  EXPECT_TRUE(To(silent.server()).IssueCodes(request, receiver));
  EXPECT_EQ(silent.attempts(), 3);
  const Stubborn begun("yima.v1.IssuanceService/IssueCodes", StatusCode::kUnavailable, 2, 1);
  EXPECT_EQ(RefusalOf(To(begun.server()).IssueCodes(request, receiver)),
            (Refusal{StatusCode::kUnavailable, "STUBBORN", ""}));
  EXPECT_EQ(begun.attempts(), 1);
}

TEST(ClientRetryTest, AnImportIsLeftToItsCaller) {
  const Stubborn stubborn("yima.v1.RegistryService/ImportFacilities", StatusCode::kUnavailable, 2,
                          0);
  EXPECT_EQ(
      RefusalOf(To(stubborn.server())
                    .ImportFacilities(
                        v1::ImportHeader(),
                        [](std::vector<v1::ImportRow>&) -> Result<bool> { return false; },
                        [](const v1::ImportFacilitiesResponse&) -> Result<void> { return {}; })),
      (Refusal{StatusCode::kUnavailable, "STUBBORN", ""}));
  EXPECT_EQ(stubborn.attempts(), 1);
}

TEST(ClientRetryTest, DeadlineBoundsAllAttemptsTogether) {
  const Stubborn stubborn("yima.v1.RegistryService/CreateOrganization", StatusCode::kUnavailable,
                          100);
  const auto ended = To(stubborn.server(), milliseconds(50)).CreateOrganization(Named("城管局"));
  ASSERT_FALSE(ended);
  EXPECT_LT(stubborn.attempts(), 5);
}

TEST(ClientRetryTest, AWriteWhoseAnswerWasLostIsNotDoneTwice) {
  World world;
  Methods methods(world);
  std::vector<Method> table = methods.table();
  std::atomic<int> attempts = 0;
  for (auto& method : table) {
    if (!method.name.ends_with("/CreateOrganization")) continue;
    method.unary = [&attempts, real = method.unary](const Call& call, std::string_view request,
                                                    const Reply& reply) {
      const bool lost = ++attempts == 1;
      real(call, request, [lost, reply](Result<std::string> answer) {
        if (!lost) return reply(std::move(answer));
        reply(Fail(StatusCode::kUnavailable, "ANSWER_LOST", "on its way back"));
      });
    };
  }
  Doors doors(world);
  GrpcServer::Options options;
  options.address = "127.0.0.1:0";
  const auto server = *GrpcServer::Start(table, doors.gate, options);
  ClientOptions client;
  client.server = server->address();
  client.token = doors.token;
  const auto created = Client(client).CreateOrganization(Named("城管局"));
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(attempts, 2);
  EXPECT_EQ(*world.Read()->Counter("organizations"), 1);
  EXPECT_EQ(created->organization().etag(), "1-1");
}

TEST(ClientRetryTest, ServerThatStartsLateIsFound) {
  GrpcServer::Options options;
  options.address = Serve({})->address();  // A port that was free a moment ago.
  World world;
  Methods methods(world);
  Doors doors(world);
  ClientOptions client;
  client.token = doors.token;
  client.server = options.address;
  Gate asking;
  Result<v1::CreateOrganizationResponse> created;
  std::thread caller([&] {
    const Client early(client);
    asking.Open();
    created = early.CreateOrganization(Named("城管局"));
  });
  asking.Wait();
  const auto server = GrpcServer::Start(methods.table(), doors.gate, options);
  caller.join();
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_TRUE(created) << created.error().message;
}

TEST(ClientRetryTest, ServerThatIsNotThereIsNamed) {
  ClientOptions options;
  options.server = Serve({})->address();
  const auto ended = Client(options).CreateOrganization(Named("城管局"));
  ASSERT_FALSE(ended);
  EXPECT_EQ(RefusalOf(ended), (Refusal{StatusCode::kUnavailable, "SERVER_NOT_REACHED", ""}));
  EXPECT_THAT(ended.error().message, ::testing::HasSubstr(options.server));
}

}  // namespace
}  // namespace yima::server::testing
