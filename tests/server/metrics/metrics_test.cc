#include "server/metrics/metrics.h"

#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yima::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Method> Table(const Result<std::string>& answer) {
  Method unary{"a/Unary", kPublic, {}, {}};
  unary.unary = [answer](const Call&, std::string_view, const Reply& reply) { reply(answer); };
  Method stream{"a/Stream", kPublic, {}, {}};
  stream.stream = [](const Call&, const Source&, const Sink&) -> Result<void> {
    return Fail(StatusCode::kUnavailable, "SERVER_STOPPING", "stopping");
  };
  return {unary, stream};
}

void Ask(const Method& method) {
  method.unary(Call(), "", [](const Result<std::string>&) {});
}

TEST(MetricsTest, CallsAreCountedByMethodAndCode) {
  Metrics metrics;
  const auto good = metrics.Measure(Table(std::string("yes")));
  Ask(good[0]);
  Ask(good[0]);
  Ask(metrics.Measure(Table(Fail(StatusCode::kPermissionDenied, "ROLE_MISSING", "no")))[0]);
  EXPECT_FALSE(good[1].stream(Call(), {}, {}));
  const std::string text = metrics.Text({});
  EXPECT_THAT(text, HasSubstr("yima_calls_total{code=\"OK\",method=\"a/Unary\"} 2\n"));
  EXPECT_THAT(text,
              HasSubstr("yima_calls_total{code=\"PERMISSION_DENIED\",method=\"a/Unary\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("yima_calls_total{code=\"UNAVAILABLE\",method=\"a/Stream\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("yima_call_seconds_count{method=\"a/Unary\"} 3\n"));
}

TEST(MetricsTest, CallsAreRunningUntilTheyAreAnswered) {
  Metrics metrics;
  Reply waiting;
  Method method{"a/Slow", kPublic, {}, {}};
  method.unary = [&](const Call&, std::string_view, Reply reply) { waiting = std::move(reply); };
  const auto table = metrics.Measure({method});
  Ask(table[0]);
  EXPECT_THAT(metrics.Text({}), HasSubstr("yima_calls_running{kind=\"unary\"} 1\n"));
  waiting(std::string());
  EXPECT_THAT(metrics.Text({}), HasSubstr("yima_calls_running{kind=\"unary\"} 0\n"));
}

TEST(MetricsTest, FeedsAreRunningUntilNobodyHoldsThem) {
  Metrics metrics;
  Method method{"a/Feed", kPublic, {}, {}};
  method.feed = [](const Call&, std::string_view request) -> Result<Pull> {
    if (request.empty()) return Fail(StatusCode::kInvalidArgument, "REQUEST_MISSING", "missing");
    return [] { return Result<std::optional<std::string>>("message"); };
  };
  const auto table = metrics.Measure({method});
  EXPECT_FALSE(table[0].feed(Call(), ""));
  {
    const auto pull = table[0].feed(Call(), "request");
    ASSERT_TRUE(pull);
    EXPECT_EQ(**(*pull)(), "message");
    EXPECT_THAT(metrics.Text({}), HasSubstr("yima_calls_running{kind=\"stream\"} 1\n"));
  }
  const std::string text = metrics.Text({});
  EXPECT_THAT(text, HasSubstr("yima_calls_running{kind=\"stream\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("yima_calls_total{code=\"OK\",method=\"a/Feed\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("yima_calls_total{code=\"INVALID_ARGUMENT\",method=\"a/Feed\"} 1\n"));
}

TEST(MetricsTest, ManyThreadsLoseNoCall) {
  Metrics metrics;
  const auto table = metrics.Measure(Table(std::string("yes")));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) Ask(table[0]);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(metrics.Text({}),
              HasSubstr("yima_calls_total{code=\"OK\",method=\"a/Unary\"} 8000\n"));
}

TEST(MetricsTest, InventedHttpMethodsMakeNoSeries) {
  Metrics metrics;
  metrics.CountHttp("GET", 200, std::chrono::microseconds(5));
  metrics.CountHttp("BREW", 405, std::chrono::microseconds(5));
  metrics.CountHttp("\"}\n", 405, std::chrono::microseconds(5));
  const std::string text = metrics.Text({});
  EXPECT_THAT(text, HasSubstr("yima_http_requests_total{code=\"200\",method=\"GET\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("yima_http_requests_total{code=\"405\",method=\"other\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("BREW")));
}

TEST(MetricsTest, DaysCountDownAndGoBelowZero) {
  Metrics::State state;
  state.now = *ParseTime("2026-11-25T12:00:00Z");
  state.certificate_expires = *ParseTime("2026-11-24T12:00:00Z");
  TrustBundle bundle;
  bundle.expires = *ParseTime("2026-12-05T12:00:00Z");
  CodeKey key;
  key.origin = "HTTPS://QR.EXAMPLE.CN/";
  key.key_id = 1;
  key.last_day = *ParseDay("2026-11-25");
  bundle.keys = {key, key};
  bundle.keys[1].key_id = 2;
  bundle.keys[1].revoked = true;
  state.bundle = bundle;
  const std::string text = Metrics().Text(state);
  EXPECT_THAT(text, HasSubstr("yima_certificate_days -1\n"));
  EXPECT_THAT(text, HasSubstr("yima_bundle_days 10\n"));
  EXPECT_THAT(text,
              HasSubstr("yima_key_days{key_id=\"1\",origin=\"HTTPS://QR.EXAMPLE.CN/\"} 0.5\n"));
  EXPECT_THAT(text, Not(HasSubstr("key_id=\"2\"")));
}

}  // namespace
}  // namespace yima::server
