#include <cstdio>
#include <fstream>

#include "tools/bench.d/load.h"
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>

namespace yima::bench {
namespace {

using grpc::ByteBuffer;

class EchoService final : public grpc::Service {
 public:
  explicit EchoService(ByteBuffer fixed) : reply_(std::move(fixed)) {
    AddMethod(new grpc::internal::RpcServiceMethod("/yima.bench.Echo/Echo",
                                                   grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRawCallback(
        0, new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
               [this](grpc::CallbackServerContext* context, const ByteBuffer*, ByteBuffer* reply) {
                 *reply = reply_;
                 auto* reactor = context->DefaultReactor();
                 reactor->Finish(grpc::Status::OK);
                 return reactor;
               }));
  }

 private:
  const ByteBuffer reply_;
};

}  // namespace

int ServeEcho(const std::string& address_file, uint64_t reply_bytes) {
  const grpc::Slice slice(std::string(reply_bytes, 'x'));
  EchoService service(ByteBuffer(&slice, 1));
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::ofstream(address_file + ".new") << "127.0.0.1:" << port << '\n';
  std::rename((address_file + ".new").c_str(), address_file.c_str());
  server->Wait();
  return 0;
}

}  // namespace yima::bench
