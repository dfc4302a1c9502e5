#ifndef YIMA_TESTS_SERVER_HTTP_ECHO_H_
#define YIMA_TESTS_SERVER_HTTP_ECHO_H_

#include <memory>
#include <string>

#include <fmt/format.h>

#include "server/http/http_server.h"

namespace yima::server::testing {

/// Says what it was asked: path and query, with NUL shown as `\0`.
inline void Echo(const HttpRequest& request, const HttpReply& reply) {
  std::string body = request.method + " ";
  for (const char c : request.path) body += c == '\0' ? std::string("\\0") : std::string(1, c);
  for (const auto& [name, value] : request.query) body += fmt::format(" {}={}", name, value);
  reply({.body = body + " host=" + std::string(request.Header("host"))});
}

inline std::unique_ptr<HttpServer> Serve(const HttpHandler& handler = Echo,
                                         HttpServer::Options options = {}) {
  options.address = "127.0.0.1:0";
  return *HttpServer::Start(handler, options);
}

/// A request that closes after its answer.
inline std::string Get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n" + more + "\r\n";
}

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_HTTP_ECHO_H_
