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

using ::testing::IsEmpty;

v1::ImportRow Row(uint32_t number) {
  v1::ImportRow row;
  row.set_line(number + 1);
  row.set_supervisor("城管局");
  row.mutable_facility()->set_division("140502");
  row.mutable_facility()->set_class_code("01003");
  auto* code = row.mutable_facility()->add_codes();
  code->set_scheme(2);
  code->set_digits(fmt::format("14050201003{:06}", number));
  return row;
}

class StreamsTest : public ::testing::Test {
 protected:
  StreamsTest() { served_.world().AddOrganization("城管局"); }

  /// Sends so many messages of 100 rows, calling `before` with the number of each.
  Result<v1::ImportReport> Import(
      uint32_t messages,
      const std::function<Result<void>(uint32_t, std::vector<v1::ImportRow>&)>& before,
      const Client::Receiver<v1::ImportFacilitiesResponse>& receiver = {}) {
    v1::ImportHeader header;
    header.set_request_id("import-1");
    header.set_source("ledger.csv");
    uint32_t sent = 0;
    v1::ImportReport report;
    const auto source = [&](std::vector<v1::ImportRow>& rows) -> Result<bool> {
      if (sent == messages) return false;
      for (uint32_t i = 1; i <= 100; ++i) rows.push_back(Row(sent * 100 + i));
      ++sent;
      YIMA_RETURN_IF_ERROR(before(sent, rows));
      return true;
    };
    YIMA_RETURN_IF_ERROR(client_.ImportFacilities(
        header, source, [&](const v1::ImportFacilitiesResponse& response) -> Result<void> {
          if (response.has_report()) report = response.report();
          return receiver ? receiver(response) : Result<void>();
        }));
    return report;
  }
  static Result<void> Nothing(uint32_t, std::vector<v1::ImportRow>&) { return {}; }

  Served served_;
  Client client_ = served_.client();
};

TEST_F(StreamsTest, ImportIsTakenWhole) {
  const auto report = Import(12, Nothing);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->created(), 1200);
  EXPECT_THAT(Findings(served_.world()), IsEmpty());
}

/// Over and over: the end of a broken stream races with the news that it broke.
TEST_F(StreamsTest, ImportThatItsClientBreaksOffWritesNothing) {
  const std::string state = served_.world().State();
  for (int i = 0; i < 40; ++i) {
    const auto broken = Import(5, [](uint32_t message, auto&) -> Result<void> {
      if (message < 4) return {};
      return Invalid("BAD_ROWS", "the ledger turned out bad");
    });
    ASSERT_EQ(RefusalOf(broken).reason, "BAD_ROWS");
  }
  // What the server makes of the last one is known once it has stopped.
  served_.StopAndReopen();
  EXPECT_EQ(served_.world().State(), state);
}

TEST_F(StreamsTest, ImportWithAMessageOverTheLimitWritesNothing) {
  const std::string state = served_.world().State();
  for (int i = 0; i < 10; ++i) {
    const auto refused = Import(5, [](uint32_t message, auto& rows) -> Result<void> {
      if (message == 4) rows[0].set_remark(std::string(21 << 20, 'x'));
      return {};
    });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, StatusCode::kResourceExhausted) << refused.error().message;
  }
  served_.StopAndReopen();
  EXPECT_EQ(served_.world().State(), state);
}

TEST_F(StreamsTest, ImportGoesOnAfterAClientThatLeftAmidTheChunks) {
  const auto broken =
      Import(30, Nothing, [](const v1::ImportFacilitiesResponse& response) -> Result<void> {
        if (response.done() == 0) return {};
        return Fail(StatusCode::kCancelled, "GONE", "gone");
      });
  ASSERT_EQ(RefusalOf(broken).reason, "GONE");
  // The call that was left behind may still be finishing its chunk: the second waits for it.
  const auto report = Import(30, Nothing);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->created(), 3000);
  EXPECT_EQ(report->conflicts(), 0);
  EXPECT_THAT(Findings(served_.world()), IsEmpty());
}

TEST_F(StreamsTest, IssueGoesOnAfterAClientThatLeft) {
  v1::IssueCodesRequest request;
  request.set_request_id("issue-1");
  request.set_blank(5 * kBatchChunk);
  std::set<std::string> texts;
  const auto broken =
      client_.IssueCodes(request, [&](const v1::IssueCodesResponse& response) -> Result<void> {
        for (const auto& code : response.codes()) texts.insert(code.text());
        if (response.codes_size() == 0) return {};
        return Fail(StatusCode::kCancelled, "GONE", "gone");
      });
  ASSERT_EQ(RefusalOf(broken).reason, "GONE");
  EXPECT_FALSE(texts.empty());
  size_t sent = 0;
  const auto whole =
      client_.IssueCodes(request, [&](const v1::IssueCodesResponse& response) -> Result<void> {
        for (const auto& code : response.codes()) texts.insert(code.text());
        sent += static_cast<size_t>(response.codes_size());
        return {};
      });
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(sent, request.blank());
  EXPECT_EQ(texts.size(), request.blank());
  EXPECT_THAT(Findings(served_.world()), IsEmpty());
}

