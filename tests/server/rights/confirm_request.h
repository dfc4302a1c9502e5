#ifndef YIMA_TESTS_SERVER_RIGHTS_CONFIRM_REQUEST_H_
#define YIMA_TESTS_SERVER_RIGHTS_CONFIRM_REQUEST_H_

#include <string>
#include <vector>

#include "tests/server/methods.h"

namespace yima::server::testing {

using Confirmations = std::vector<v1::ConfirmRightsResponse>;

/// A sound request that confirms the supervising right on 批复 3号; its target is to be set.
inline v1::ConfirmRightsRequest ConfirmRequest(std::string request_id = "confirm-1") {
  v1::ConfirmRightsRequest request;
  request.set_request_id(std::move(request_id));
  request.add_kinds(v1::RIGHT_KIND_SUPERVISING);
  request.mutable_basis()->set_kind("批复");
  request.mutable_basis()->set_number("3号");
  return request;
}

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_RIGHTS_CONFIRM_REQUEST_H_
