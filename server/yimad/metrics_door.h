#ifndef YIMA_SERVER_YIMAD_METRICS_DOOR_H_
#define YIMA_SERVER_YIMAD_METRICS_DOOR_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "server/access/audit_trail.h"
#include "server/http/http_server.h"
#include "server/metrics/metrics.h"
#include "server/resolver/resolver.h"

namespace yima::server {

/// `GET /metrics` on an address of its own, for whoever watches the server. Thread-safe.
class MetricsDoor {
 public:
  struct Options {
    std::string address;
    std::filesystem::path data;         ///< The folder whose store is measured.
    std::filesystem::path certificate;  ///< PEM of our own TLS; may be empty.
  };

  /// What it is given must outlive it. What HttpServer says.
  static Result<std::unique_ptr<MetricsDoor>> Open(const Metrics& metrics,
                                                   const std::vector<Method>& table,
                                                   const Domain& domain, const Resolver& resolver,
                                                   const AuditTrail& audit, const Options& options);

  const std::string& address() const { return server_->address(); }
  void Stop() { server_->Stop(); }

 private:
  explicit MetricsDoor(std::unique_ptr<HttpServer> server) : server_(std::move(server)) {}
  std::unique_ptr<HttpServer> server_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_METRICS_DOOR_H_
