#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/rpc/served.h"

namespace yima::server::testing {
namespace {

using std::chrono::milliseconds;

/// A field that nobody knows, of 16 MiB: more than may be on its way to one who reads nothing.
std::string Padding() { return "\xfa\x01\x80\x80\x80\x08" + std::string(16 << 20, '\0'); }

constexpr char kMethod[] = "yima.v1.ResolverService/StreamResolve";

/// A registry of a thousand blank codes before a door whose StreamResolve a test may change.
class ResolveStreamTest : public ::testing::Test {
 protected:
  ResolveStreamTest() {
    v1::IssueCodesRequest request;
    request.set_request_id("issue-1");
    request.set_blank(1000);
    const auto issued =
        methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", request);
    for (const auto& message : *issued) {
      for (const auto& code : message.codes()) texts_.push_back(code.text());
    }
  }

  using Around = std::function<Result<void>(const StreamHandler& real, const Call& call,
                                            const Source& source, const Sink& sink)>;
  /// Serves the table; `around` stands in for StreamResolve and may call the real one.
  void Start(const Around& around = {}) {
    std::vector<Method> table = methods_.table();
    for (auto& method : table) {
      if (method.name != kMethod || !around) continue;
      method.stream = [around, real = method.stream](const Call& call, const Source& source,
                                                     const Sink& sink) {
        return around(real, call, source, sink);
      };
    }
    GrpcServer::Options options;
    options.address = address_;
    server_ = *GrpcServer::Start(table, doors_.gate, options);
    address_ = server_->address();
  }

  Client client() const {
    ClientOptions options;
    options.server = address_;
    options.token = doors_.token;
    return Client(options);
  }

  /// The messages of these sizes, raw; what the receiver took, or why it ended.
  Result<std::vector<v1::StreamResolveResponse>> Exchange(
      const std::vector<v1::StreamResolveRequest>& messages, const std::string& token,
      const std::function<Result<void>()>& on_response = [] { return Result<void>(); }) {
    const Transport transport({.server = address_, .token = token});
    v1::StreamResolveRequest request;
    v1::StreamResolveResponse response;
    std::vector<v1::StreamResolveResponse> taken;
    size_t sent = 0;
    YIMA_RETURN_IF_ERROR(transport.Exchange(
        kMethod, request,
        [&]() -> Result<bool> {
          if (sent == messages.size()) return false;
          request = messages[sent++];
          return true;
        },
        response,
        [&]() -> Result<void> {
          taken.push_back(response);
          return on_response();
        }));
    return taken;
  }

  v1::StreamResolveRequest Message(size_t begin, size_t n) const {
    v1::StreamResolveRequest message;
    for (size_t i = 0; i < n; ++i) {
      message.add_requests()->set_text(texts_[(begin + i) % texts_.size()]);
    }
    return message;
  }

  /// The numbers of the texts that were answered in order, by so many in a message.
  Result<std::vector<std::string>> Resolve(const std::vector<std::string>& texts, size_t at_a_time,
                                           const std::function<void(size_t)>& before_answer = {}) {
    std::vector<std::string> told;
    size_t next = 0;
    YIMA_RETURN_IF_ERROR(client().StreamResolve(
        [&](std::vector<v1::ResolveRequest>& asked) -> Result<bool> {
          for (size_t i = 0; i < at_a_time && next < texts.size(); ++i) {
            asked.emplace_back().set_text(texts[next++]);
          }
          return !asked.empty();
        },
        [&](const Result<v1::ResolveResponse>& answer) -> Result<void> {
          if (before_answer) before_answer(told.size());
          told.push_back(answer
                             ? fmt::to_string(answer->serial())
                             : fmt::format("{} {}", answer.error().reason, answer.error().field));
          return {};
        }));
    return told;
  }

  std::vector<std::string> Serials() const {
    std::vector<std::string> serials;
    for (const auto& text : texts_) {
      v1::ResolveRequest request;
      request.set_text(text);
      serials.push_back(fmt::to_string(client().Resolve(request)->serial()));
    }
    return serials;
  }