/// The client takes one message and then none: the server must wait, not gather codes in memory.
TEST_F(StreamsTest, SlowReaderHoldsTheServerBack) {
  v1::IssueCodesRequest request;
  request.set_request_id("issue-1");
  request.set_blank(100'000);
  uint64_t batch = 0;
  const auto done = [&] {
    v1::GetBatchRequest get;
    get.set_batch(batch);
    return client_.GetBatch(get)->batch().counts().done();
  };
  const auto left =
      client_.IssueCodes(request, [&](const v1::IssueCodesResponse& response) -> Result<void> {
        batch = response.batch();
        if (response.codes_size() == 0) return {};
        // Until it has come to rest.
        for (uint64_t before = 0; done() != before;) {
          before = done();
          std::this_thread::sleep_for(std::chrono::seconds(1));
        }
        EXPECT_LT(done(), request.blank());
        return Fail(StatusCode::kCancelled, "GONE", "gone");
      });
  EXPECT_EQ(RefusalOf(left).reason, "GONE");
}

TEST(StreamLimitTest, MoreStreamsThanMayBeAreRefused) {
  Gate gate;
  std::atomic<int> running = 0;
  const auto server =
      Serve({{"test.Slow/Stream",
              kPublic,
              {},
              [&](const Call&, const Source& source, const Sink& sink) -> Result<void> {
                std::string bytes;
                YIMA_RETURN_IF_ERROR(source(bytes));
                ++running;
                YIMA_RETURN_IF_ERROR(sink(std::string()));
                gate.Wait();
                return {};
              }}},
            2);
  const Transport transport({.server = server->address()});
  const auto call = [&](const std::function<Result<void>()>& on_response) {
    v1::GetBatchRequest request;
    v1::GetBatchResponse response;
    return transport.Download("test.Slow/Stream", request, response, on_response);
  };
  Gate both_run;
  std::vector<std::thread> callers;
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] {
      EXPECT_TRUE(call([&]() -> Result<void> {
        if (running == 2) both_run.Open();
        return {};
      }));
    });
  }
  both_run.Wait();
  const uint64_t noted = OpenDoors().audit.count();
  EXPECT_EQ(RefusalOf(call([]() -> Result<void> { return {}; })),
            (Refusal{StatusCode::kResourceExhausted, "TOO_MANY_STREAMS", ""}));
  EXPECT_GT(OpenDoors().audit.count(), noted);
  gate.Open();
  for (auto& caller : callers) caller.join();
}

/// What becomes of a stream whose client says nothing after so many messages.
Refusal RefusalOfSilence(int messages, const GrpcServer::Options& options) {
  Gate refused;
  const auto server =
      *GrpcServer::Start({{"test.Silent/Stream",
                           kPublic,
                           {},
                           [&](const Call&, const Source& source, const Sink&) -> Result<void> {
                             std::string bytes;
                             Result<bool> asked = true;
                             while (asked && *asked) asked = source(bytes);
                             refused.Open();
                             YIMA_RETURN_IF_ERROR(asked);
                             return {};
                           }}},
                         OpenGate(), options);
  const Transport transport({.server = server->address()});
  v1::ImportFacilitiesRequest request;
  v1::ImportFacilitiesResponse response;
  const auto then_silent = [&]() -> Result<bool> {
    if (messages-- > 0) return true;
    refused.Wait();
    return false;
  };
  return RefusalOf(transport.Exchange("test.Silent/Stream", request, then_silent, response,
                                      []() -> Result<void> { return {}; }));
}

/// Each stream holds a thread, so those that say nothing must not hold them all.
TEST(StreamLimitTest, StreamsThatSayNothingAreRefused) {
  GrpcServer::Options first;
  first.address = "127.0.0.1:0";
  first.first_message_max = std::chrono::milliseconds(1);
  EXPECT_EQ(RefusalOfSilence(0, first),
            (Refusal{StatusCode::kDeadlineExceeded, "MESSAGE_LATE", ""}));
  GrpcServer::Options next;
  next.address = "127.0.0.1:0";
  next.message_max = std::chrono::milliseconds(100);
  EXPECT_EQ(RefusalOfSilence(2, next),
            (Refusal{StatusCode::kDeadlineExceeded, "MESSAGE_LATE", ""}));
}

TEST(StreamLimitTest, StreamsAreAskedToEndAtLast) {
  GrpcServer::Options options;
  options.address = "127.0.0.1:0";
  options.stream_max = std::chrono::milliseconds(50);
  const auto server =
      *GrpcServer::Start({{"test.Endless/Stream",
                           kPublic,
                           {},
                           [&](const Call& call, const Source&, const Sink&) -> Result<void> {
                             while (!call.cancelled()) std::this_thread::yield();
                             return CallerGone();
                           }}},
                         OpenGate(), options);
  const Transport transport({.server = server->address()});
  v1::ImportFacilitiesRequest request;
  v1::ImportFacilitiesResponse response;
  const auto served = transport.Exchange(
      "test.Endless/Stream", request, []() -> Result<bool> { return false; }, response,
      []() -> Result<void> { return {}; });
  EXPECT_EQ(RefusalOf(served), (Refusal{StatusCode::kUnavailable, "STREAM_TOO_LONG", ""}));
}

}  // namespace
}  // namespace yima::server::testing
