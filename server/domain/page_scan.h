#ifndef YIMA_SERVER_DOMAIN_PAGE_SCAN_H_
#define YIMA_SERVER_DOMAIN_PAGE_SCAN_H_

#include <cstddef>
#include <cstdint>

#include "server/domain/domain.h"

namespace yima::server {

/// Decides where a page of a list ends: when it is full, when it takes 3 MiB (foreign clients take
/// messages up to 4 MiB), when 50,000 records were looked at (pages of rare matches are short, and
/// no handler scans a whole registry), or when nobody waits for it. Places rise from record to
/// record. For one page, from one thread.
class PageScan {
 public:
  static constexpr size_t kBytesMax = size_t{3} << 20;
  static constexpr size_t kLooksMax = 50'000;

  /// `after`: where the page before ended.
  PageScan(const Call& call, size_t size, uint64_t after)
      : call_(call), size_(size), before_(after), place_(after) {}

  /// Before each record, whether it matches or not. False: the page ends before it.
  bool Look(uint64_t place);
  /// When the record looked at matches. False: it does not fit, and begins the next page.
  bool Take(size_t bytes);

  /// The token of the next page, empty when this one is the last. CALLER_GONE.
  Result<std::string> NextToken(const Domain& domain, std::string_view filter) const;

 private:
  const Call& call_;
  const size_t size_;
  uint64_t before_;  ///< The place that was looked at before place_.
  uint64_t place_;
  size_t looks_ = 0;
  size_t taken_ = 0;
  size_t bytes_ = 0;
  bool ended_ = false;
  bool cancelled_ = false;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_PAGE_SCAN_H_
