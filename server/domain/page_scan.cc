#include "server/domain/page_scan.h"

#include <fmt/format.h>

namespace yima::server {
namespace {

/// Asking whether anybody still waits costs more than a look.
constexpr size_t kLooksBetweenAsking = 256;

}  // namespace

bool PageScan::Look(uint64_t place) {
  before_ = place_;
  place_ = place;
  cancelled_ = looks_ % kLooksBetweenAsking == 0 && call_.cancelled();
  ended_ = cancelled_ || looks_ == kLooksMax;
  ++looks_;
  return !ended_;
}

bool PageScan::Take(size_t bytes) {
  ended_ = taken_ == size_ || (taken_ > 0 && bytes_ + bytes > kBytesMax);
  if (ended_) return false;
  ++taken_;
  bytes_ += bytes;
  return true;
}

Result<std::string> PageScan::NextToken(const Domain& domain, std::string_view filter) const {
  if (cancelled_) return CallerGone();
  if (!ended_) return std::string();
  return SealPageToken(domain, call_.method, filter, fmt::format("{}", before_));
}

}  // namespace yima::server
