#include <cstdio>
#include <fstream>

#include "tools/bench.d/load.h"
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <unistd.h>

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

std::shared_ptr<grpc::ServerCredentials> CredentialsOf(const Certificate& certificate) {
  if (certificate.certificate.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({TextOf(certificate.key), TextOf(certificate.certificate)});
  return grpc::SslServerCredentials(options);
}

}  // namespace

int ServeEcho(const std::string& address_file, uint64_t reply_bytes,
              const Certificate& certificate) {
  const grpc::Slice slice(std::string(reply_bytes, 'x'));
  EchoService service(ByteBuffer(&slice, 1));
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", CredentialsOf(certificate), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::ofstream(address_file + ".new") << "127.0.0.1:" << port << '\n';
  std::rename((address_file + ".new").c_str(), address_file.c_str());
  server->Wait();
  return 0;
}

Result<Echo> Echo::Start(const Options& options, uint64_t reply_bytes,
                         const Certificate& certificate) {
  const auto file = options.work / "echo-address";
  std::filesystem::remove(file);
  std::vector<std::string> words = {std::filesystem::read_symlink("/proc/self/exe").string(),
                                    "--echo", fmt::to_string(reply_bytes), file.string()};
  if (!certificate.key.empty()) {
    words.insert(words.end(), {"--tls-cert", certificate.certificate.string(), "--tls-key",
                               certificate.key.string()});
  }
  Echo echo;
  YIMA_ASSIGN_OR_RETURN(echo.program, Child::Start(words));
  while (echo.address.empty() && echo.program->Running()) {
    usleep(2'000);
    std::ifstream(file) >> echo.address;
  }
  return echo;
}

}  // namespace yima::bench
