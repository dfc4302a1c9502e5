// Feeds over real gRPC: many at rest, slow readers, clients that go, a server that stops.
#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/server/rpc/served.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server::testing {
namespace {

using namespace std::chrono_literals;

/// Waits for what another thread does.
template <typename Condition>
bool Eventually(const Condition& condition) {
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

/// Of a watch that a test does not want to go on.
Result<void> GiveUp(const Error& broken) { return tl::unexpected(broken); }

class FeedsTest : public ::testing::Test {
 protected:
  /// A caller's way of ending a watch.
  static Result<void> Enough() { return Fail(StatusCode::kCancelled, "ENOUGH", "enough"); }

  Served served_;
  Client client_ = served_.client();
};

TEST_F(FeedsTest, AWatcherIsToldWhatOthersDo) {
  std::atomic<bool> begun = false;
  std::vector<uint64_t> told;
  std::thread writer([&] {
    ASSERT_TRUE(Eventually([&] { return begun.load(); }));
    for (int i = 0; i < 20; ++i) served_.world().AddOrganization(fmt::format("单位{}", i));
  });
  const auto ended = client_.Watch({}, [&](const v1::WatchResponse& message) -> Result<void> {
    begun = true;
    for (const auto& change : message.changes()) told.push_back(change.index());
    return told.size() < 20 ? Result<void>() : Enough();
  });
  writer.join();
  EXPECT_EQ(ended.error().reason, "ENOUGH");
  ASSERT_EQ(told.size(), 20);
  for (size_t i = 1; i < told.size(); ++i) EXPECT_EQ(told[i], told[i - 1] + 1);
}

TEST_F(FeedsTest, ARefusedRequestSaysWhy) {
  v1::WatchRequest request;
  request.set_after("9-0");
  const auto refused = client_.Watch(request, [](const auto&) { return Result<void>(); });
  EXPECT_EQ(RefusalOf(refused),
            (Refusal{StatusCode::kFailedPrecondition, "WATCH_OTHER_EPOCH", "after"}));
}

TEST_F(FeedsTest, ManyAtRestLeaveTheServerToOthers) {
  constexpr int kWatchers = 100;
  std::atomic<int> begun = 0;
  std::vector<std::thread> watchers;
  std::vector<Result<void>> ended(kWatchers);
  for (int i = 0; i < kWatchers; ++i) {
    watchers.emplace_back([&, i] {
      ended[i] = served_.client().Watch(
          {},
          [&](const v1::WatchResponse&) -> Result<void> {
            ++begun;
            return {};
          },
          GiveUp);
    });
  }
  EXPECT_TRUE(Eventually([&] { return begun == kWatchers; }));
  EXPECT_TRUE(client_.ListBatches({}));
  served_.Stop();
  for (auto& watcher : watchers) watcher.join();
  for (const auto& each : ended) EXPECT_EQ(each.error().code, StatusCode::kUnavailable);
}

TEST_F(FeedsTest, ATokenThatIsRevokedEndsItsFeeds) {
  v1::CreateTokenRequest made;
  made.set_request_id("token-1");
  made.set_principal(std::stoull(Doors::kPrincipal));
  const auto token = client_.CreateToken(made);
  ASSERT_TRUE(token) << token.error().message;
  ClientOptions options;
  options.server = served_.address();
  options.token = token->text();
  const Client other(options);
  std::atomic<bool> begun = false;
  Result<void> ended;
  std::thread watcher([&] {
    ended = other.Watch({}, [&](const v1::WatchResponse&) -> Result<void> {
      begun = true;
      return {};
    });
  });
  ASSERT_TRUE(Eventually([&] { return begun.load(); }));
  v1::RevokeTokenRequest revoke;
  revoke.set_request_id("revoke-1");
  revoke.set_id(token->token().id());
  ASSERT_TRUE(client_.RevokeToken(revoke));
  watcher.join();
  EXPECT_EQ(RefusalOf(ended).reason, "TOKEN_REVOKED");
}

/// A table with one feed of a test's own.
class OwnFeedTest : public ::testing::Test {
 protected:
  void Serve(FeedHandler feed, std::chrono::milliseconds read_max = 300ms) {
    GrpcServer::Options options;
    options.address = "127.0.0.1:0";
    options.feed_read_max = read_max;
    options.feeds_max = 3;
    options.first_message_max = 300ms;
    const std::vector<Method> table = {
        {"yima.v1.RegistryService/Watch", kPublic, {}, {}, std::move(feed)}};
    server_ = *GrpcServer::Start(table, OpenGate(), options);
  }
  Client client() const {
    ClientOptions options;
    options.server = server_->address();
    return Client(options);
  }
  /// Tells when nobody holds it any more.
  std::shared_ptr<void> Held() {
    return {this, [this](void*) { ++dropped_; }};
  }

  std::atomic<int> dropped_ = 0;
  std::unique_ptr<GrpcServer> server_;
};

TEST_F(OwnFeedTest, ASlowReaderIsCutOffWithAReason) {
  constexpr auto kReadMax = 1500ms;
  std::atomic<int> pulled = 0;
  Serve(
      [&](const Call&, std::string_view) -> Result<Pull> {
        return [&, held = Held()]() -> Result<std::optional<std::string>> {
          ++pulled;
          v1::WatchResponse message;
          message.set_next(std::string(100'000, 'x'));
          return message.SerializeAsString();
        };
      },
      kReadMax);
  int taken = 0;
  const auto slowly = [&](const v1::WatchResponse&) -> Result<void> {
    // As slow as never: until the server has given up.
    if (++taken == 1) {
      int before = -1;
      EXPECT_TRUE(Eventually([&] {
        std::this_thread::sleep_for(100ms);
        return std::exchange(before, pulled.load()) == pulled;
      }));
      // The server waits as long again before it breaks the connection, and its reason is lost.
      std::this_thread::sleep_for(kReadMax + 300ms);
    }
    return {};
  };
  const auto ended = client().Watch({}, slowly, GiveUp);
  // What it had not taken was never more than the connection's own buffers.
  EXPECT_LT(pulled, 1000);
  EXPECT_EQ(ended.error().reason, "WATCH_TOO_SLOW");
  EXPECT_TRUE(Eventually([&] { return dropped_ == 1; }));
}

TEST_F(OwnFeedTest, AClientThatGoesLeavesNothing) {
  Serve([&](const Call&, std::string_view) -> Result<Pull> {
    return [held = Held(), told = false]() mutable -> Result<std::optional<std::string>> {
      if (std::exchange(told, true)) return std::nullopt;
      return v1::WatchResponse().SerializeAsString();
    };
  });
  const auto ended = client().Watch({}, [](const v1::WatchResponse&) -> Result<void> {
    return Fail(StatusCode::kCancelled, "ENOUGH", "enough");
  });
  EXPECT_EQ(ended.error().reason, "ENOUGH");
  EXPECT_TRUE(Eventually([&] { return dropped_ == 1; }));
}

TEST_F(OwnFeedTest, MoreThanMayBeAreRefused) {
  std::atomic<int> begun = 0;
  Serve([&](const Call&, std::string_view) -> Result<Pull> {
    ++begun;
    return []() -> Result<std::optional<std::string>> { return std::nullopt; };
  });
  std::vector<std::thread> watchers;
  for (int i = 0; i < 3; ++i) {
    watchers.emplace_back([&] {
      const auto ended = client().Watch(
          {}, [](const auto&) { return Result<void>(); }, GiveUp);
      EXPECT_EQ(ended.error().code, StatusCode::kUnavailable);
    });
  }
  EXPECT_TRUE(Eventually([&] { return begun == 3; }));
  const auto refused = client().Watch(
      {}, [](const auto&) { return Result<void>(); }, GiveUp);
  EXPECT_EQ(RefusalOf(refused).reason, "TOO_MANY_STREAMS");
  server_->Stop(10s);
  for (auto& watcher : watchers) watcher.join();
}

TEST_F(OwnFeedTest, AnErrorEndsTheFeed) {
  Serve([&](const Call&, std::string_view) -> Result<Pull> {
    return []() -> Result<std::optional<std::string>> {
      return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED", "damaged");
    };
  });
  const auto ended = client().Watch({}, [](const auto&) { return Result<void>(); });
  EXPECT_EQ(RefusalOf(ended).reason, "RECORD_DAMAGED");
}

}  // namespace
}  // namespace yima::server::testing
