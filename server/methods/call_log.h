#ifndef YIMA_SERVER_METHODS_CALL_LOG_H_
#define YIMA_SERVER_METHODS_CALL_LOG_H_

#include <chrono>
#include <string>
#include <string_view>

#include "codegen/code/result.h"

namespace yima::server {

/// The logger that writes them. Its messages are JSON objects, whose fields `--log-format json`
/// joins with the line's own.
inline constexpr const char* kCallLog = "calls";

/// How one call ended.
struct CallEnd {
  std::string_view method;
  std::string_view principal = {};
  std::string_view request_id = {};
  std::string_view traceparent = {};  ///< As the caller sent it; whatever is none is left out.
  const Error* error = nullptr;       ///< Null: it was answered.
  std::chrono::nanoseconds took{0};
};

/// Whether such an end is worth a line at the log's level, so that what a line says need only be
/// collected then: errors that are the server's fault always, else at `debug` only.
bool IsCallLogged(const Error* error);
/// Writes the line, with the ids of W3C Trace Context (trace-id and the caller's span). No secret,
/// no token, no text of a code and nothing personal may stand in what it is given.
void LogCall(const CallEnd& end);

/// The request_id in a serialized request (an import's first message has it in its header); empty
/// when there is none.
std::string RequestIdIn(std::string_view method, std::string_view request);

}  // namespace yima::server

#endif  // YIMA_SERVER_METHODS_CALL_LOG_H_
