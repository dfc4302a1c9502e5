#include "server/metrics/metrics.h"

#include <array>
#include <atomic>
#include <deque>
#include <utility>

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace yima::server {
namespace {

using Clock = std::chrono::steady_clock;
using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

/// gRPC's names by number; 0 is that of an answer.
constexpr std::array<const char*, 17> kCodes = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

/// Upper bounds in seconds: reads take tens of microseconds, shared commits milliseconds.
const prometheus::Histogram::BucketBoundaries kCallSeconds = {0.0001, 0.0005, 0.001, 0.005, 0.01,
                                                              0.05,   0.1,    0.5,   1,     5};
constexpr double kMicrosecondsOfDay = 86'400e6;

double Seconds(Clock::duration took) { return std::chrono::duration<double>(took).count(); }

template <typename T>
size_t CodeOf(const Result<T>& result) {
  if (result) return 0;
  const auto code = static_cast<size_t>(result.error().code);
  return code < kCodes.size() ? code : 2;
}

/// The figures of one row. A series begins with its first call, since most never see most codes.
class Figures {
 public:
  Figures(std::string method, prometheus::Family<prometheus::Counter>& calls,
          prometheus::Family<prometheus::Histogram>& seconds, prometheus::Gauge& running)
      : method_(std::move(method)), calls_(calls), seconds_(seconds), running_(running) {}

  void Begin() { running_.Increment(); }
  void End(size_t code, Clock::duration took) {
    running_.Decrement();
    Counter(code).Increment();
    Histogram().Observe(Seconds(took));
  }

 private:
  // Adding one that is there gives that one, so two at a time do no harm.
  prometheus::Counter& Counter(size_t code) {
    auto* counter = counters_[code].load(std::memory_order_acquire);
    if (counter == nullptr) {
      counter = &calls_.Add({{"method", method_}, {"code", kCodes[code]}});
      counters_[code].store(counter, std::memory_order_release);
    }
    return *counter;
  }
  prometheus::Histogram& Histogram() {
    auto* histogram = histogram_.load(std::memory_order_acquire);
    if (histogram == nullptr) {
      histogram = &seconds_.Add({{"method", method_}}, kCallSeconds);
      histogram_.store(histogram, std::memory_order_release);
    }
    return *histogram;
  }

  const std::string method_;
  prometheus::Family<prometheus::Counter>& calls_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Gauge& running_;
  std::array<std::atomic<prometheus::Counter*>, kCodes.size()> counters_{};
  std::atomic<prometheus::Histogram*> histogram_ = nullptr;
};

UnaryHandler MeasureUnary(Figures& figures, UnaryHandler unary) {
  return [&figures, unary = std::move(unary)](const Call& call, std::string_view request,
                                              Reply reply) {
    figures.Begin();
    const auto start = Clock::now();
    unary(call, request, [&figures, start, reply = std::move(reply)](Result<std::string> answer) {
      figures.End(CodeOf(answer), Clock::now() - start);
      reply(std::move(answer));
    });
  };
}

StreamHandler MeasureStream(Figures& figures, StreamHandler stream) {
  return [&figures, stream = std::move(stream)](const Call& call, const Source& source,
                                                const Sink& sink) {
    figures.Begin();
    const auto start = Clock::now();
    auto ended = stream(call, source, sink);
    figures.End(CodeOf(ended), Clock::now() - start);
    return ended;
  };
}

/// Counts a feed from its opening until nobody holds it any more.
class MeasuredFeed {
 public:
  explicit MeasuredFeed(Figures& figures) : figures_(figures) { figures_.Begin(); }
  MeasuredFeed(const MeasuredFeed&) = delete;
  MeasuredFeed& operator=(const MeasuredFeed&) = delete;
  ~MeasuredFeed() { figures_.End(code_, Clock::now() - start_); }

  template <typename T>
  Result<T> Passing(Result<T> result) {
    if (!result) code_ = CodeOf(result);
    return result;
  }

 private:
  Figures& figures_;
  const Clock::time_point start_ = Clock::now();
  size_t code_ = 0;
};

FeedHandler MeasureFeed(Figures& figures, FeedHandler feed) {
  return [&figures, feed = std::move(feed)](const Call& call,
                                            std::string_view request) -> Result<Pull> {
    const auto measured = std::make_shared<MeasuredFeed>(figures);
    YIMA_ASSIGN_OR_RETURN(auto pull, measured->Passing(feed(call, request)));
    return [measured, pull = std::move(pull)] { return measured->Passing(pull()); };
  };
}

}  // namespace

struct Metrics::Parts {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  prometheus::Family<prometheus::Counter>& calls =
      BuildCounter()
          .Name("yima_calls_total")
          .Help("Calls answered, by method and gRPC code, through whatever door")
          .Register(*registry);
  prometheus::Family<prometheus::Histogram>& call_seconds =
      BuildHistogram()
          .Name("yima_call_seconds")
          .Help("How long calls took, by method; streams until their end")
          .Register(*registry);
  prometheus::Family<prometheus::Gauge>& running =
      BuildGauge()
          .Name("yima_calls_running")
          .Help("Calls not answered yet: those that wait for a commit, and streams")
          .Register(*registry);
  prometheus::Family<prometheus::Counter>& http = BuildCounter()
                                                      .Name("yima_http_requests_total")
                                                      .Help("HTTP answers, by method and status")
                                                      .Register(*registry);
  prometheus::Family<prometheus::Histogram>& http_seconds =
      BuildHistogram()
          .Name("yima_http_request_seconds")
          .Help("How long HTTP answers took to make")
          .Register(*registry);
  prometheus::Gauge& unary_running = running.Add({{"kind", "unary"}});
  prometheus::Gauge& streams_running = running.Add({{"kind", "stream"}});
  prometheus::Histogram& http_histogram = http_seconds.Add({}, kCallSeconds);
  std::deque<Figures> figures;
};

Metrics::Metrics() : parts_(std::make_unique<Parts>()) {}
Metrics::~Metrics() = default;

std::vector<Method> Metrics::Measure(std::vector<Method> table) {
  for (auto& method : table) {
    Figures& figures = parts_->figures.emplace_back(
        method.name, parts_->calls, parts_->call_seconds,
        method.unary ? parts_->unary_running : parts_->streams_running);
    if (method.unary) method.unary = MeasureUnary(figures, std::move(method.unary));
    if (method.stream) method.stream = MeasureStream(figures, std::move(method.stream));
    if (method.feed) method.feed = MeasureFeed(figures, std::move(method.feed));
  }
  return table;
}

void Metrics::CountHttp(std::string_view method, int status, std::chrono::nanoseconds took) {
  // Clients make up methods; a series for each would never end.
  const bool known = method == "GET" || method == "HEAD";
  parts_->http
      .Add({{"method", known ? std::string(method) : "other"}, {"code", std::to_string(status)}})
      .Increment();
  parts_->http_histogram.Observe(std::chrono::duration<double>(took).count());
}

namespace {

/// Days from now on; below 0 once it is over.
double Days(TimeUs now, TimeUs until) {
  return static_cast<double>(until - now) / kMicrosecondsOfDay;
}

void AddGauge(prometheus::Registry& registry, const char* name, const char* help, double value,
              const prometheus::Labels& labels = {}) {
  BuildGauge().Name(name).Help(help).Register(registry).Add(labels).Set(value);
}

void AddCounter(prometheus::Registry& registry, const char* name, const char* help,
                uint64_t value) {
  BuildCounter().Name(name).Help(help).Register(registry).Add({}).Increment(
      static_cast<double>(value));
}

void AddState(prometheus::Registry& registry, const Metrics::State& state) {
  AddGauge(registry, "yima_store_bytes", "Size of the store's files",
           static_cast<double>(state.store_bytes));
  AddGauge(registry, "yima_log_entries", "Entries in the log",
           static_cast<double>(state.log_entries));
  AddGauge(registry, "yima_log_unsigned_entries",
           "Entries that are in no signed tree yet: how far the log's tree is behind",
           static_cast<double>(state.log_unsigned));
  AddCounter(registry, "yima_alarms_total",
             "Codes that are genuine by their signature but were never issued, since the start",
             state.alarms);
  AddCounter(registry, "yima_refusals_total",
             "Callers refused for who they are or how often they ask, since the start",
             state.refusals);
  if (state.certificate_expires) {
    AddGauge(registry, "yima_certificate_days", "Days until the TLS certificate runs out",
             Days(state.now, *state.certificate_expires));
  }
  if (!state.bundle) return;
  AddGauge(registry, "yima_bundle_days", "Days until the trust bundle runs out",
           Days(state.now, state.bundle->expires));
  for (const auto& key : state.bundle->keys) {
    if (key.revoked) continue;
    // Its last day is inclusive.
    const double days = Days(state.now, *ParseTime(FormatDay(key.last_day) + "T00:00:00Z")) + 1;
    AddGauge(registry, "yima_key_days", "Days until a code key's last day is over", days,
             {{"origin", key.origin}, {"key_id", std::to_string(key.key_id)}});
  }
}

}  // namespace

std::string Metrics::Text(const State& state) const {
  // Of its own, so that a key that is gone leaves no figure behind.
  prometheus::Registry now;
  AddState(now, state);
  auto families = parts_->registry->Collect();
  for (auto& family : now.Collect()) families.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace yima::server
