#ifndef YIMA_SERVER_RPC_CALLER_H_
#define YIMA_SERVER_RPC_CALLER_H_

#include <string>
#include <string_view>

#include <grpcpp/grpcpp.h>

#include "server/access/gate.h"

namespace yima::server {

/// What the caller of a gRPC call shows. The views live as long as the context; `certificate` is
/// where the name in a client certificate is kept, and is looked for only when it is asked for.
Credentials CredentialsOf(const grpc::CallbackServerContext& context, bool by_certificate,
                          std::string& certificate);

/// W3C Trace Context's header as the caller sent it; empty when it did not.
std::string TraceparentOf(const grpc::CallbackServerContext& context);

/// The address in what gRPC calls a peer: "ipv4:192.0.2.1:4711" gives "192.0.2.1".
std::string AddressIn(std::string_view peer);

}  // namespace yima::server

#endif  // YIMA_SERVER_RPC_CALLER_H_
