#ifndef YIMA_SERVER_METRICS_METRICS_H_
#define YIMA_SERVER_METRICS_METRICS_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/trust.h"
#include "server/methods/method_table.h"

namespace yima::server {

/// What Prometheus reads. Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  /// The same table with rows that count and time their calls, whatever door they come through.
  /// It must not outlive this.
  std::vector<Method> Measure(std::vector<Method> table);

  /// An answer of the HTTP door.
  void CountHttp(std::string_view method, int status, std::chrono::nanoseconds took);

  /// What is looked up when it is asked for.
  struct State {
    TimeUs now = 0;
    uint64_t store_bytes = 0;
    uint64_t log_entries = 0;
    uint64_t log_unsigned = 0;  ///< Entries that are in no signed tree yet.
    uint64_t alarms = 0;        ///< Resolver::alarms.
    uint64_t refusals = 0;      ///< AuditTrail::count.
    std::optional<TrustBundle> bundle;
    std::optional<TimeUs> certificate_expires;  ///< Of our own TLS.
  };
  /// Everything in Prometheus' text format, version 0.0.4.
  std::string Text(const State& state) const;
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_METRICS_METRICS_H_
