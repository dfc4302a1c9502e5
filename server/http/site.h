#ifndef YIMA_SERVER_HTTP_SITE_H_
#define YIMA_SERVER_HTTP_SITE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http_server.h"
#include "server/http/pages.h"
#include "server/http/webroot.h"
#include "server/methods/method_table.h"

namespace yima::server {

/// What the public's HTTP door answers: the page behind a code, short numbers, the trust files,
/// the log, proofs of domains, health. It asks the method table's handlers, as a caller without a
/// token. Thread-safe; what it is made of must outlive it.
class Site {
 public:
  /// Tells at once whether the store takes writes.
  using Ready = std::function<Result<void>()>;
  /// Fills in who calls, or refuses.
  using Admit = std::function<Result<void>(const Method&, const HttpRequest&, Call&)>;
  struct Options {
    Admit admit = {};  ///< Everybody is let in without it.
    std::string hotline = {};
    bool tls = false;  ///< Whether clients come over our own TLS: then they are told to stay.
  };

  /// The rows of the table that it needs are copied; one that is missing is answered 501.
  Site(const std::vector<Method>& table, const ClassCatalogue& classes, Webroot webroot,
       Ready ready, Options options);

  /// An HttpHandler: the request lives until it was answered.
  void Answer(const HttpRequest& request, const HttpReply& reply) const;

 private:
  /// A request with how it is to be answered.
  struct Asked {
    const HttpRequest& request;
    Language language;
    bool json;
  };
  void AnswerCode(Asked asked, const HttpReply& reply) const;
  void AnswerHome(Asked asked, const HttpReply& reply) const;
  /// The notices 公示 there are, and the page of one.
  void AnswerNotices(Asked asked, const HttpReply& reply) const;
  void AnswerNotice(Asked asked, const HttpReply& reply) const;
  void AnswerCoverage(Asked asked, const HttpReply& reply) const;
  void AnswerNote(Asked asked, std::string_view method, const HttpReply& reply) const;
  void AnswerKeys(Asked asked, const HttpReply& reply) const;
  /// The log, by the paths of C2SP tlog-tiles.
  void AnswerLog(Asked asked, std::string_view name, const HttpReply& reply) const;
  void AnswerReady(const HttpReply& reply) const;
  /// Asks, and answers with what `show` makes of the response, or why there is none.
  template <typename Response>
  void AskFor(const Asked& asked, std::string_view method, const google::protobuf::Message& message,
              const HttpReply& reply, std::function<HttpResponse(Response&)> show) const;
  /// Asks a row of one of its services by its name, "Resolve", with a message.
  void Ask(const HttpRequest& request, std::string_view method,
           const google::protobuf::Message& message, Reply reply) const;
  HttpResponse Page(const Asked& asked, int status, std::string html) const;
  HttpResponse Json(const Asked& asked, int status, std::string json) const;
  HttpResponse Refuse(const Asked& asked, int status, std::string_view detail) const;
  HttpResponse Refuse(const Asked& asked, const Error& error) const;
  HttpResponse InWords(const Asked& asked, const Error& error) const;
  /// With the headers of every answer. The ETag is made of the body from `varies_from` on.
  HttpResponse Finish(const Asked& asked, HttpResponse response, size_t varies_from = 0) const;

  std::map<std::string, Method, std::less<>> methods_;  ///< By what stands behind the slash.
  const Webroot webroot_;
  const Ready ready_;
  const Options options_;
  const Pages pages_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_SITE_H_
