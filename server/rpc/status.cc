#include "server/rpc/status.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace yima::server {

grpc::Status ToStatus(const Error& error) {
  google::rpc::ErrorInfo info;
  info.set_reason(error.reason);
  info.set_domain("yima.dev");
  if (!error.field.empty()) (*info.mutable_metadata())["field"] = error.field;
  google::rpc::Status status;
  status.set_code(static_cast<int>(error.code));
  status.set_message(error.message);
  status.add_details()->PackFrom(info);
  return {static_cast<grpc::StatusCode>(error.code), error.message, status.SerializeAsString()};
}

}  // namespace yima::server
