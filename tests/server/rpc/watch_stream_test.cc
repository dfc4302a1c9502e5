// Client::Watch over real gRPC: a server that stops and comes back, that cuts off, that refuses.
#include <atomic>
#include <future>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/rpc/served.h"

namespace yima::server::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAreArray;

/// A log of entries, told two a message, by a server whose feed a test may change.
class WatchStreamTest : public ::testing::Test {
 protected:
  static constexpr size_t kEntries = 20;
  using Message = Result<std::optional<std::string>>;

  /// What a feed says in place of its next message; success: the message.
  using Before = std::function<Result<void>(size_t entry)>;
  void Start(Before before = [](size_t) { return Result<void>(); }) {
    GrpcServer::Options options;
    options.address = address_;
    options.feeds_max = 2;
    const auto feed = [this, before](const Call&, std::string_view bytes) -> Result<Pull> {
      v1::WatchRequest request;
      request.ParseFromString(std::string(bytes));
      ++begun_;
      size_t next = request.after().empty() ? 0 : std::stoull(request.after().substr(2));
      return [this, before, next]() mutable -> Message {
        if (next >= limit_) return std::nullopt;
        YIMA_RETURN_IF_ERROR(before(next));
        v1::WatchResponse message;
        for (int i = 0; i < 2; ++i) message.add_changes()->set_index(next++);
        message.set_next(fmt::format("1-{}", next));
        return message.SerializeAsString();
      };
    };
    const std::vector<Method> table = {{"yima.v1.RegistryService/Watch", kPublic, {}, {}, feed}};
    server_ = *GrpcServer::Start(table, OpenGate(), options);
    address_ = server_->address();
  }
  /// As often as it has told all that it knows, until it knows all.
  void RestartWhenAllIsTold() {
    if (told_.size() < limit_ || limit_ == kEntries) return;
    // The message of now is not taken meanwhile: as a server that is killed.
    server_->Stop(200ms);
    server_.reset();
    limit_ = std::min(limit_ + 6, kEntries);
    Start();
  }

  Client client() const {
    ClientOptions options;
    options.server = address_;
    return Client(options);
  }
  /// Takes all entries, then has enough.
  Client::Receiver<v1::WatchResponse> All(const std::function<void()>& after_message = [] {}) {
    return [this, after_message](const v1::WatchResponse& message) -> Result<void> {
      for (const auto& change : message.changes()) told_.push_back(change.index());
      after_message();
      if (told_.size() < kEntries) return {};
      return Fail(StatusCode::kUnavailable, "ENOUGH", "looks like a server that is gone");
    };
  }
  void ExpectAllToldOnce() const {
    std::vector<uint64_t> all(kEntries);
    for (size_t i = 0; i < kEntries; ++i) all[i] = i;
    EXPECT_THAT(told_, ElementsAreArray(all));
  }

  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<GrpcServer> server_;
  std::atomic<int> begun_ = 0;
  std::atomic<size_t> limit_ = kEntries;  ///< Entries that the server has.
  std::vector<uint64_t> told_;
};

TEST_F(WatchStreamTest, GoesOnWhereItStoppedWhenTheServerCutsItOff) {
  const Error cuts[] = {{StatusCode::kUnavailable, "SERVER_STOPPING", "stops", ""},
                        {StatusCode::kResourceExhausted, "WATCH_TOO_SLOW", "slow", ""},
                        {StatusCode::kResourceExhausted, "TOO_MANY_STREAMS", "many", ""},
                        {StatusCode::kAborted, "BOUNDS_CHANGED", "others", ""},
                        {StatusCode::kUnavailable, "STREAM_TOO_LONG", "long", ""}};
  std::atomic<size_t> cut = 0;
  Start([&](size_t entry) -> Result<void> {
    if (cut < std::size(cuts) && entry == 4 * cut) return tl::unexpected(cuts[cut++]);
    return {};
  });
  EXPECT_EQ(client().Watch({}, All()).error().reason, "ENOUGH");
  EXPECT_EQ(cut, std::size(cuts));
  ExpectAllToldOnce();
}

TEST_F(WatchStreamTest, GoesOnWithAServerThatWasRestarted) {
  limit_ = 8;
  Start();
  const auto ended = client().Watch({}, All([this] { RestartWhenAllIsTold(); }));
  EXPECT_EQ(ended.error().reason, "ENOUGH");
  EXPECT_EQ(begun_, 3);
  ExpectAllToldOnce();
}

