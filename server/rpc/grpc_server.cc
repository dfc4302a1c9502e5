#include "server/rpc/grpc_server.h"

#include <chrono>
#include <map>

#include "grpc/health/v1/health.pb.h"
#include <absl/synchronization/mutex.h>
#include <fmt/format.h>
#include <grpcpp/alarm.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/server_callback.h>

#include "server/methods/call_log.h"
#include "server/rpc/caller.h"
#include "server/rpc/feed_call.h"
#include "server/rpc/status.h"
#include "server/rpc/stream_call.h"

namespace yima::server {
namespace {

using grpc::ByteBuffer;

/// A request may carry 1,000 rows of 16 KiB.
constexpr int kMessageSizeMax = 20 << 20;
constexpr int kKeepaliveMs = 20'000;
/// What all calls under way may take for their messages; more of them wait or are refused.
constexpr size_t kMemoryMax = size_t{512} << 20;
constexpr int kCallsAConnectionMax = 256;

using Clock = std::chrono::steady_clock;

/// One call under way: gRPC keeps what it points to until the reactor has finished.
struct UnaryCall {
  const Method& method;
  grpc::CallbackServerContext* context;
  const ByteBuffer* request;
  ByteBuffer* response;
  grpc::ServerUnaryReactor* reactor;
  uint64_t principal = 0;
  Clock::time_point begun = Clock::now();

  void Answer(Result<std::string> reply) const {
    Log(reply ? nullptr : &reply.error());
    if (!reply) return reactor->Finish(ToStatus(reply.error()));
    *response = ToByteBuffer(*std::move(reply));
    reactor->Finish(grpc::Status::OK);
  }

  /// At the door.
  void Refuse(const Error& error) const {
    Log(&error);
    grpc::Status status = ToStatus(error);
    if (error.code != StatusCode::kResourceExhausted) return reactor->Finish(std::move(status));
    auto* alarm = new grpc::Alarm;
    alarm->Set(std::chrono::system_clock::now() + kRefusalWait,
               [alarm, reactor = reactor, status = std::move(status)](bool) {
                 reactor->Finish(status);
                 delete alarm;
               });
  }

 private:
  void Log(const Error* error) const {
    if (!IsCallLogged(error)) return;
    const std::string who = principal == 0 ? "" : fmt::to_string(principal);
    const std::string request_id = RequestIdIn(method.name, ToString(*request));
    LogCall({.method = method.name,
             .principal = who,
             .request_id = request_id,
             .traceparent = TraceparentOf(*context),
             .error = error,
             .took = Clock::now() - begun});
  }
};

grpc::ServerUnaryReactor* ServeUnary(const Method& method, const Door& door,
                                     grpc::CallbackServerContext* context,
                                     const ByteBuffer* request, ByteBuffer* response) {
  auto* reactor = context->DefaultReactor();
  UnaryCall unary{method, context, request, response, reactor};
  try {
    Call call;
    if (const auto admitted = door.Admit(method, *context, call); !admitted) {
      unary.Refuse(admitted.error());
      return reactor;
    }
    grpc::Slice slice;
    std::string copied;
    // A short request mostly lies in one piece.
    const bool whole = request->TrySingleSlice(&slice).ok();
    if (!whole) copied = ToString(*request);
    const std::string_view bytes =
        whole ? std::string_view(reinterpret_cast<const char*>(slice.begin()), slice.size())
              : copied;
    unary.principal = call.principal_id;
    // Handlers do not ask after they replied. What its client waits for without end is given up.
    call.cancelled = [context, until = unary.begun + door.call_max] {
      return context->IsCancelled() || Clock::now() > until;
    };
    method.unary(call, bytes,
                 [unary](Result<std::string> reply) { unary.Answer(std::move(reply)); });
  } catch (const std::exception& exception) {
    unary.Answer(Fail(StatusCode::kInternal, "EXCEPTION", exception.what()));
  }
  return reactor;
}

/// The methods of one proto service, as raw handlers: there are no generated stubs.
class TableService final : public grpc::Service {
 public:
  TableService(const std::vector<Method>& methods, const Door& door) {
    paths_.reserve(methods.size());
    for (const auto& method : methods) {
      paths_.push_back("/" + method.name);
      const bool unary = method.unary != nullptr;
      AddMethod(new grpc::internal::RpcServiceMethod(
          paths_.back().c_str(),
          unary ? grpc::internal::RpcMethod::NORMAL_RPC : grpc::internal::RpcMethod::BIDI_STREAMING,
          nullptr));
      MarkMethodRawCallback(static_cast<int>(paths_.size()) - 1,
                            unary ? UnaryHandlerOf(method, door) : StreamHandlerOf(method, door));
    }
  }

 private:
  static grpc::internal::MethodHandler* UnaryHandlerOf(const Method& method, const Door& door) {
    return new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
        [&method, &door](grpc::CallbackServerContext* context, const ByteBuffer* request,
                         ByteBuffer* response) {
          return ServeUnary(method, door, context, request, response);
        });
  }

