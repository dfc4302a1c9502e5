#ifndef YIMA_SERVER_RPC_STATUS_H_
#define YIMA_SERVER_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "codegen/code/result.h"

namespace yima::server {

/// The error as gRPC carries it: code and message, with reason and field in
/// `grpc-status-details-bin` as a google.rpc.ErrorInfo of the domain `yima.dev`.
grpc::Status ToStatus(const Error& error);

}  // namespace yima::server

#endif  // YIMA_SERVER_RPC_STATUS_H_
