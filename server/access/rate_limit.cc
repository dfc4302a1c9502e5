#include "server/access/rate_limit.h"

#include <algorithm>

#include <arpa/inet.h>

namespace yima::server {
namespace {

constexpr size_t kKeysMax = 65'536;

}  // namespace

std::string RateKey(std::string_view address) {
  in6_addr six{};
  const std::string text(address);
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return text;
  constexpr size_t kNetwork = 8;
  const auto* bytes = reinterpret_cast<const char*>(six.s6_addr);
  // An IPv4 caller on a socket of both families.
  if (IN6_IS_ADDR_V4MAPPED(&six)) return std::string(bytes + 12, 4);
  return std::string(bytes, kNetwork);
}

double RateLimit::CallsIn(const Bucket& bucket, Clock::time_point now) const {
  const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
  return std::min(burst_, bucket.calls + seconds * a_second_);
}

void RateLimit::ForgetFull(Clock::time_point now) {
  std::erase_if(buckets_, [&](const auto& each) { return CallsIn(each.second, now) >= burst_; });
  // A flood from more addresses than are kept: begin anew rather than grow.
  if (buckets_.size() >= kKeysMax) buckets_.clear();
}

std::chrono::milliseconds RateLimit::Take(const std::string& key, Clock::time_point now) {
  if (a_second_ <= 0) return std::chrono::milliseconds(0);
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kKeysMax) ForgetFull(now);
  Bucket& bucket = buckets_.try_emplace(key, Bucket{burst_, now}).first->second;
  bucket = {CallsIn(bucket, now), now};
  if (bucket.calls >= 1) {
    bucket.calls -= 1;
    return std::chrono::milliseconds(0);
  }
  return std::chrono::milliseconds(static_cast<int64_t>((1 - bucket.calls) / a_second_ * 1000) + 1);
}

}  // namespace yima::server
