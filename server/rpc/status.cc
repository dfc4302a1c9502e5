#include "server/rpc/status.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace yima::server {
namespace {

/// A message quotes what came from outside: perhaps cut within a character, perhaps long. In the
/// details it must be UTF-8, and all trailers together stay below the 8 KiB that gRPC allows.
std::string Sayable(std::string_view text) {
  constexpr size_t kMax = 1024;
  std::string sayable(text.substr(0, kMax));
  using google::protobuf::internal::UTF8CoerceToStructurallyValid;
  std::string repaired(sayable.size(), '\0');
  const char* valid = UTF8CoerceToStructurallyValid(sayable, repaired.data(), '?');
  return valid == repaired.data() ? repaired : sayable;
}

}  // namespace

grpc::Status ToStatus(const Error& error) {
  const std::string message = Sayable(error.message);
  google::rpc::ErrorInfo info;
  info.set_reason(error.reason);
  info.set_domain("yima.dev");
  if (!error.field.empty()) (*info.mutable_metadata())["field"] = Sayable(error.field);
  google::rpc::Status status;
  status.set_code(static_cast<int>(error.code));
  status.set_message(message);
  status.add_details()->PackFrom(info);
  if (error.retry_after_ms > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(error.retry_after_ms / 1000);
    retry.mutable_retry_delay()->set_nanos(
        static_cast<int32_t>(error.retry_after_ms % 1000 * 1'000'000));
    status.add_details()->PackFrom(retry);
  }
  return {static_cast<grpc::StatusCode>(error.code), message, status.SerializeAsString()};
}

}  // namespace yima::server
