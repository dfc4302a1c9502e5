#include "server/http/http_server.h"

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/http/echo.h"
#include "tests/server/http/raw_client.h"

namespace yima::server::testing {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr size_t kMegabyte = size_t{1} << 20;

TEST(HttpServerTest, AnswersWhatWasAsked) {
  const auto server = Serve();
  const std::string answer = Exchange(server->address(), Get("/a%20b/%31?q=x+y%2B&e=&flag"));
  EXPECT_EQ(StatusIn(answer), 200);
  EXPECT_THAT(answer, HasSubstr("GET /a b/1 e= flag= q=x y+ host=a.example"));
}

TEST(HttpServerTest, HeadHasNoBody) {
  const auto server = Serve();
  const std::string answer =
      Exchange(server->address(), "HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(StatusIn(answer), 200);
  EXPECT_THAT(answer, HasSubstr("Content-Length: 14"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST(HttpServerTest, OtherMethodsAreNamedAsNotAllowed) {
  const auto server = Serve();
  for (const std::string method :
       {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "BREW", "PRI"}) {
    const std::string answer =
        Exchange(server->address(), method + " / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(StatusIn(answer), 405) << method;
    EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD"));
  }
}

TEST(HttpServerTest, BodiesAreRefusedUnread) {
  const auto server = Serve();
  for (const std::string length :
       {"Content-Length: 1000000000000", "Content-Length: 1", "Transfer-Encoding: chunked"}) {
    const std::string answer = Exchange(server->address(), Get("/", length + "\r\n"));
    EXPECT_EQ(StatusIn(answer), 413) << length;
  }
  EXPECT_EQ(StatusIn(Exchange(server->address(), Get("/", "Content-Length: 0\r\n"))), 200);
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\ncut off";
  RawClient cut(server->address());
  cut.Send(post);
  cut.EndSending();
  EXPECT_EQ(StatusIn(cut.ReadAll()), 405);
}

TEST(HttpServerTest, OldProtocolIsAnsweredAndClosed) {
  const auto server = Serve();
  EXPECT_EQ(StatusIn(Exchange(server->address(), "GET /old HTTP/1.0\r\n\r\n")), 200);
}

TEST(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  const auto server = Serve();
  constexpr int kRequests = 50;
  std::string requests;
  for (int i = 0; i < kRequests; ++i) {
    requests += fmt::format("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", i);
  }
  RawClient client(server->address());
  client.Send(requests);
  for (int i = 0; i < kRequests; ++i) {
    EXPECT_THAT(client.ReadAnswer(), HasSubstr(fmt::format("GET /{} host=a", i)));
  }
}

TEST(HttpServerTest, TooLongHeadsAreRefused) {
  const auto server = Serve();
  EXPECT_THAT(StatusIn(Exchange(server->address(), Get("/" + std::string(kMegabyte, 'a')))),
              AnyOf(Eq(414), Eq(431), Eq(0)));
  EXPECT_THAT(StatusIn(Exchange(server->address(),
                                Get("/", "X-Long: " + std::string(kMegabyte, 'a') + "\r\n"))),
              AnyOf(Eq(431), Eq(0)));
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += fmt::format("X-{}: a\r\n", i);
  EXPECT_THAT(StatusIn(Exchange(server->address(), Get("/", many))), AnyOf(Eq(431), Eq(0)));
  EXPECT_EQ(
      StatusIn(Exchange(server->address(), Get("/", "X-Long: " + std::string(4000, 'a') + "\r\n"))),
      200);
}

TEST(HttpServerTest, BytesThatAreNoRequestAreRefused) {
  HttpServer::Options options;
  options.request_max = std::chrono::milliseconds(500);
  const auto server = Serve(Echo, options);
  std::string nul = Get("/a_b");
  nul[nul.find('_')] = '\0';
  for (const std::string& bytes :
       {std::string("\r\n\r\n\r\n\r\n"), std::string("GET\r\n\r\n"),
        std::string("GET / HTTP/9.9\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello over TLS\r\n\r\n"),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string(kMegabyte, '\xFF'), nul,
        Get("/", "no colon here\r\n")}) {
    RawClient client(server->address());
    client.Send(bytes);
    client.EndSending();
    EXPECT_NE(StatusIn(client.ReadAll()), 200) << bytes.substr(0, 40);
  }
  EXPECT_EQ(StatusIn(Exchange(server->address(), Get("/"))), 200);
}

TEST(HttpServerTest, EncodedNulDoesNotEndAPath) {
  const auto server = Serve();
  EXPECT_THAT(Exchange(server->address(), Get("/a%00b?q=c%00d")), HasSubstr("GET /a\\0b q=c"));
  EXPECT_THAT(Exchange(server->address(), Get("/%2e%2e/%2E%2E/etc")), HasSubstr("GET /../../etc"));
  EXPECT_THAT(Exchange(server->address(), Get("/%zz%4")), HasSubstr("GET /%zz%4"));
}

TEST(HttpServerTest, AnswersMayComeLaterFromElsewhere) {
  std::vector<std::thread> threads;
  std::mutex mutex;
  const auto server = Serve([&](const HttpRequest& request, const HttpReply& reply) {
    const std::lock_guard lock(mutex);
    threads.emplace_back([path = request.path, reply] { reply({.body = "later " + path}); });
  });
  {
    RawClient client(server->address());
    for (int i = 0; i < 20; ++i) {
      client.Send(fmt::format("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", i));
      EXPECT_THAT(client.ReadAnswer(), HasSubstr(fmt::format("later /{}", i)));
    }
  }
  server->Stop();
  for (auto& thread : threads) thread.join();
}

TEST(HttpServerTest, StopsOnlyOnceAllAreAnswered) {
  std::promise<HttpReply> asked;
  const auto server =
      Serve([&](const HttpRequest&, const HttpReply& reply) { asked.set_value(reply); });
  RawClient client(server->address());
  client.Send(Get("/"));
  const HttpReply reply = asked.get_future().get();
  std::promise<void> stopped;
  auto has_stopped = stopped.get_future();
  std::thread stopping([&] {
    server->Stop();
    stopped.set_value();
  });
  // No other way to see that it waits than to give it time not to.
  EXPECT_EQ(has_stopped.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  reply({.body = "at last"});
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("at last"));
  stopping.join();
}

TEST(HttpServerTest, ProxyOnThisMachineSaysForWhomItAsks) {
  const auto server = Serve([](const HttpRequest& request, const HttpReply& reply) {
    reply({.body = "for " + request.address + "."});
  });
  const auto ask = [&](const std::string& forwarded) {
    return Exchange(server->address(), Get("/", forwarded));
  };
  EXPECT_THAT(ask(""), HasSubstr("for 127.0.0.1."));
  EXPECT_THAT(ask("X-Forwarded-For: 203.0.113.9\r\n"), HasSubstr("for 203.0.113.9."));
  EXPECT_THAT(ask("X-Forwarded-For: 1.2.3.4, 2001:db8::1\r\n"), HasSubstr("for 2001:db8::1."));
  EXPECT_THAT(ask("X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n"),
              HasSubstr("for 5.6.7.8."));
  EXPECT_THAT(ask("X-Forwarded-For: unknown\r\n"), HasSubstr("for 127.0.0.1."));
}

TEST(HttpServerTest, EachAnswerIsTold) {
  std::mutex mutex;
  std::vector<std::string> told;
  HttpServer::Options options;
  options.on_answer = [&](std::string_view method, int status, std::chrono::nanoseconds took) {
    const std::lock_guard lock(mutex);
    told.push_back(fmt::format("{} {} {}", method, status, took.count() >= 0));
  };
  const auto server = Serve(Echo, options);
  Exchange(server->address(), Get("/"));
  Exchange(server->address(), "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(told, (std::vector<std::string>{"GET 200 true", "POST 405 true"}));
}

TEST(HttpServerTest, HandlerThatThrowsIsAnInternalError) {
  const auto server =
      Serve([](const HttpRequest&, const HttpReply&) { throw std::runtime_error("oops"); });
  const std::string answer = Exchange(server->address(), Get("/"));
  EXPECT_EQ(StatusIn(answer), 500);
  EXPECT_THAT(answer, Not(HasSubstr("oops")));
}

TEST(HttpServerTest, SlowClientsAreCutOffHoweverBusy) {
  HttpServer::Options options;
  options.request_max = std::chrono::milliseconds(300);
  const auto server = Serve(Echo, options);
  RawClient silent(server->address());
  RawClient drip(server->address());
  drip.Send("GET / HTTP/1.1\r\nHost: a\r\n");
  // Never finished: a header more every few milliseconds, until the server has enough of it.
  for (int i = 0; drip.Send(fmt::format("X-{}: a\r\n", i)); ++i) {
    ASSERT_LT(i, 10'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(silent.ReadAll(), "");
}

TEST(HttpServerTest, ClientsThatDoNotReadAreCutOff) {
  HttpServer::Options options;
  options.answer_max = std::chrono::milliseconds(300);
  const auto server =
      Serve([](const HttpRequest&,
               const HttpReply& reply) { reply({.body = std::string(64 * kMegabyte, 'a')}); },
            options);
  RawClient client(server->address());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  // More than all buffers between the two hold, taken only after the deadline.
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_LT(client.ReadAll().size(), 64 * kMegabyte);
}

TEST(HttpServerTest, IdleClientsDoNotKeepOthersWaiting) {
  const auto server = Serve();
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 400; ++i) {
    idle.push_back(std::make_unique<RawClient>(server->address()));
    idle.back()->Send("GET / HT");
  }
  EXPECT_EQ(StatusIn(Exchange(server->address(), Get("/"))), 200);
  // And one of them goes on.
  idle[7]->Send("TP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(StatusIn(idle[7]->ReadAnswer()), 200);
}

TEST(HttpServerTest, ConnectionsOfOneAddressAreCounted) {
  HttpServer::Options options;
  options.threads = 1;
  options.connections_per_address_max = 2;
  const auto server = Serve(Echo, options);
  RawClient first(server->address());
  first.Send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(StatusIn(first.ReadAnswer()), 200);
  RawClient second(server->address());
  second.Send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(StatusIn(second.ReadAnswer()), 200);
  RawClient third(server->address());
  third.Send("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(third.ReadAnswer(), "");
}

TEST(HttpServerTest, AddressMustBeOneAndFree) {
  const auto reason = [](const std::string& address) {
    HttpServer::Options options;
    options.address = address;
    const auto server = HttpServer::Start(Echo, options);
    return server ? "" : server.error().reason;
  };
  for (const std::string address : {"", "127.0.0.1", ":8341", "127.0.0.1:http", "127.0.0.1:"}) {
    EXPECT_EQ(reason(address), "LISTEN_MALFORMED") << address;
  }
  const auto server = Serve();
  EXPECT_EQ(reason(server->address()), "ADDRESS_UNAVAILABLE");
}

TEST(HttpServerTest, ListensOnIpv6) {
  HttpServer::Options options;
  options.address = "[::1]:0";
  const auto server = HttpServer::Start(Echo, options);
  if (!server) GTEST_SKIP() << "no IPv6 on this machine";
  EXPECT_TRUE((*server)->address().starts_with("[::1]:"));
}

}  // namespace
}  // namespace yima::server::testing
