#ifndef YIMA_SERVER_HTTP_HTTP_SERVER_H_
#define YIMA_SERVER_HTTP_HTTP_SERVER_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codegen/code/result.h"

namespace yima::server {

/// What a client asked, taken apart. Values may hold any bytes.
struct HttpRequest {
  std::string method;  ///< GET or HEAD: others are answered before anybody is asked.
  std::string path;    ///< Without the query; percent-encoding undone.
  std::map<std::string, std::string, std::less<>> query;    ///< The last of each name.
  std::map<std::string, std::string, std::less<>> headers;  ///< Names in lower case.
  /// IP address of who asks: the peer, or whom a proxy on this machine says it asks for, by the
  /// last item of X-Forwarded-For.
  std::string address;

  /// The value of a header, given in lower case; empty when there is none.
  std::string_view Header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Called once, perhaps on another thread.
using HttpReply = std::function<void(HttpResponse)>;
/// Answers one request, which lives as long as a copy of the reply. Never waits.
using HttpHandler = std::function<void(const HttpRequest&, HttpReply)>;

/// An HTTP/1.1 door over libmicrohttpd: a few threads that each look after thousands of
/// connections. Slow clients hold a socket and a few kilobytes, no thread, and are cut off.
/// Thread-safe.
class HttpServer {
 public:
  struct Options {
    std::string address = "127.0.0.1:8341";  ///< host:port; port 0 takes a free one.
    unsigned threads = 2;
    unsigned connections_max = 10'000;  ///< More are closed as they come.
    /// 0: no limit, as a reverse proxy needs, which is one address.
    unsigned connections_per_address_max = 0;
    size_t memory_of_connection_max = size_t{16} << 10;  ///< Bytes; request line and headers.
    /// Within which a request's headers must have come, counted from the connection or from the
    /// answer before, however busily a client sends them.
    std::chrono::milliseconds request_max{20'000};
    /// Within which an answer must have been taken.
    std::chrono::milliseconds answer_max{60'000};
    /// Told of each answer, on the thread that sends it: method, status, time it took to make.
    std::function<void(std::string_view, int, std::chrono::nanoseconds)> on_answer = {};
    std::string certificate_pem = {};  ///< With its chain. TLS 1.2 and 1.3 when not empty.
    std::string key_pem = {};
  };

  /// Serves from here on. LISTEN_MALFORMED; ADDRESS_UNAVAILABLE (UNAVAILABLE) when it cannot listen
  /// there; TLS_MALFORMED when certificate and key are none or no pair.
  static Result<std::unique_ptr<HttpServer>> Start(HttpHandler handler, const Options& options);
  ~HttpServer();

  /// Takes another certificate for the connections to come; those there are keep theirs. To be
  /// called by one thread at a time, and seldom: each time costs a few sleeping threads until the
  /// end. TLS_MALFORMED, and then the one before stays.
  Result<void> Renew(const std::string& certificate_pem, const std::string& key_pem);

  /// Where it listens: the host asked for and the port taken.
  const std::string& address() const;

  /// Takes no more connections, ends the answers under way, closes the rest. Waits.
  void Stop();

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_HTTP_SERVER_H_
