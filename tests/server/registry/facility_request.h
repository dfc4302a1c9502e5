#ifndef YIMA_TESTS_SERVER_REGISTRY_FACILITY_REQUEST_H_
#define YIMA_TESTS_SERVER_REGISTRY_FACILITY_REQUEST_H_

#include <string>

#include <fmt/format.h>

#include "yima/v1/registry_service.pb.h"

namespace yima::server::testing {

/// A sound request for a storm-drain cover of division 140502 with this number of scheme 2.
inline v1::CreateFacilityRequest FacilityRequest(uint32_t number, uint64_t supervisor,
                                                 std::string request_id = "create-1") {
  v1::CreateFacilityRequest request;
  request.set_request_id(std::move(request_id));
  auto* facility = request.mutable_facility();
  auto* code = facility->add_codes();
  code->set_scheme(2);
  code->set_digits(fmt::format("14050201003{:06}", number));
  facility->set_division("140502");
  facility->set_class_code("01003");
  facility->mutable_supervising()->set_holder(supervisor);
  return request;
}

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_REGISTRY_FACILITY_REQUEST_H_
