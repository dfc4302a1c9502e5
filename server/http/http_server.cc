#include "server/http/http_server.h"

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "server/http/certificate.h"
#include "server/http/deadlines.h"
#include "server/http/http_request.h"

namespace yima::server {
namespace {

constexpr std::string_view kMethods = "GET, HEAD";
constexpr int kBacklog = 1024;
/// When it stops, clients get so long to take what was answered.
constexpr std::chrono::seconds kSendMax{3};
/// TLS 1.2 and 1.3.
constexpr const char* kTlsPriorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/// One request on its way. The library keeps it until it has sent the answer.
struct Exchange {
  HttpRequest request;
  std::mutex mutex;
  std::optional<HttpResponse> response;
  bool suspended = false;
  bool counted = false;              ///< Among the unsent.
  const char* target_end = nullptr;  ///< Where the request's target ends, as the library sees it.
  bool head_read = false;
  const Deadlines::Clock::time_point begun = Deadlines::Clock::now();
};

/// The first that is heard of a request.
void* BeginExchange(void*, const char* target, MHD_Connection*) {
  auto exchange = std::make_shared<Exchange>();
  exchange->target_end = target + std::strlen(target);
  return new std::shared_ptr<Exchange>(std::move(exchange));
}

/// The library's own would end a value at an encoded NUL.
size_t KeepEscaped(void*, MHD_Connection*, char* text) { return std::strlen(text); }

MHD_Result Queue(MHD_Connection* connection, HttpResponse response) {
  auto* body = new std::string(std::move(response.body));
  auto* queued = MHD_create_response_from_buffer_with_free_callback_cls(
      body->size(), body->data(), [](void* held) { delete static_cast<std::string*>(held); }, body);
  if (queued == nullptr) {
    delete body;
    return MHD_NO;
  }
  MHD_add_response_header(queued, MHD_HTTP_HEADER_CONTENT_TYPE, response.content_type.c_str());
  for (const auto& [name, value] : response.headers) {
    MHD_add_response_header(queued, name.c_str(), value.c_str());
  }
  const auto result =
      MHD_queue_response(connection, static_cast<unsigned>(response.status), queued);
  MHD_destroy_response(queued);
  return result;
}

HttpResponse Short(int status, std::string_view words) {
  return {.status = status,
          .body = fmt::format("{}\n", words),
          .headers = {{"X-Content-Type-Options", "nosniff"}}};
}

/// Why a request is refused by its head alone; the connection is closed then, its body unread.
std::optional<HttpResponse> RefuseHead(MHD_Connection* connection, std::string_view method) {
  if (method != "GET" && method != "HEAD") {
    HttpResponse response = Short(405, "405 不支持的方法 method not allowed");
    response.headers.emplace_back("Allow", kMethods);
    return response;
  }
  const auto header = [&](const char* name) {
    const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return std::string_view(value == nullptr ? "" : value);
  };
  const auto length = header(MHD_HTTP_HEADER_CONTENT_LENGTH);
  const bool has_body = !length.empty() && length != "0";
  if (!has_body && header(MHD_HTTP_HEADER_TRANSFER_ENCODING).empty()) return std::nullopt;
  return Short(413, "413 请求不得带内容 a request with a body is not taken");
}

}  // namespace

struct HttpServer::Parts {
  Options options;
  HttpHandler handler;
  Deadlines deadlines;
  std::string address;
  int listener = -1;
  std::vector<MHD_Daemon*> daemons;  ///< The last one takes connections.

  std::mutex mutex;
  std::condition_variable fewer;
  size_t pending = 0;  ///< Asked of the handler, not answered by it yet.
  size_t unsent = 0;   ///< Those, and those whose answer is on its way.
  bool stopping = false;

  /// Null when the library refuses.
  MHD_Daemon* Launch(const std::string& certificate, const std::string& key);

  bool Begin() {
    const std::lock_guard lock(mutex);
    if (stopping) return false;
    ++pending;
    ++unsent;
    return true;
  }
  void CountDown(size_t& count) {
    const std::lock_guard lock(mutex);
    if (--count == 0) fewer.notify_all();
  }

  void Answer(MHD_Connection* connection, const std::shared_ptr<Exchange>& exchange) {
    const auto take = [this, connection, exchange](HttpResponse response) {
      {
        const std::lock_guard lock(exchange->mutex);
        if (exchange->response) return;
        exchange->response = std::move(response);
        if (exchange->suspended) MHD_resume_connection(connection);
      }
      CountDown(pending);
    };
    try {
      handler(exchange->request, take);
    } catch (const std::exception& exception) {
      spdlog::error("http: {}", exception.what());
      take(Short(500, "500 服务器出错 internal error"));
    }
  }

