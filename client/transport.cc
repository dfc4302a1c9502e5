#include "client/transport.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "google/protobuf/empty.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include <fmt/format.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/sync_stream.h>
#include <sodium.h>

#include "codegen/code/traceparent.h"

namespace yima {
namespace {

using google::protobuf::MessageLite;
using grpc::internal::RpcMethod;

constexpr int kMessageSizeMax = 64 << 20;
/// The largest request is kept for its retries: the server takes no more.
constexpr int kRetryBytesMax = 20 << 20;
constexpr int kKeepaliveMs = 20'000;
constexpr int kReconnectMs = 100;

// Every write carries a request_id, so asking again never acts twice. An import is not retried by
// the channel, which would have to keep all of it: the caller sends the stream again. StreamResolve
// knows itself what was not answered yet, and Watch what was not told. CANCELLED by the other side
// is what a call gets that meets a server at the very moment in which it stops.
constexpr char kServiceConfig[] = R"({
  "methodConfig": [{
    "name": [{"service": "yima.v1.RegistryService"}, {"service": "yima.v1.IssuanceService"},
             {"service": "yima.v1.ResolverService"}, {"service": "yima.v1.RightsService"},
             {"service": "yima.v1.AccessService"}, {"service": "yima.v1.AttachmentService"},
             {"service": "yima.v1.LogService"}, {"service": "yima.v1.StockTakeService"}],
    "retryPolicy": {
      "maxAttempts": 5, "initialBackoff": "0.1s", "maxBackoff": "2s", "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"]
    }
  }, {
    "name": [{"service": "yima.v1.RegistryService", "method": "ImportFacilities"},
             {"service": "yima.v1.RegistryService", "method": "Watch"},
             {"service": "yima.v1.ResolverService", "method": "StreamResolve"}]
  }]
})";

StatusCode CodeOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::OK:
    case grpc::StatusCode::DO_NOT_USE:
      return StatusCode::kInternal;
    default:
      return static_cast<StatusCode>(code);
  }
}

const char* ReasonOf(StatusCode code) {
  switch (code) {
    case StatusCode::kUnavailable:
      return "SERVER_NOT_REACHED";
    case StatusCode::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case StatusCode::kUnimplemented:
      return "METHOD_UNKNOWN";
    case StatusCode::kResourceExhausted:
      return "MESSAGE_TOO_LARGE";
    default:
      return "CALL_FAILED";
  }
}

