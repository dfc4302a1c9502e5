#ifndef YIMA_CLIENT_CLIENT_CALLS_H_
#define YIMA_CLIENT_CLIENT_CALLS_H_

#include <memory>
#include <utility>

#include "client/client.h"

// How a Client makes calls; for its own sources alone.

namespace yima {

template <typename Response, typename Request>
Result<Response> Client::Call(const char* method, const Request& request) const {
  Response response;
  YIMA_RETURN_IF_ERROR(connection_->Unary(method, request, response, deadline_));
  return response;
}

template <typename Response, typename Request>
OngoingCall Client::Begin(const char* method, const Request& request, Done<Response> done) const {
  const auto response = std::make_shared<Response>();
  return connection_->Begin(method, std::make_shared<const Request>(request), response, deadline_,
                            [response, done = std::move(done)](Result<void> ended) {
                              if (!ended) return done(tl::unexpected(std::move(ended).error()));
                              done(std::move(*response));
                            });
}

template <typename Response, typename Request>
Result<void> Client::Download(const char* method, const Request& request,
                              const Receiver<Response>& receiver) const {
  Response response;
  return connection_->Download(method, request, response, [&] { return receiver(response); });
}

}  // namespace yima

#endif  // YIMA_CLIENT_CLIENT_CALLS_H_
