#ifndef YIMA_CLIENT_TESTING_FAKE_REGISTRY_H_
#define YIMA_CLIENT_TESTING_FAKE_REGISTRY_H_

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>

#include "client/client.h"

namespace yima::testing {

/// A registry for the tests of programs that call one: its clients are real ones, whose calls your
/// own functions answer, without a server and without a network.
///
///     FakeRegistry registry;
///     registry.Answer([](const v1::ResolveRequest& request) -> Result<v1::ResolveResponse> {
///       v1::ResolveResponse answer;
///       answer.set_verdict(v1::VERDICT_AUTHENTIC);
///       return answer;
///     });
///     YourProgram(registry.client());
///     registry.Received<v1::ResolveRequest>();  // what was asked
///
/// The request's type says which method a function answers. Its result is a Result of the response,
/// or of a vector of them for a method that answers in a stream; a method whose requests come in a
/// stream is answered message by message. A call that nothing answers is UNIMPLEMENTED
/// METHOD_UNKNOWN, as from a server that is too old. Nothing is tried again, but what StreamResolve
/// resumes and what Watch goes on with: the function of WatchRequest is called again when its
/// messages are told, with the last `next` as `after`. It must look at that, and end the watch by
/// an Error.
///
/// Thread-safe; functions may be called on several threads at once. Clients may outlive it.
class FakeRegistry {
 public:
  FakeRegistry();
  ~FakeRegistry();

  /// Takes the place of what answered this method before. A response of another method's is a
  /// mistake in the test: std::invalid_argument.
  template <typename Function>
  void Answer(Function function) {
    AnswerWith(&Answerer<Function>::Call, std::move(function));
  }

  /// Calls on this registry; each has its own deadline, which is not looked at.
  Client client() const;
  std::shared_ptr<const Connection> connection() const;

  /// The requests of this type so far, in their order; a stream's are its messages.
  template <typename Request>
  std::vector<Request> Received() const {
    std::vector<Request> received;
    for (const auto& bytes : ReceivedBytes(*Request::descriptor())) {
      received.emplace_back().ParseFromString(bytes);
    }
    return received;
  }

 private:
  using Bytes = std::vector<std::string>;
  using Answering = std::function<Result<Bytes>(const std::string&)>;

  /// Takes a function's type apart: its request and what it answers with.
  template <typename Function>
  struct Answerer : Answerer<decltype(&Function::operator())> {};
  template <typename Class, typename Response, typename Request>
  struct Answerer<Result<Response> (Class::*)(const Request&) const> {
    static Result<Response> Call(const Class& function, const Request& request) {
      return function(request);
    }
  };

  template <typename Function, typename Response, typename Request>
  void AnswerWith(Result<Response> (*call)(const Function&, const Request&), Function function) {
    Add(*Request::descriptor(), *DescriptorOf(static_cast<Response*>(nullptr)),
        [call, function = std::move(function)](const std::string& bytes) -> Result<Bytes> {
          Request request;
          request.ParseFromString(bytes);
          YIMA_ASSIGN_OR_RETURN(const Response response, call(function, request));
          return ToBytes(response);
        });
  }

  template <typename Message>
  static const google::protobuf::Descriptor* DescriptorOf(Message*) {
    return Message::descriptor();
  }
  template <typename Message>
  static const google::protobuf::Descriptor* DescriptorOf(std::vector<Message>*) {
    return Message::descriptor();
  }
  template <typename Message>
  static Bytes ToBytes(const Message& message) {
    return {message.SerializeAsString()};
  }
  template <typename Message>
  static Bytes ToBytes(const std::vector<Message>& messages) {
    Bytes bytes;
    for (const auto& message : messages) bytes.push_back(message.SerializeAsString());
    return bytes;
  }

  void Add(const google::protobuf::Descriptor& request,
           const google::protobuf::Descriptor& response, Answering answering);
  Bytes ReceivedBytes(const google::protobuf::Descriptor& request) const;

  class Wire;
  std::shared_ptr<Wire> wire_;
};

}  // namespace yima::testing

#endif  // YIMA_CLIENT_TESTING_FAKE_REGISTRY_H_
