#ifndef YIMA_TESTS_SERVER_RIGHTS_REORGANIZATION_H_
#define YIMA_TESTS_SERVER_RIGHTS_REORGANIZATION_H_

#include <functional>
#include <string>
#include <vector>

#include "tests/server/rights/rights_kit.h"

namespace yima::server::testing {

using Reorganizations = std::vector<v1::ReorganizeResponse>;

/// Organizations that are renamed, merged, split and dissolved; the water company unless another
/// is named.
class ReorganizeTest : public RightsTest {
 protected:
  v1::ReorganizeRequest Request(v1::ReorganizationKind kind, uint64_t to = 0) {
    v1::ReorganizeRequest request;
    request.mutable_run()->set_request_id(NextId());
    request.set_organization(water_);
    request.set_kind(kind);
    request.set_to(to);
    request.set_date("2026-11-30");
    *request.mutable_basis() = BasisOf("机构改革3号");
    return request;
  }
  /// Of what it has in the division of all facilities here.
  v1::ReorganizeRequest Split(uint64_t to) {
    auto request = Request(v1::REORGANIZATION_KIND_SPLIT, to);
    request.mutable_filter()->add_divisions("140502");
    return request;
  }
  v1::ReorganizeRequest Renaming(const std::string& name) {
    auto request = Request(v1::REORGANIZATION_KIND_RENAME);
    request.set_new_name(name);
    return request;
  }
  using OnAnswer = std::function<Result<void>(const v1::ReorganizeResponse&)>;
  Result<Reorganizations> Ask(
      const v1::ReorganizeRequest& request, const OnAnswer& on_answer = {},
      const std::function<bool()>& cancelled = [] { return false; }) {
    return methods_.Stream<v1::ReorganizeResponse>("RightsService/Reorganize", request, on_answer,
                                                   cancelled);
  }
  uint64_t Find(const std::string& name) {
    v1::GetOrganizationRequest request;
    request.set_text(name);
    const auto found =
        methods_.Unary<v1::GetOrganizationResponse>("RegistryService/GetOrganization", request);
    return found ? found->organization().id() : 0;
  }
  v1::ReorganizeRequest Of(uint64_t organization, v1::ReorganizationKind kind, uint64_t to = 0) {
    auto request = Request(kind, to);
    request.set_organization(organization);
    return request;
  }
  v1::Organization Water() const { return Record<v1::Organization>(water_); }
};

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_RIGHTS_REORGANIZATION_H_
