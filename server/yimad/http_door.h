#ifndef YIMA_SERVER_YIMAD_HTTP_DOOR_H_
#define YIMA_SERVER_YIMAD_HTTP_DOOR_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "server/domain/domain.h"
#include "server/http/http_server.h"
#include "server/http/site.h"
#include "server/methods/method_table.h"

namespace yima::server {

/// The public's door: the site over a method table, served. Thread-safe.
class HttpDoor {
 public:
  struct Options {
    HttpServer::Options server;
    std::filesystem::path webroot;
    std::string hotline;
    Site::Admit admit;  ///< The gate.
  };

  /// Table and domain must outlive it. HOTLINE_MALFORMED, WEBROOT_MISSING, what HttpServer says.
  static Result<std::unique_ptr<HttpDoor>> Open(const std::vector<Method>& table,
                                                const Domain& domain, const Options& options);

  const std::string& address() const { return server_->address(); }
  /// Takes another certificate for the connections to come. TLS_MALFORMED: the old one stays.
  Result<void> Renew(const std::string& certificate_pem, const std::string& key_pem) {
    return server_->Renew(certificate_pem, key_pem);
  }
  void Stop() { server_->Stop(); }

 private:
  HttpDoor(const std::vector<Method>& table, const Domain& domain, Webroot webroot,
           Site::Options options);

  const Site site_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_HTTP_DOOR_H_
