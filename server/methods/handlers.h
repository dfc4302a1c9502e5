#ifndef YIMA_SERVER_METHODS_HANDLERS_H_
#define YIMA_SERVER_METHODS_HANDLERS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/domain/known_fields.h"
#include "server/methods/method_table.h"

// Handlers of rows, made of the rules that answer them: each kind of call in one way.

namespace yima::server {

/// Without the fields that this version does not know: a record must not keep what nobody checked,
/// for a later version to take it for its own.
template <typename Request>
Result<Request> Parse(std::string_view bytes) {
  static const KnownFields& known = KnownFields::Of(Request::descriptor());
  Request request;
  if (request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    if (!known.CoverAll(bytes)) request.DiscardUnknownFields();
    return request;
  }
  return Invalid("REQUEST_MALFORMED", fmt::format("{} bytes are no {}", bytes.size(),
                                                  Request::descriptor()->full_name()));
}

/// A read: one snapshot, one answer.
template <typename Request, typename Response>
UnaryHandler Reading(const Domain& domain,
                     Result<Response> (*answer)(const Domain&, const Call&, const Request&,
                                                const store::Snapshot&)) {
  return [&domain, answer](const Call& call, std::string_view bytes, const Reply& reply) {
    const auto request = Parse<Request>(bytes);
    if (!request) return reply(tl::unexpected(request.error()));
    const auto response = answer(domain, call, *request, *domain.store.Read());
    if (!response) return reply(tl::unexpected(response.error()));
    reply(response->SerializeAsString());
  };
}

/// A write: planned on snapshots until it is durable, then answered from one that shows it. `make`
/// gives, for each call, what plans it and what answers it.
template <typename Request, typename Make>
UnaryHandler WritingInSteps(const Domain& domain, Make make) {
  return [&domain, make](const Call& call, std::string_view bytes, Reply reply) {
    auto parsed = Parse<Request>(bytes);
    if (!parsed) return reply(tl::unexpected(parsed.error()));
    const auto request = std::make_shared<const Request>(*std::move(parsed));
    if (const auto sound = CheckRequestId(request->request_id()); !sound) {
      return reply(tl::unexpected(sound.error()));
    }
    const auto steps = make();
    Execute(
        domain, MarkOf(domain, call, request->request_id(), request->SerializeAsString()),
        [call, request, plan = steps.first](const store::Snapshot& snapshot) -> Result<Planned> {
          auto planned = plan(call, *request, snapshot);
          // Not to be written: who gave up may have gone on without it.
          if (call.cancelled()) return CallerGone();
          return planned;
        },
        [&domain, answer = steps.second,
         reply = std::move(reply)](Result<std::vector<RecordRef>> results) {
          if (!results) return reply(tl::unexpected(results.error()));
          const auto response = answer(*results, *domain.store.Read());
          if (!response) return reply(tl::unexpected(response.error()));
          reply(response->SerializeAsString());
        });
  };
}

template <typename Request, typename Response>
UnaryHandler Writing(const Domain& domain,
                     Result<Planned> (*plan)(const Domain&, const Call&, const Request&,
                                             const store::Snapshot&),
                     Result<Response> (*answer)(const Domain&, const std::vector<RecordRef>&,
                                                const store::Snapshot&)) {
  return WritingInSteps<Request>(domain, [&domain, plan, answer] {
    return std::pair(
        [&domain, plan](const Call& call, const Request& request, const store::Snapshot& snapshot) {
          return plan(domain, call, request, snapshot);
        },
        [&domain, answer](const std::vector<RecordRef>& results, const store::Snapshot& snapshot) {
          return answer(domain, results, snapshot);
        });
  });
}

/// Answered once what it erased is out of the store's files too, or cannot be yet.
template <typename Request, typename Response>
UnaryHandler Erasing(const Domain& domain,
                     Result<Planned> (*plan)(const Domain&, const Call&, const Request&,
                                             const store::Snapshot&),
                     Result<Response> (*answer)(const Domain&, const std::vector<RecordRef>&,
                                                const store::Snapshot&)) {
  return [&domain, write = Writing(domain, plan, answer)](const Call& call, std::string_view bytes,
                                                          Reply reply) {
    write(call, bytes, [&domain, reply = std::move(reply)](Result<std::string> written) {
      if (!written) return reply(std::move(written));
      // Also of a request that was answered before: who asks again may have had no answer.
      domain.store.Scrub([reply, written = *std::move(written)](const Result<bool>& scrubbed) {
        if (!scrubbed) return reply(tl::unexpected(scrubbed.error()));
        Response response;
        response.ParseFromString(written);
        response.set_still_in_files(!*scrubbed);
        reply(response.SerializeAsString());
      });
    });
  };
}

/// A stream that asks once and is answered in parts.
template <typename Request, typename Response>
StreamHandler Answer(const Domain& domain,
                     Result<void> (*serve)(const Domain&, const Call&, const Request&,
                                           const std::function<Result<void>(const Response&)>&)) {
  return
      [&domain, serve](const Call& call, const Source& source, const Sink& sink) -> Result<void> {
        std::string bytes;
        YIMA_ASSIGN_OR_RETURN(const bool asked, source(bytes));
        if (!asked) return Invalid("REQUEST_MISSING", "the stream ended before its request");
        YIMA_ASSIGN_OR_RETURN(const auto request, Parse<Request>(bytes));
        return serve(domain, call, request,
                     [&](const Response& response) { return sink(response.SerializeAsString()); });
      };
}

/// Of the newest tree that is signed; the snapshot is read after it, so that it holds its tiles.
template <typename Request, typename Response>
UnaryHandler OfLog(const Domain& domain,
                   Result<Response> (*answer)(const Call&, const TreeHead&, const Request&,
                                              const store::Snapshot&)) {
  return [&domain, answer](const Call& call, std::string_view bytes, const Reply& reply) {
    const auto request = Parse<Request>(bytes);
    if (!request) return reply(tl::unexpected(request.error()));
    const auto head = domain.tree->head();
    if (head == nullptr) {
      return reply(
          Fail(StatusCode::kUnavailable, "LOG_NOT_READY", "the log has no checkpoint yet"));
    }
    const auto response = answer(call, *head, *request, *domain.store.Read());
    if (!response) return reply(tl::unexpected(response.error()));
    reply(response->SerializeAsString());
  };
}

}  // namespace yima::server

#endif  // YIMA_SERVER_METHODS_HANDLERS_H_
