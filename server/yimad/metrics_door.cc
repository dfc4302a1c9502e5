#include "server/yimad/metrics_door.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "server/http/certificate.h"
#include "server/http/trust_files.h"
#include "server/yimad/whole_file.h"
#include "yima/v1/resolver_service.pb.h"

namespace yima::server {
namespace {

constexpr std::string_view kBundle = "yima.v1.ResolverService/GetTrustBundle";

/// Of the store's files; 0 for one that is not there.
uint64_t StoreBytes(const std::filesystem::path& data) {
  uint64_t bytes = 0;
  for (const char* name : {"yima.db", "yima.db-wal"}) {
    std::error_code error;
    const auto size = std::filesystem::file_size(data / name, error);
    if (!error) bytes += size;
  }
  return bytes;
}

/// Read each time, as it is renewed while we serve.
std::optional<TimeUs> ExpiryOf(const std::filesystem::path& certificate) {
  if (certificate.empty()) return std::nullopt;
  const auto expires = CertificateExpires(ReadWholeFile(certificate));
  if (!expires) return std::nullopt;
  return *expires;
}

std::optional<TrustBundle> BundleOf(const Result<std::string>& answer) {
  v1::GetTrustBundleResponse response;
  if (!answer || !response.ParseFromString(*answer)) return std::nullopt;
  auto bundle = BundleIn(response.note());
  if (!bundle) return std::nullopt;
  return *std::move(bundle);
}

}  // namespace

Result<std::unique_ptr<MetricsDoor>> MetricsDoor::Open(
    const Metrics& metrics, const std::vector<Method>& table, const Domain& domain,
    const Resolver& resolver, const AuditTrail& audit, const Options& options) {
  const auto bundle = std::ranges::find(table, kBundle, &Method::name);
  assert(bundle != table.end());
  HttpServer::Options server;
  server.address = options.address;
  server.threads = 1;
  const auto answer = [&metrics, &domain, &resolver, &audit, ask = bundle->unary,
                       data = options.data, certificate = options.certificate](
                          const HttpRequest& request, const HttpReply& reply) {
    if (request.path != "/metrics") return reply({.status = 404, .body = "/metrics\n"});
    Call call;
    call.method = kBundle;
    call.principal = "local";
    ask(call, "",
        [&metrics, &domain, &resolver, &audit, data, certificate,
         reply](const Result<std::string>& said) {
          Metrics::State state;
          state.now = domain.now();
          state.store_bytes = StoreBytes(data);
          state.log_entries = domain.store.Read()->LogSize().value_or(0);
          const auto head = domain.tree->head();
          const uint64_t in_tree = head ? head->checkpoint.size : 0;
          // The head may be newer than what was counted.
          state.log_unsigned = state.log_entries - std::min(in_tree, state.log_entries);
          state.alarms = resolver.alarms();
          state.refusals = audit.count();
          state.bundle = BundleOf(said);
          state.certificate_expires = ExpiryOf(certificate);
          reply({.content_type = std::string(Metrics::kContentType), .body = metrics.Text(state)});
        });
  };
  YIMA_ASSIGN_OR_RETURN(auto started, HttpServer::Start(answer, server));
  return std::unique_ptr<MetricsDoor>(new MetricsDoor(std::move(started)));
}

}  // namespace yima::server
