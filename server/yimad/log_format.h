#ifndef YIMA_SERVER_YIMAD_LOG_FORMAT_H_
#define YIMA_SERVER_YIMAD_LOG_FORMAT_H_

#include <string>

namespace yima::server {

/// Sends what is logged to stderr from here on: as lines for people (`text`), or as one JSON object
/// a line (`json`): time in RFC 3339 UTC with microseconds, level, and the message, or what
/// call_log.h says of a call. `level`: debug, info, warn or error.
void SetLog(const std::string& format, const std::string& level);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_LOG_FORMAT_H_