  /// Called when the headers are there, and again when the request is whole.
  MHD_Result Serve(MHD_Connection* connection, const char* url, const char* method,
                   const char* version, const std::shared_ptr<Exchange>& exchange) {
    const auto send = [&](HttpResponse response) {
      if (options.on_answer) {
        options.on_answer(method, response.status, Deadlines::Clock::now() - exchange->begun);
      }
      return Queue(connection, std::move(response));
    };
    if (!std::exchange(exchange->head_read, true)) {
      SetDeadline(connection, options.answer_max);
      auto refused = RefuseHead(connection, method);
      // Otherwise a NUL stands in it, or more spaces than one behind it.
      if (version != exchange->target_end + 1) {
        refused = Short(400, "400 请求行有误 malformed request line");
      }
      return refused ? send(*std::move(refused)) : MHD_YES;
    }
    if (std::unique_lock lock(exchange->mutex); exchange->suspended) {
      return send(*std::move(exchange->response));
    }
    ReadRequest(connection, url, method, exchange->request);
    exchange->counted = Begin();
    if (!exchange->counted) return send(Short(503, "503 正在停止 stopping"));
    Answer(connection, exchange);
    const std::lock_guard lock(exchange->mutex);
    if (exchange->response) return send(*std::move(exchange->response));
    exchange->suspended = true;
    MHD_suspend_connection(connection);
    return MHD_YES;
  }

  static Deadlines::Place* PlaceOf(MHD_Connection* connection) {
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == nullptr ? nullptr : static_cast<Deadlines::Place*>(info->socket_context);
  }
  void SetDeadline(MHD_Connection* connection, std::chrono::milliseconds within) {
    if (auto* place = PlaceOf(connection)) deadlines.Set(*place, within);
  }

  void Notify(MHD_Connection* connection, void** context, MHD_ConnectionNotificationCode code) {
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
      const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
      *context = new Deadlines::Place(deadlines.Add(info->connect_fd, options.request_max));
    } else if (auto* place = static_cast<Deadlines::Place*>(*context)) {
      deadlines.Remove(*place);
      delete place;
      *context = nullptr;
    }
  }
};

