#include "client/testing/fake_registry.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <google/protobuf/descriptor.h>

namespace yima::testing {
namespace {

using google::protobuf::Descriptor;

/// Every request belongs to one method, which stands in the same file.
const google::protobuf::MethodDescriptor* MethodOf(const Descriptor& request) {
  const auto& file = *request.file();
  for (int s = 0; s < file.service_count(); ++s) {
    for (int m = 0; m < file.service(s)->method_count(); ++m) {
      const auto* method = file.service(s)->method(m);
      if (method->input_type() == &request) return method;
    }
  }
  return nullptr;
}

/// "yima.v1.RegistryService/GetFacility", as connections name it.
std::string NameOf(const google::protobuf::MethodDescriptor& method) {
  return method.service()->full_name() + "/" + method.name();
}

tl::unexpected<Error> Cancelled() {
  return Fail(StatusCode::kCancelled, "CALL_CANCELLED", "the caller cancelled it");
}

}  // namespace

class FakeRegistry::Wire final : public Connection, public std::enable_shared_from_this<Wire> {
 public:
  void Add(const std::string& method, Answering answering) {
    const std::lock_guard lock(mutex_);
    answering_[method] = std::move(answering);
  }
  Bytes Received(const std::string& method) const {
    const std::lock_guard lock(mutex_);
    const auto found = received_.find(method);
    return found == received_.end() ? Bytes() : found->second;
  }

  Result<void> Unary(const char* method, const Message& request, Message& response,
                     std::chrono::milliseconds) const override {
    YIMA_ASSIGN_OR_RETURN(const Bytes answer, Ask(method, request));
    if (answer.size() == 1 && response.ParseFromString(answer[0])) return {};
    return Fail(StatusCode::kInternal, "ANSWER_MALFORMED", "the test gave no one answer");
  }

  OngoingCall Begin(const char* method, std::shared_ptr<const Message> request,
                    std::shared_ptr<Message> response, std::chrono::milliseconds deadline,
                    std::function<void(Result<void>)> done) const override {
    // All of it on another thread, as from a server: the caller may hold what an answer needs.
    const auto cancelled = std::make_shared<std::atomic<bool>>(false);
    std::thread([=, self = shared_from_this(), path = std::string(method)] {
      auto ended = self->Unary(path.c_str(), *request, *response, deadline);
      if (*cancelled) ended = Cancelled();
      done(std::move(ended));
    }).detach();
    return OngoingCall([cancelled] { *cancelled = true; });
  }

  Result<void> Download(const char* method, const Message& request, Message& response,
                        const std::function<Result<void>()>& on_response,
                        const std::function<void(const OngoingCall&)>& on_begin) const override {
    const auto cancelled = std::make_shared<std::atomic<bool>>(false);
    if (on_begin) on_begin(OngoingCall([cancelled] { *cancelled = true; }));
    YIMA_ASSIGN_OR_RETURN(const Bytes answers, Ask(method, request));
    return Give(answers, response, [&]() -> Result<void> {
      if (!*cancelled) return on_response();
      return Cancelled();
    });
  }

  Result<void> Exchange(const char* method, Message& request,
                        const std::function<Result<bool>()>& next, Message& response,
                        const std::function<Result<void>()>& on_response,
                        const std::function<void()>& on_end) const override {
    const auto ended = ExchangeAll(method, request, next, response, on_response);
    if (on_end) on_end();
    return ended;
  }

 private:
  Result<void> ExchangeAll(const char* method, Message& request,
                           const std::function<Result<bool>()>& next, Message& response,
                           const std::function<Result<void>()>& on_response) const {
    while (true) {
      YIMA_ASSIGN_OR_RETURN(const bool more, next());
      if (!more) return {};
      YIMA_ASSIGN_OR_RETURN(const Bytes answers, Ask(method, request));
      YIMA_RETURN_IF_ERROR(Give(answers, response, on_response));
    }
  }

  static Result<void> Give(const Bytes& answers, Message& response,
                           const std::function<Result<void>()>& on_response) {
    for (const auto& bytes : answers) {
      response.ParseFromString(bytes);
      YIMA_RETURN_IF_ERROR(on_response());
    }
    return {};
  }

  Result<Bytes> Ask(const std::string& method, const Message& request) const {
    const std::string bytes = request.SerializeAsString();
    Answering answering;
    {
      const std::lock_guard lock(mutex_);
      received_[method].push_back(bytes);
      const auto found = answering_.find(method);
      if (found == answering_.end()) {
        return Fail(StatusCode::kUnimplemented, "METHOD_UNKNOWN", "the test answers no " + method);
      }
      answering = found->second;
    }
    return answering(bytes);
  }

  mutable std::mutex mutex_;
  std::map<std::string, Answering> answering_;
  mutable std::map<std::string, Bytes> received_;
};

FakeRegistry::FakeRegistry() : wire_(std::make_shared<Wire>()) {}
FakeRegistry::~FakeRegistry() = default;

Client FakeRegistry::client() const { return Client(wire_); }
std::shared_ptr<const Connection> FakeRegistry::connection() const { return wire_; }

void FakeRegistry::Add(const Descriptor& request, const Descriptor& response, Answering answering) {
  const auto* method = MethodOf(request);
  if (method == nullptr || method->output_type() != &response) {
    throw std::invalid_argument(request.full_name() + " is not answered with " +
                                response.full_name());
  }
  wire_->Add(NameOf(*method), std::move(answering));
}

FakeRegistry::Bytes FakeRegistry::ReceivedBytes(const Descriptor& request) const {
  const auto* method = MethodOf(request);
  return method == nullptr ? Bytes() : wire_->Received(NameOf(*method));
}

}  // namespace yima::testing
