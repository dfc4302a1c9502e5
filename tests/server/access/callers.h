#ifndef YIMA_TESTS_SERVER_ACCESS_CALLERS_H_
#define YIMA_TESTS_SERVER_ACCESS_CALLERS_H_

#include <string>

#include "server/access/gate.h"
#include "server/access/tokens.h"
#include "tests/server/methods.h"

namespace yima::server::testing {

inline v1::Grant GrantOf(v1::Role role, const std::string& division = "") {
  v1::Grant grant;
  grant.set_role(role);
  if (!division.empty()) grant.add_divisions(division);
  return grant;
}

inline v1::CreatePrincipalRequest PrincipalNamed(const std::string& request_id,
                                                 const std::vector<v1::Grant>& grants) {
  v1::CreatePrincipalRequest request;
  request.set_request_id(request_id);
  request.mutable_principal()->set_kind(v1::PRINCIPAL_KIND_PERSON);
  request.mutable_principal()->mutable_name()->set_value("王师傅");
  for (const auto& grant : grants) *request.mutable_principal()->add_grants() = grant;
  return request;
}

/// Principals and tokens of a World, made by the calls themselves.
class Callers {
 public:
  explicit Callers(World& world)
      : methods(world), audit(world.domain()), gate(world.domain(), audit, {}) {}

  v1::Principal Make(const std::vector<v1::Grant>& grants) {
    const auto made = methods.Unary<v1::CreatePrincipalResponse>(
        "AccessService/CreatePrincipal", PrincipalNamed("make-" + std::to_string(++made_), grants));
    return made ? made->principal() : v1::Principal();
  }
  v1::CreateTokenResponse TokenFor(uint64_t principal, int64_t lifetime = 3600) {
    v1::CreateTokenRequest request;
    request.set_request_id("token-" + std::to_string(++made_));
    request.set_principal(principal);
    request.set_lifetime_seconds(lifetime);
    const auto made = methods.Unary<v1::CreateTokenResponse>("AccessService/CreateToken", request);
    return made ? *made : v1::CreateTokenResponse();
  }
  /// What the gate says of a caller with this token; empty: none.
  Result<Call> Enter(const std::string& token, Roles roles,
                     const std::string& address = "192.0.2.1") {
    const std::string authorization = token.empty() ? "" : "Bearer " + token;
    Call call;
    call.method = "test.Service/Method";
    Credentials shown;
    shown.authorization = authorization;
    shown.address = [&] { return address; };
    YIMA_RETURN_IF_ERROR(gate.Admit(call.method, roles, shown, call));
    return call;
  }

  Methods methods;
  AuditTrail audit;
  Gate gate;

 private:
  int made_ = 0;
};

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_ACCESS_CALLERS_H_