  static grpc::internal::MethodHandler* StreamHandlerOf(const Method& method, const Door& door) {
    return new grpc::internal::CallbackBidiHandler<ByteBuffer, ByteBuffer>(
        [&method, &door](grpc::CallbackServerContext* context) {
          return method.feed ? ServeFeed(method, context, door)
                             : ServeStream(method, context, door);
        });
  }

  std::vector<std::string> paths_;
};

std::shared_ptr<grpc::ServerCredentials> CredentialsFor(const GrpcServer::Options& options) {
  if (options.certificate_file.empty()) return grpc::InsecureServerCredentials();
  using namespace grpc::experimental;
  constexpr unsigned kLookSeconds = 1;
  // TLS 1.2 and 1.3, as gRPC allows by itself.
  TlsServerCredentialsOptions tls(std::make_shared<FileWatcherCertificateProvider>(
      options.key_file, options.certificate_file, options.client_ca_file, kLookSeconds));
  tls.watch_identity_key_cert_pairs();
  tls.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  if (!options.client_ca_file.empty()) {
    tls.watch_root_certs();
    // A caller may show a token instead; a certificate that is shown must be sound.
    tls.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return TlsServerCredentials(tls);
}

}  // namespace

struct GrpcServer::Parts {
  Parts(Gate& gate, const Options& options)
      : streams({options.streams_max, options.streams_a_caller, options.first_message_max,
                 options.message_max, options.read_max, options.stream_max}),
        feeds({options.feeds_max, options.feeds_a_caller, options.first_message_max,
               options.message_max, options.feed_read_max, options.stream_max}),
        door{gate, streams, feeds, desk, options.call_max, !options.client_ca_file.empty()} {}

  StreamCount streams;
  StreamCount feeds;
  const Door door;
  FeedDesk desk;  ///< Its thread looks at the door until it ends.
  std::map<std::string, std::vector<Method>> methods;  ///< By service; must not move.
  std::vector<std::unique_ptr<TableService>> services;
  std::unique_ptr<grpc::Server> server;
  std::string address;
};

GrpcServer::GrpcServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

GrpcServer::~GrpcServer() { Stop(std::chrono::milliseconds(0)); }

const std::string& GrpcServer::address() const { return parts_->address; }

Result<std::unique_ptr<GrpcServer>> GrpcServer::Start(const std::vector<Method>& table, Gate& gate,
                                                      const Options& options) {
  // Health's messages are in gRPC without their descriptor; naming ours lets reflection find it.
  static_cast<void>(grpc::health::v1::HealthCheckRequest::descriptor());
  grpc::EnableDefaultHealthCheckService(true);
  // Debian's build of abseil looks for deadlocks in gRPC at every lock, as only debug builds
  // should.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  auto parts = std::make_unique<Parts>(gate, options);
  for (const auto& method : table) {
    parts->methods[method.name.substr(0, method.name.find('/'))].push_back(method);
  }
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options.address, CredentialsFor(options), &port);
  builder.SetMaxReceiveMessageSize(kMessageSizeMax);
  builder.SetResourceQuota(grpc::ResourceQuota("yimad").Resize(kMemoryMax));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kCallsAConnectionMax);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A peer that is gone without a word is noticed, and frees its stream's thread.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveMs);
  // Clients ask the same of us while a stream rests.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kKeepaliveMs / 4);
  for (const auto& [service, methods] : parts->methods) {
    parts->services.push_back(std::make_unique<TableService>(methods, parts->door));
    builder.RegisterService(parts->services.back().get());
  }
  parts->server = builder.BuildAndStart();
  if (parts->server == nullptr || port == 0) {
    return Fail(StatusCode::kUnavailable, "ADDRESS_UNAVAILABLE",
                fmt::format("cannot listen on {}: is another server there?", options.address));
  }
  if (auto* health = parts->server->GetHealthCheckService()) {
    for (const auto& [service, methods] : parts->methods) health->SetServingStatus(service, true);
  }
  parts->address =
      fmt::format("{}:{}", options.address.substr(0, options.address.rfind(':')), port);
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(parts)));
}

void GrpcServer::SetServing(bool serving) {
  if (parts_->server == nullptr) return;
  if (auto* health = parts_->server->GetHealthCheckService()) health->SetServingStatus(serving);
}

void GrpcServer::Stop(std::chrono::milliseconds grace) {
  if (parts_->server == nullptr) return;
  parts_->streams.Stop();
  parts_->feeds.Stop();
  if (auto* health = parts_->server->GetHealthCheckService()) health->SetServingStatus(false);
  parts_->server->Shutdown(std::chrono::system_clock::now() + grace);
  parts_->server->Wait();
  parts_->streams.WaitUntilNone();
  parts_->feeds.WaitUntilNone();
  parts_->server.reset();
}

}  // namespace yima::server
