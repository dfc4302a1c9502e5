#ifndef YIMA_SERVER_YIMAD_LOG_FORMAT_H_
#define YIMA_SERVER_YIMAD_LOG_FORMAT_H_

#include <string>

namespace yima::server {

/// Sends what is logged to stderr from here on: as lines for people (`text`), or as one JSON object
/// a line (`json`): time in RFC 3339 UTC with microseconds, level, message.
void SetLogFormat(const std::string& format);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_LOG_FORMAT_H_