namespace {

struct Listener {
  int socket = -1;
  std::string address;  ///< As asked for, with the port taken.
};

tl::unexpected<Error> Unavailable(const std::string& address) {
  return Fail(StatusCode::kUnavailable, "ADDRESS_UNAVAILABLE",
              fmt::format("cannot listen on {}: is another server there?", address), "--http");
}

/// At host:port, the host a name, an address or [an IPv6 address]. LISTEN_MALFORMED,
/// ADDRESS_UNAVAILABLE.
Result<Listener> Listen(const std::string& address) {
  const size_t colon = address.rfind(':');
  const std::string shown = address.substr(0, colon);
  const bool bracketed = shown.size() > 2 && shown.front() == '[' && shown.back() == ']';
  const std::string host = bracketed ? shown.substr(1, shown.size() - 2) : shown;
  const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (host.empty() || port.empty() ||
      getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
    return Invalid("LISTEN_MALFORMED",
                   fmt::format("\"{}\" is not HOST:PORT with a port of 0 to 65535", address),
                   "--http");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> freed(found, &freeaddrinfo);
  Listener listener{socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), shown};
  if (listener.socket < 0) return Unavailable(address);
  const int on = 1;
  setsockopt(listener.socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_storage taken{};
  socklen_t size = sizeof(taken);
  auto* const as_taken = reinterpret_cast<sockaddr*>(&taken);
  if (bind(listener.socket, found->ai_addr, found->ai_addrlen) != 0 ||
      listen(listener.socket, kBacklog) != 0 ||
      getsockname(listener.socket, as_taken, &size) != 0) {
    close(listener.socket);
    return Unavailable(address);
  }
  // The port stands at the same place in both kinds of address.
  const auto at = reinterpret_cast<const sockaddr_in*>(&taken)->sin_port;
  listener.address += fmt::format(":{}", ntohs(at));
  return listener;
}

}  // namespace

MHD_Daemon* HttpServer::Parts::Launch(const std::string& certificate, const std::string& key) {
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
  std::vector<MHD_OptionItem> items = {
      {MHD_OPTION_THREAD_POOL_SIZE, options.threads > 1 ? options.threads : 0, nullptr},
      {MHD_OPTION_CONNECTION_LIMIT, options.connections_max, nullptr},
      {MHD_OPTION_PER_IP_CONNECTION_LIMIT, options.connections_per_address_max, nullptr},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, static_cast<intptr_t>(options.memory_of_connection_max),
       nullptr},
      {MHD_OPTION_STRICT_FOR_CLIENT, 1, nullptr},
  };
  if (!certificate.empty()) {
    flags |= MHD_USE_TLS;
    items.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, const_cast<char*>(certificate.c_str())});
    items.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, const_cast<char*>(key.c_str())});
    items.push_back({MHD_OPTION_HTTPS_PRIORITIES, 0, const_cast<char*>(kTlsPriorities)});
  }
  items.push_back({MHD_OPTION_END, 0, nullptr});
  const auto on_end = [](void* with, MHD_Connection* connection, void** held,
                         MHD_RequestTerminationCode) {
    auto& p = *static_cast<Parts*>(with);
    p.SetDeadline(connection, p.options.request_max);
    auto* const exchange = static_cast<std::shared_ptr<Exchange>*>(*held);
    if (exchange != nullptr && (*exchange)->counted) p.CountDown(p.unsent);
    delete exchange;
    *held = nullptr;
  };
  const auto on_connection = [](void* with, MHD_Connection* connection, void** context,
                                MHD_ConnectionNotificationCode code) {
    static_cast<Parts*>(with)->Notify(connection, context, code);
  };
  const auto on_request = [](void* with, MHD_Connection* connection, const char* url,
                             const char* method, const char* version, const char*, size_t*,
                             void** held) {
    return static_cast<Parts*>(with)->Serve(connection, url, method, version,
                                            *static_cast<std::shared_ptr<Exchange>*>(*held));
  };
  // Each daemon closes the socket it was given.
  const int own = dup(listener);
  auto* launched = MHD_start_daemon(
      flags, 0, nullptr, nullptr, +on_request, this, MHD_OPTION_LISTEN_SOCKET, own,
      MHD_OPTION_NOTIFY_COMPLETED, +on_end, this, MHD_OPTION_NOTIFY_CONNECTION, +on_connection,
      this, MHD_OPTION_URI_LOG_CALLBACK, &BeginExchange, nullptr, MHD_OPTION_UNESCAPE_CALLBACK,
      &KeepEscaped, nullptr, MHD_OPTION_ARRAY, items.data(), MHD_OPTION_END);
  // When it fails, some of its ways close that socket too and some do not: a number that is lost is
  // better than one that is closed twice, and may be another's by then.
  return launched;
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

HttpServer::~HttpServer() { Stop(); }

const std::string& HttpServer::address() const { return parts_->address; }

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpHandler handler, const Options& options) {
  YIMA_ASSIGN_OR_RETURN(auto listener, Listen(options.address));
  auto parts = std::make_unique<Parts>();
  parts->options = options;
  parts->handler = std::move(handler);
  parts->listener = listener.socket;
  parts->address = std::move(listener.address);
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(parts)));
  YIMA_RETURN_IF_ERROR(server->Renew(options.certificate_pem, options.key_pem));
  return server;
}

Result<void> HttpServer::Renew(const std::string& certificate_pem, const std::string& key_pem) {
  // A file that was empty at the moment it was read must never turn TLS into plain text.
  if (certificate_pem.empty() != key_pem.empty() ||
      certificate_pem.empty() != parts_->options.certificate_pem.empty()) {
    return Invalid("TLS_MALFORMED", "certificate or key is empty", "--tls-cert");
  }
  if (!certificate_pem.empty()) YIMA_RETURN_IF_ERROR(CheckPair(certificate_pem, key_pem));
  auto* launched = parts_->Launch(certificate_pem, key_pem);
  if (launched == nullptr) return Unavailable(parts_->address);
  // Who is connected to the one before is served to the end; its threads sleep after that.
  if (!parts_->daemons.empty()) close(MHD_quiesce_daemon(parts_->daemons.back()));
  parts_->daemons.push_back(launched);
  return {};
}

void HttpServer::Stop() {
  if (parts_->listener < 0) return;
  if (!parts_->daemons.empty()) close(MHD_quiesce_daemon(parts_->daemons.back()));
  close(std::exchange(parts_->listener, -1));
  {
    std::unique_lock lock(parts_->mutex);
    parts_->stopping = true;
    parts_->fewer.wait(lock, [&] { return parts_->pending == 0; });
    parts_->fewer.wait_for(lock, kSendMax, [&] { return parts_->unsent == 0; });
  }
  for (auto* daemon : parts_->daemons) MHD_stop_daemon(daemon);
  parts_->daemons.clear();
}

}  // namespace yima::server