TEST_F(WatchStreamTest, AMessageThatWasNotTakenIsNotSkipped) {
  Start();
  const auto refused = client().Watch({}, [](const v1::WatchResponse&) -> Result<void> {
    return Fail(StatusCode::kUnavailable, "DISK_FULL", "no room");
  });
  EXPECT_EQ(refused.error().reason, "DISK_FULL");
  EXPECT_EQ(begun_, 1);
}

TEST_F(WatchStreamTest, EndsWithWhatTheServerRefuses) {
  const Error refusals[] = {{StatusCode::kOutOfRange, "WATCH_FROM_FUTURE", "fewer", "after"},
                            {StatusCode::kFailedPrecondition, "WATCH_OTHER_EPOCH", "7", "after"},
                            {StatusCode::kUnauthenticated, "TOKEN_REVOKED", "revoked", ""},
                            {StatusCode::kDataLoss, "RECORD_DAMAGED", "damaged", ""}};
  std::atomic<size_t> which = 0;
  Start([&](size_t entry) -> Result<void> {
    if (entry == 4) return tl::unexpected(refusals[which]);
    return {};
  });
  for (; which < std::size(refusals); ++which) {
    told_.clear();
    begun_ = 0;
    EXPECT_EQ(client().Watch({}, All()).error(), refusals[which]);
    EXPECT_EQ(told_.size(), 4u);
    EXPECT_EQ(begun_, 1);
  }
}

TEST_F(WatchStreamTest, TellsWhyItBrokeOffAndEndsWhenThatIsEnough) {
  Start([](size_t entry) -> Result<void> {
    if (entry < 4) return {};
    return Fail(StatusCode::kUnavailable, "SERVER_STOPPING", "stops");
  });
  std::vector<std::string> reasons;
  const auto ended = client().Watch({}, All(), [&](const Error& broken) -> Result<void> {
    reasons.push_back(broken.reason);
    if (reasons.size() < 6) return {};
    return Fail(StatusCode::kAborted, "PATIENCE", "no more of this");
  });
  EXPECT_EQ(ended.error().reason, "PATIENCE");
  EXPECT_THAT(reasons, ::testing::Each("SERVER_STOPPING"));
  EXPECT_EQ(told_.size(), 4u);
}

TEST_F(WatchStreamTest, GivesUpOnAServerThatWasNeverThere) {
  ClientOptions options;
  options.server = "127.0.0.1:1";
  EXPECT_EQ(Client(options).Watch({}, All()).error().reason, "SERVER_NOT_REACHED");
}

TEST_F(WatchStreamTest, WithoutWaitingItRunsInAThreadOfItsOwnOverARestart) {
  limit_ = 8;
  Start();
  std::promise<Result<void>> ended;
  std::thread::id receiving;
  client().WatchAsync({}, All([&] {
                        receiving = std::this_thread::get_id();
                        RestartWhenAllIsTold();
                      }),
                      [&](Result<void> end) { ended.set_value(std::move(end)); });
  EXPECT_EQ(ended.get_future().get().error().reason, "ENOUGH");
  EXPECT_NE(receiving, std::this_thread::get_id());
  ExpectAllToldOnce();
}

TEST_F(WatchStreamTest, CancelEndsAWatchThatWaitsForItsServer) {
  Start();
  std::promise<void> all;
  std::promise<Result<void>> ended;
  const auto watch = client().WatchAsync(
      {},
      [&](const v1::WatchResponse& message) -> Result<void> {
        if (message.next() == fmt::format("1-{}", kEntries)) all.set_value();
        return {};
      },
      [&](Result<void> end) { ended.set_value(std::move(end)); });
  all.get_future().wait();
  watch.Cancel();
  EXPECT_EQ(ended.get_future().get().error(),
            (Error{StatusCode::kCancelled, "CALL_CANCELLED", "the caller cancelled it", ""}));
}

TEST_F(WatchStreamTest, CancelEndsAWatchThatWaitsToConnectAgain) {
  Start();
  std::promise<void> broken;
  std::promise<Result<void>> ended;
  const auto watch = client().WatchAsync(
      {}, [&](const v1::WatchResponse&) { return Result<void>(); },
      [&](Result<void> end) { ended.set_value(std::move(end)); },
      [&, times = 0](const Error&) mutable -> Result<void> {
        if (++times == 3) broken.set_value();
        return {};
      });
  server_->Stop(10s);
  broken.get_future().wait();
  watch.Cancel();
  watch.Cancel();
  EXPECT_EQ(ended.get_future().get().error().reason, "CALL_CANCELLED");
}

}  // namespace
}  // namespace yima::server::testing
