#ifndef YIMA_SERVER_ACCESS_RATE_LIMIT_H_
#define YIMA_SERVER_ACCESS_RATE_LIMIT_H_

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace yima::server {

/// Whose calls are counted together: an IPv4 address, or the /64 of an IPv6 one, which one
/// subscriber has whole. Other texts stand for themselves.
std::string RateKey(std::string_view address);

/// A bucket of calls for each key, filled at a steady rate. Thread-safe. Memory is bounded: when
/// too many keys are known, those with full buckets, which are as good as new, are forgotten.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  /// `a_second` calls in the long run, `burst` at once; 0 a second: no limit.
  RateLimit(double a_second, double burst) : a_second_(a_second), burst_(burst) {}

  /// Takes a call out of the bucket. Otherwise how long until there is one.
  std::chrono::milliseconds Take(const std::string& key, Clock::time_point now = Clock::now());

 private:
  struct Bucket {
    double calls = 0;
    Clock::time_point filled;
  };
  void ForgetFull(Clock::time_point now);
  double CallsIn(const Bucket& bucket, Clock::time_point now) const;

  const double a_second_;
  const double burst_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_ACCESS_RATE_LIMIT_H_
