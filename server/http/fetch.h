#ifndef YIMA_SERVER_HTTP_FETCH_H_
#define YIMA_SERVER_HTTP_FETCH_H_

#include <optional>
#include <string>

#include "codegen/code/day.h"
#include "codegen/code/result.h"

namespace yima::server {

/// What an address answered.
struct Fetched {
  long status = 0;
  std::string body;
  std::optional<TimeUs> certificate_ends;  ///< Of the server's own certificate, when it is known.
};

/// Asks an address as anybody would: TLS verified (by `ca` when it is not empty, else by the
/// system's certificates), no redirects followed, at most 1 MiB, within 15 seconds.
/// HOST_UNREACHABLE (UNAVAILABLE) with curl's words when there is no answer. Not for handlers: it
/// waits.
Result<Fetched> Fetch(const std::string& url, const std::string& ca);

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_FETCH_H_