/// "REASON: message", as a status begins that cuts off who does not take what he asked for: it goes
/// past what he left lying, and has no room for details. Empty for every other.
std::string_view ReasonBefore(std::string_view message) {
  const size_t end = message.find(": ");
  if (end == std::string_view::npos || end == 0) return {};
  const std::string_view reason = message.substr(0, end);
  const bool is_reason =
      std::ranges::all_of(reason, [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
  return is_reason ? reason : std::string_view();
}

/// What grpc-status-details-bin carries, or the bare status when it carries nothing.
Error ErrorOf(const grpc::Status& status) {
  Error error{CodeOf(status.error_code()), {}, status.error_message(), {}};
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (details.ParseFromString(status.error_details())) {
    for (const auto& detail : details.details()) {
      if (!detail.UnpackTo(&info)) continue;
      error.reason = info.reason();
      if (const auto field = info.metadata().find("field"); field != info.metadata().end()) {
        error.field = field->second;
      }
      return error;
    }
  }
  if (const auto reason = ReasonBefore(error.message); !reason.empty()) {
    error.reason = reason;
    error.message.erase(0, reason.size() + 2);
    return error;
  }
  // Nobody here has: a call gets it that meets a server at the very moment in which it stops.
  if (error.code == StatusCode::kCancelled) error.code = StatusCode::kUnavailable;
  error.reason = ReasonOf(error.code);
  return error;
}

tl::unexpected<Error> Failed(const grpc::Status& status, const std::string& server) {
  Error error = ErrorOf(status);
  if (error.reason == "SERVER_NOT_REACHED") {
    error.message = fmt::format("server {} not reached: {}", server, error.message);
  }
  return tl::unexpected(std::move(error));
}

/// An address that stays on this machine whatever a resolver says.
bool IsLoopback(std::string_view server) {
  const std::string_view host = server.substr(0, server.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  return host.starts_with("127.") &&
         std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

}  // namespace

struct Transport::Channel {
  std::string server;
  std::string authorization;
  std::string traceparent;
  std::shared_ptr<grpc::Channel> grpc;

  void Show(grpc::ClientContext& context) const {
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    const auto caller = Traceparent::Parse(traceparent);
    if (!caller) return;
    uint64_t span = 0;
    while (span == 0) randombytes_buf(&span, sizeof span);
    context.AddMetadata("traceparent",
                        fmt::format("00-{}-{:016x}-{}", caller->trace, span, caller->flags));
  }
};

Transport::Transport(Options options) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetMaxReceiveMessageSize(kMessageSizeMax);
  arguments.SetMaxSendMessageSize(kMessageSizeMax);
  arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, kRetryBytesMax);
  // As quick as the retries of a call, which would all meet the same failed connection otherwise.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
  // Streams have no deadline, so a server that is gone without a word must be noticed.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveMs);
  // A registry is named by its own address; a web proxy in between speaks no gRPC.
  arguments.SetInt("grpc.enable_http_proxy", 0);
  auto channel = std::make_unique<Channel>();
  channel->server = options.server;
  channel->traceparent = options.traceparent;
  if (!options.token.empty()) channel->authorization = "Bearer " + options.token;
  auto credentials = grpc::InsecureChannelCredentials();
  if (!options.ca.empty() || !options.certificate.empty() || !IsLoopback(options.server)) {
    credentials = grpc::SslCredentials({options.ca, options.key, options.certificate});
  }
  channel->grpc = grpc::CreateCustomChannel(options.server, credentials, arguments);
  channel_ = std::move(channel);
}

Transport::~Transport() = default;

Result<void> Transport::Unary(const char* method, const MessageLite& request, MessageLite& response,
                              std::chrono::milliseconds deadline) const {
  grpc::ClientContext context;
  channel_->Show(context);
  context.set_deadline(std::chrono::system_clock::now() + deadline);
  const std::string path = "/" + std::string(method);
  const RpcMethod rpc(path.c_str(), RpcMethod::NORMAL_RPC, channel_->grpc);
  const grpc::Status status =
      grpc::internal::BlockingUnaryCall<MessageLite, MessageLite, MessageLite, MessageLite>(
          channel_->grpc.get(), rpc, &context, request, &response);
  if (!status.ok()) return Failed(status, channel_->server);
  return {};
}

namespace {

/// What gRPC points to while a call is under way that another thread may end.
struct Begun {
  grpc::ClientContext context;
  std::string path;
  std::shared_ptr<const MessageLite> request;
  std::shared_ptr<MessageLite> response;
  std::atomic<bool> cancelled = false;

  bool Cancelled(const grpc::Status& status) const {
    return cancelled && status.error_code() == grpc::StatusCode::CANCELLED;
  }
};

/// gRPC's threads that call back end with the last channel that used them, and whoever ends that
/// joins them and frees their queue: also one of themselves, when a call is the last to hold its
/// channel, which then goes on with a queue that is gone (gRPC 1.51:
/// CompletionQueue::ReleaseCallbackAlternativeCQ). A channel that leads nowhere is therefore kept
/// for as long as the program lives.
void KeepCallingThreads() {
  [[gnu::used]] static const auto* const kept = [] {
    auto* channel = new std::shared_ptr<grpc::Channel>(grpc::CreateChannel("", nullptr));
    const auto begun = std::make_shared<Begun>();
    begun->path = "/none/None";
    begun->request = std::make_shared<google::protobuf::Empty>();
    begun->response = std::make_shared<google::protobuf::Empty>();
    const RpcMethod rpc(begun->path.c_str(), RpcMethod::NORMAL_RPC, *channel);
    grpc::internal::CallbackUnaryCall<MessageLite, MessageLite, MessageLite, MessageLite>(
        channel->get(), rpc, &begun->context, begun->request.get(), begun->response.get(),
        [begun](const grpc::Status&) {});
    return channel;
  }();
}

OngoingCall CallOf(const std::shared_ptr<Begun>& begun) {
  return OngoingCall([begun] {
    begun->cancelled = true;
    begun->context.TryCancel();
  });
}

tl::unexpected<Error> CallCancelled() {
  return Fail(StatusCode::kCancelled, "CALL_CANCELLED", "the caller cancelled it");
}

}  // namespace

OngoingCall Transport::Begin(const char* method, std::shared_ptr<const MessageLite> request,
                             std::shared_ptr<MessageLite> response,
                             std::chrono::milliseconds deadline,
                             std::function<void(Result<void>)> done) const {
  KeepCallingThreads();
  const auto begun = std::make_shared<Begun>();
  channel_->Show(begun->context);
  begun->context.set_deadline(std::chrono::system_clock::now() + deadline);
  begun->path = "/" + std::string(method);
  begun->request = std::move(request);
  begun->response = std::move(response);
  const RpcMethod rpc(begun->path.c_str(), RpcMethod::NORMAL_RPC, channel_->grpc);
  grpc::internal::CallbackUnaryCall<MessageLite, MessageLite, MessageLite, MessageLite>(
      channel_->grpc.get(), rpc, &begun->context, begun->request.get(), begun->response.get(),
      [begun, server = channel_->server, done = std::move(done)](const grpc::Status& status) {
        if (status.ok()) return done({});
        if (begun->Cancelled(status)) return done(CallCancelled());
        done(Failed(status, server));
      });
  return CallOf(begun);
}

Result<void> Transport::Download(const char* method, const MessageLite& request,
                                 MessageLite& response,
                                 const std::function<Result<void>()>& on_response,
                                 const std::function<void(const OngoingCall&)>& on_begin) const {
  // Whoever may cancel the call may still hold it when it has ended.
  const auto begun = std::make_shared<Begun>();
  channel_->Show(begun->context);
  if (on_begin) on_begin(CallOf(begun));
  const std::string path = "/" + std::string(method);
  const RpcMethod rpc(path.c_str(), RpcMethod::SERVER_STREAMING, channel_->grpc);
  const std::unique_ptr<grpc::ClientReader<MessageLite>> reader(
      grpc::internal::ClientReaderFactory<MessageLite>::Create(channel_->grpc.get(), rpc,
                                                               &begun->context, request));
  Result<void> taken;
  while (reader->Read(&response)) {
    taken = on_response();
    if (taken) continue;
    begun->context.TryCancel();
    break;
  }
  if (!taken) {
    while (reader->Read(&response)) {
    }
  }
  const grpc::Status status = reader->Finish();
  if (!taken) return taken;
  if (begun->Cancelled(status)) return CallCancelled();
  if (!status.ok()) return Failed(status, channel_->server);
  return {};
}

Result<void> Transport::Exchange(const char* method, MessageLite& request,
                                 const std::function<Result<bool>()>& next, MessageLite& response,
                                 const std::function<Result<void>()>& on_response,
                                 const std::function<void()>& on_end) const {
  grpc::ClientContext context;
  channel_->Show(context);
  const std::string path = "/" + std::string(method);
  const RpcMethod rpc(path.c_str(), RpcMethod::BIDI_STREAMING, channel_->grpc);
  const std::unique_ptr<grpc::ClientReaderWriter<MessageLite, MessageLite>> stream(
      grpc::internal::ClientReaderWriterFactory<MessageLite, MessageLite>::Create(
          channel_->grpc.get(), rpc, &context));
  Result<void> sent;
  std::thread writer([&] {
    while (true) {
      const auto more = next();
      if (!more) {
        sent = tl::unexpected(more.error());
        return context.TryCancel();
      }
      if (!*more) break;
      if (!stream->Write(request)) return;  // The status says why.
    }
    stream->WritesDone();
  });
  Result<void> taken;
  while (stream->Read(&response)) {
    if (!taken) continue;
    taken = on_response();
    if (!taken) context.TryCancel();
  }
  if (on_end) on_end();
  writer.join();
  const grpc::Status status = stream->Finish();
  if (!sent) return sent;
  if (!taken) return taken;
  if (!status.ok()) return Failed(status, channel_->server);
  return {};
}

}  // namespace yima