  World world_;
  Methods methods_{world_};
  Doors doors_{world_};
  std::vector<std::string> texts_;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<GrpcServer> server_;
};

TEST_F(ResolveStreamTest, AnswersMessageByMessageAsBatchResolveDoes) {
  Start();
  const std::vector<v1::StreamResolveRequest> messages = {Message(0, 3), Message(3, 1),
                                                          Message(4, 1000)};
  const auto answers = Exchange(messages, doors_.token);
  ASSERT_TRUE(answers) << answers.error().message;
  ASSERT_EQ(answers->size(), messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    v1::BatchResolveRequest batch;
    for (const auto& request : messages[i].requests()) *batch.add_requests() = request;
    EXPECT_EQ(client().BatchResolve(batch)->SerializeAsString(), (*answers)[i].SerializeAsString());
  }
}

TEST_F(ResolveStreamTest, ReadsTheNextMessageWhenTheAnswerBeforeWasTaken) {
  std::atomic<int> open = 0;
  std::atomic<int> open_most = 0;
  Start([&](const StreamHandler& real, const Call& call, const Source& source, const Sink& sink) {
    return real(
        call,
        [&](std::string& bytes) {
          const auto read = source(bytes);
          open_most = std::max<int>(open_most, ++open);
          return read;
        },
        [&](std::string bytes) {
          auto taken = sink(std::move(bytes));
          --open;
          return taken;
        });
  });
  std::vector<v1::StreamResolveRequest> messages(50, Message(0, 100));
  const auto answers = Exchange(messages, doors_.token);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->size(), 50u);
  EXPECT_EQ(open_most, 1);
}

TEST_F(ResolveStreamTest, AnErrorNamesMessageAndText) {
  Start();
  v1::StreamResolveRequest bad = Message(0, 5);
  bad.mutable_requests(3)->clear_text();
  EXPECT_EQ(RefusalOf(Exchange({Message(0, 2), bad}, doors_.token)),
            (Refusal{StatusCode::kInvalidArgument, "TEXT_EMPTY", "messages[1].requests[3].text"}));
  EXPECT_EQ(RefusalOf(Exchange({v1::StreamResolveRequest()}, doors_.token)),
            (Refusal{StatusCode::kInvalidArgument, "BATCH_SIZE", "messages[0].requests"}));
  EXPECT_EQ(RefusalOf(Exchange({Message(0, 1001)}, doors_.token)),
            (Refusal{StatusCode::kInvalidArgument, "BATCH_SIZE", "messages[0].requests"}));
}

TEST_F(ResolveStreamTest, IsForCallersWhoAreKnown) {
  Start();
  EXPECT_EQ(RefusalOf(Exchange({Message(0, 1)}, "")).code, StatusCode::kUnauthenticated);
}

TEST_F(ResolveStreamTest, EndsWhenItsClientHasGone) {
  Gate ended;
  Start([&](const StreamHandler& real, const Call& call, const Source& source, const Sink& sink) {
    const auto served = real(call, source, sink);
    // Perhaps as one that its client ended: the news of a break may come a little later.
    ended.Open();
    return served;
  });
  const std::vector<v1::StreamResolveRequest> messages(1000, Message(0, 100));
  EXPECT_EQ(RefusalOf(Exchange(messages, doors_.token,
                               [] { return Fail(StatusCode::kCancelled, "GONE", ""); }))
                .reason,
            "GONE");
  ended.Wait();
}

TEST_F(ResolveStreamTest, TheClientGoesOnOverStreamsThatBreak) {
  Start();
  const auto serials = Serials();
  server_.reset();
  std::atomic<int> streams = 0;
  Start([&](const StreamHandler& real, const Call& call, const Source& source,
            const Sink& sink) -> Result<void> {
    ++streams;
    int left = 7;
    YIMA_RETURN_IF_ERROR(real(call, source, [&](std::string bytes) -> Result<void> {
      // The last answer is on its way when the stream breaks, or was made in vain.
      if (left-- == 0) return Fail(StatusCode::kUnavailable, "BROKEN", "");
      return sink(std::move(bytes));
    }));
    return {};
  });
  const auto told = Resolve(texts_, 9);
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(*told, serials);
  EXPECT_EQ(streams, 1000 / (9 * 7) + 1);
}

TEST_F(ResolveStreamTest, TheClientGoesOnWithAServerThatWasStartedAnew) {
  Start();
  const auto serials = Serials();
  const auto told = Resolve(texts_, 10, [&](size_t answered) {
    if (answered % 400 != 399) return;
    server_.reset();
    Start();
  });
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(*told, serials);
}

TEST_F(ResolveStreamTest, TheClientGivesUpWhenNothingIsEverAnswered) {
  std::atomic<int> streams = 0;
  Start([&](const StreamHandler&, const Call&, const Source&, const Sink&) -> Result<void> {
    ++streams;
    return Fail(StatusCode::kUnavailable, "BROKEN", "");
  });
  EXPECT_EQ(RefusalOf(Resolve(texts_, 10)), (Refusal{StatusCode::kUnavailable, "BROKEN", ""}));
  EXPECT_EQ(streams, 5);
}

TEST_F(ResolveStreamTest, ABadTextIsToldInItsPlaceAndTheRestAnswered) {
  Start();
  auto expected = Serials();
  auto texts = texts_;
  const std::vector<std::pair<size_t, std::string>> bad = {{0, "TEXT_EMPTY text"},
                                                           {57, "TEXT_TOO_LONG text"},
                                                           {58, "TEXT_EMPTY text"},
                                                           {99, "REQUEST_MALFORMED "},
                                                           {999, "TEXT_EMPTY text"}};
  for (const auto& [at, told] : bad) {
    texts[at] = told.starts_with("TEXT_EMPTY") ? "" : std::string(600, 'x');
    if (told.starts_with("REQUEST")) texts[at] = "\xff";
    expected[at] = told;
  }
  for (const size_t at_a_time : {size_t{1}, size_t{100}, size_t{1000}}) {
    const auto told = Resolve(texts, at_a_time);
    ASSERT_TRUE(told) << told.error().message;
    EXPECT_EQ(*told, expected);
  }
}

TEST_F(ResolveStreamTest, AServerThatAnswersTooFewIsNotBelieved) {
  Start([&](const StreamHandler&, const Call&, const Source& source,
            const Sink& sink) -> Result<void> {
    std::string bytes;
    YIMA_RETURN_IF_ERROR(source(bytes));
    return sink(std::string());
  });
  EXPECT_EQ(RefusalOf(Resolve(texts_, 10)).reason, "ANSWERS_MISSING");
  server_.reset();
  Start([&](const StreamHandler&, const Call&, const Source& source, const Sink&) -> Result<void> {
    std::string bytes;
    YIMA_RETURN_IF_ERROR(source(bytes));
    return {};
  });
  EXPECT_EQ(RefusalOf(Resolve(texts_, 10)).reason, "ANSWERS_MISSING");
}

TEST_F(ResolveStreamTest, ErrorsOfSourceAndReceiverEndTheCall) {
  Start();
  const auto one = [&](std::vector<v1::ResolveRequest>& asked) -> Result<bool> {
    asked.emplace_back().set_text(texts_[0]);
    return true;
  };
  // UNAVAILABLE, too: it is the caller's own and no broken connection.
  EXPECT_EQ(
      RefusalOf(client().StreamResolve(
                    one, [](const auto&) { return Fail(StatusCode::kUnavailable, "FULL", ""); }))
          .reason,
      "FULL");
  int asked_for = 0;
  EXPECT_EQ(RefusalOf(client().StreamResolve(
                          [&](std::vector<v1::ResolveRequest>& asked) -> Result<bool> {
                            if (++asked_for == 3) return Fail(StatusCode::kUnavailable, "GONE", "");
                            return one(asked);
                          },
                          [](const auto&) { return Result<void>(); }))
                .reason,
            "GONE");
}

TEST_F(ResolveStreamTest, ASourceWithNothingYetIsAskedAgainWhenAllIsAnswered) {
  Start();
  int answered = 0;
  int asked_for = 0;
  const auto ended = client().StreamResolve(
      [&](std::vector<v1::ResolveRequest>& asked) -> Result<bool> {
        if (++asked_for > 20) return false;
        if (asked_for % 2 == 1) {
          // The one before gave nothing, so all that was given before it is answered.
          EXPECT_EQ(answered, asked_for / 2);
          asked.emplace_back().set_text(texts_[0]);
        }
        return true;
      },
      [&](const auto&) -> Result<void> {
        ++answered;
        return {};
      });
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(answered, 10);
}

/// The server sends without end to one who took a first message and then none.
TEST(SlowReaderTest, IsCutOffWithAReason) {
  Gate cut_off;
  const auto server = Serve({{"test.Endless/Stream",
                              kPublic,
                              {},
                              [&](const Call&, const Source&, const Sink& sink) -> Result<void> {
                                Result<void> sent;
                                while (sent) sent = sink(Padding());
                                cut_off.Open();
                                return sent;
                              },
                              nullptr,
                              milliseconds(50)}});
  const Transport transport({.server = server->address()});
  v1::StreamResolveRequest request;
  v1::StreamResolveResponse response;
  const auto ended = transport.Exchange(
      "test.Endless/Stream", request, []() -> Result<bool> { return false; }, response,
      [&]() -> Result<void> {
        cut_off.Wait();
        return {};
      });
  EXPECT_EQ(RefusalOf(ended), (Refusal{StatusCode::kResourceExhausted, "STREAM_TOO_SLOW", ""}));
  EXPECT_EQ(ended.error().message, "a message was not taken within 50 ms");
}

/// A receiver that rests longer than the server waits for it gets all the same.
TEST_F(ResolveStreamTest, TheClientGoesOnAfterItWasCutOff) {
  Start();
  const auto serials = Serials();
  server_.reset();
  std::vector<Method> table = methods_.table();
  std::atomic<int> calls = 0;
  Gate cut_off;
  for (auto& method : table) {
    if (method.name != kMethod) continue;
    method.take_max = milliseconds(50);
    // The first call alone is heavy: a machine that takes long for each message gets on afterwards.
    method.stream = [&calls, &cut_off, real = method.stream](const Call& call, const Source& source,
                                                             const Sink& sink) {
      if (calls++ > 0) return real(call, source, sink);
      // The cut is told by whatever came next, the message after it or the wait for another.
      auto served = real(call, source, [&](std::string bytes) { return sink(bytes + Padding()); });
      cut_off.Open();
      return served;
    };
  }
  GrpcServer::Options options;
  options.address = address_;
  server_ = *GrpcServer::Start(table, doors_.gate, options);
  const auto told = Resolve(texts_, 100, [&](size_t answered) {
    if (answered == 150) cut_off.Wait();
  });
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(*told, serials);
  EXPECT_GT(calls, 1);
}

}  // namespace
}  // namespace yima::server::testing
