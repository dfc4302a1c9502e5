#ifndef YIMA_CLIENT_CLI_WRITES_H_
#define YIMA_CLIENT_CLI_WRITES_H_

#include <string>

#include "client/cli/request_memory.h"
#include "client/cli/session.h"

namespace yima::cli {

/// Sends a write under a request id that is kept until the answer is there: `given` by the user,
/// else the one remembered.
template <typename Request, typename Response>
Result<Response> SendWrite(Session& session, const std::string& given, Request request,
                           Result<Response> (Client::*call)(const Request&) const) {
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  Response response;
  YIMA_RETURN_IF_ERROR(UnderRequestId(memory, given, [&](const std::string& id) -> Result<void> {
    request.set_request_id(id);
    YIMA_ASSIGN_OR_RETURN(response, (session.client().*call)(request));
    return {};
  }));
  return response;
}

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_WRITES_H_
