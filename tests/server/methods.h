#ifndef YIMA_TESTS_SERVER_METHODS_H_
#define YIMA_TESTS_SERVER_METHODS_H_

#include <functional>
#include <future>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/methods/method_table.h"
#include "tests/server/world.h"
#include "yima/v1/access_service.pb.h"
#include "yima/v1/attachment_service.pb.h"
#include "yima/v1/issuance_service.pb.h"
#include "yima/v1/log_service.pb.h"
#include "yima/v1/registry_service.pb.h"
#include "yima/v1/resolver_service.pb.h"
#include "yima/v1/rights_service.pb.h"
#include "yima/v1/stock_take_service.pb.h"

namespace yima::server::testing {

/// The method table over a World, called as a transport calls it: bytes in, bytes out.
class Methods {
 public:
  explicit Methods(World& world, SightingKeeper* sightings = nullptr)
      : world_(world),
        notes_(world.domain()),
        resolver_(world.domain(), sightings),
        table_(MakeMethodTable(world.domain(), resolver_, notes_)) {}

  /// `name`: "RegistryService/CreateFacility".
  template <typename Response, typename Request>
  Result<Response> Unary(
      std::string_view name, const Request& request,
      const std::function<bool()>& cancelled = [] { return false; }) {
    std::promise<Result<std::string>> promise;
    const Method& method = Find(name);
    Call call = world_.call(method.name);
    call.cancelled = cancelled;
    method.unary(call, request.SerializeAsString(),
                 [&](Result<std::string> reply) { promise.set_value(std::move(reply)); });
    YIMA_ASSIGN_OR_RETURN(const std::string bytes, promise.get_future().get());
    Response response;
    if (!response.ParseFromString(bytes)) return Unparsed();
    return response;
  }

  /// Every message of the answer, or why it broke off. `on_response` may play a client that goes:
  /// its Error ends the stream.
  template <typename Response, typename Request>
  Result<std::vector<Response>> Stream(
      std::string_view name, const Request& request,
      const std::function<Result<void>(const Response&)>& on_response = {},
      const std::function<bool()>& cancelled = [] { return false; }) {
    const Method& method = Find(name);
    Call call = world_.call(method.name);
    call.cancelled = cancelled;
    bool asked = false;
    const auto source = [&](std::string& bytes) -> Result<bool> {
      if (std::exchange(asked, true)) return false;
      bytes = request.SerializeAsString();
      return true;
    };
    std::vector<Response> responses;
    const auto sink = [&](const std::string& bytes) -> Result<void> {
      Response response;
      if (!response.ParseFromString(bytes)) return Unparsed();
      if (on_response) YIMA_RETURN_IF_ERROR(on_response(response));
      responses.push_back(std::move(response));
      return {};
    };
    YIMA_RETURN_IF_ERROR(method.stream(call, source, sink));
    return responses;
  }

  const Resolver& resolver() const { return resolver_; }
  const std::vector<Method>& table() const { return table_; }

 private:
  static tl::unexpected<Error> Unparsed() {
    return Fail(StatusCode::kInternal, "ANSWER_MALFORMED", "the answer does not parse");
  }
  const Method& Find(std::string_view name) const {
    for (const auto& method : table_) {
      if (method.name == "yima.v1." + std::string(name)) return method;
    }
    throw std::invalid_argument(std::string(name));
  }

  World& world_;
  TrustNotes notes_;
  Resolver resolver_;
  std::vector<Method> table_;
};

/// What an Error says, for comparisons that show all of it.
struct Refusal {
  StatusCode code;
  std::string reason;
  std::string field;
  bool operator==(const Refusal&) const = default;
};
template <typename T>
Refusal RefusalOf(const Result<T>& result) {
  if (result) return {StatusCode{}, "", ""};
  return {result.error().code, result.error().reason, result.error().field};
}
inline void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << static_cast<int>(refusal.code) << ' ' << refusal.reason << " at " << refusal.field;
}

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_METHODS_H_
