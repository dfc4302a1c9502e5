#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "server/access/gate.h"
#include "server/log/tree_keeper.h"
#include "server/methods/method_table.h"
#include "server/resolver/sightings.h"
#include "server/rights/coverage_days.h"
#include "server/rpc/grpc_server.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/http_door.h"
#include "server/yimad/log_format.h"
#include "server/yimad/metrics_door.h"
#include "server/yimad/notify.h"
#include "server/yimad/orders.h"
#include "server/yimad/whole_file.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

constexpr std::chrono::seconds kGrace{10};
constexpr std::chrono::hours kForgetEvery{1};
constexpr std::chrono::hours kWarnEvery{24};
/// So often a write is tried though nobody writes, and whenever the last one was refused: health
/// and `/readyz` tell what came of the last.
constexpr std::chrono::seconds kProbeEvery{30};
/// So soon a revocation stands on the stored list, which `yimad trust export` hands out.
constexpr time_t kRenewSeconds = 2;
constexpr unsigned kHttpThreadsMax = 4;
/// Whole offices stand behind one address.
constexpr unsigned kConnectionsPerAddressMax = 256;
constexpr std::string_view kNone = "none";
constexpr TimeUs kRequestsKept = TimeUs{30} * 86'400 * 1'000'000;

/// An address that stays on this machine whatever a resolver says: 127.0.0.0/8, ::1, localhost.
bool IsLoopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

/// LISTEN_MALFORMED, LISTEN_INSECURE.
Result<void> CheckListen(const std::string& address, bool secure, const char* option) {
  const size_t colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  uint16_t port = 0;
  const char* const end = address.data() + address.size();
  const bool has_port = colon != std::string::npos && [&] {
    const auto [at, error] = std::from_chars(address.data() + colon + 1, end, port);
    return error == std::errc() && at == end;
  }();
  if (!has_port || host.empty()) {
    return Invalid("LISTEN_MALFORMED",
                   fmt::format("\"{}\" is not HOST:PORT with a port of 0 to 65535", address),
                   option);
  }
  if (secure || IsLoopback(host)) return {};
  return Invalid("LISTEN_INSECURE",
                 fmt::format("{} is not a loopback address, and tokens must not travel in plain "
                             "text: give --tls-cert and --tls-key",
                             address),
                 option);
}

/// Looks whether the certificate's files have changed, for the pages; gRPC looks by itself.
class CertificateWatch {
 public:
  explicit CertificateWatch(const ServeOptions& options) : options_(options), shown_(Read()) {}

  /// Certificate and key that the pages show.
  const std::pair<std::string, std::string>& shown() const { return shown_; }

  void Look(HttpDoor* http) {
    if (options_.tls_certificate.empty() || http == nullptr) return;
    auto found = Read();
    // A file being written may be empty, and the key may follow its certificate.
    if (found == shown_ || found == refused_) return;
    if (const auto renewed = http->Renew(found.first, found.second); !renewed) {
      spdlog::warn("--tls-cert: {}; the pages keep the one before", renewed.error().message);
      refused_ = std::move(found);
      return;
    }
    spdlog::info("the pages have a new certificate");
    shown_ = std::move(found);
  }

 private:
  std::pair<std::string, std::string> Read() const {
    return {ReadWholeFile(options_.tls_certificate), ReadWholeFile(options_.tls_key)};
  }

  const ServeOptions& options_;
  std::pair<std::string, std::string> shown_;
  std::pair<std::string, std::string> refused_;  ///< Said once.
};

/// The public's door; null when it is switched off.
Result<std::unique_ptr<HttpDoor>> OpenHttpDoor(const ServeOptions& options,
                                               const CertificateWatch& certificate,
                                               const std::vector<Method>& table, Gate& gate,
                                               const Domain& domain, Metrics& metrics) {
  if (options.http == kNone) return nullptr;
  if (!options.tls_certificate.empty() && certificate.shown().first.empty()) {
    return Fail(StatusCode::kFailedPrecondition, "TLS_FILE",
                fmt::format("{} is empty", options.tls_certificate.string()), "--tls-cert");
  }
  HttpDoor::Options door;
  door.server.address = options.http;
  door.server.threads = std::clamp(std::thread::hardware_concurrency(), 2U, kHttpThreadsMax);
  // On loopback stands a reverse proxy, through which everybody comes.
  if (!IsLoopback(options.http.substr(0, options.http.rfind(':')))) {
    door.server.connections_per_address_max = kConnectionsPerAddressMax;
  }
  if (options.metrics != kNone) {
    door.server.on_answer = [&metrics](std::string_view method, int status,
                                       std::chrono::nanoseconds took) {
      metrics.CountHttp(method, status, took);
    };
  }
  door.admit = [&gate](const Method& method, const HttpRequest& request, Call& call) {
    Credentials shown;
    shown.authorization = request.Header("authorization");
    shown.address = [&request] { return request.address; };
    return gate.Admit(method.name, method.roles, shown, call);
  };
  door.server.certificate_pem = certificate.shown().first;
  door.server.key_pem = certificate.shown().second;
  door.webroot = options.webroot;
  door.hotline = options.hotline;
  return HttpDoor::Open(table, domain, door);
}

/// Null when it is switched off.
Result<std::unique_ptr<MetricsDoor>> OpenMetricsDoor(const ServeOptions& options,
                                                     const Metrics& metrics,
                                                     const std::vector<Method>& table,
                                                     const Domain& domain, const Resolver& resolver,
                                                     const AuditTrail& audit) {
  if (options.metrics == kNone) return nullptr;
  return MetricsDoor::Open(metrics, table, domain, resolver, audit,
                           {options.metrics, options.data, options.tls_certificate});
}

Result<void> TellHttpAddress(const ServeOptions& options, const HttpDoor& http) {
  fmt::print(fmt::runtime(Say("网页地址：{}://{}/\n", "pages on {}://{}/\n")),
             options.tls_certificate.empty() ? "http" : "https", http.address());
  if (options.http_address_file.empty()) return {};
  return WriteWholeFile(options.http_address_file, http.address() + "\n", "--http-address-file");
}

/// Of all doors; those beside gRPC may be null.
Result<void> TellAddresses(const ServeOptions& options, const GrpcServer& server,
                           const HttpDoor* http, const MetricsDoor* metrics) {
  if (metrics != nullptr) {
    fmt::print(fmt::runtime(Say("监控指标：http://{}/metrics\n", "metrics on http://{}/metrics\n")),
               metrics->address());
  }
  if (http != nullptr) YIMA_RETURN_IF_ERROR(TellHttpAddress(options, *http));
  if (!options.address_file.empty()) {
    YIMA_RETURN_IF_ERROR(
        WriteWholeFile(options.address_file, server.address() + "\n", "--address-file"));
  }
  fmt::print(fmt::runtime(Say("正在服务：{}\n", "serving on {}\n")), server.address());
  std::fflush(stdout);
  return {};
}

/// TLS_INCOMPLETE, TLS_FILE: said at once, where gRPC would only fail every handshake.
Result<void> CheckTls(const ServeOptions& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty() ||
      (options.tls_certificate.empty() && !options.client_ca.empty())) {
    return Invalid("TLS_INCOMPLETE", "--tls-cert and --tls-key belong together", "--tls-key");
  }
  const std::pair<const char*, const std::filesystem::path&> files[] = {
      {"--tls-cert", options.tls_certificate},
      {"--tls-key", options.tls_key},
      {"--client-ca", options.client_ca}};
  for (const auto& [field, file] : files) {
    if (file.empty()) continue;
    if (ReadWholeFile(file).find("-----BEGIN ") != std::string::npos) continue;
    return Fail(StatusCode::kFailedPrecondition, "TLS_FILE",
                fmt::format("{} cannot be read, or holds no PEM", file.string()), field);
  }
  return {};
}

/// Blocked before any thread begins, so that only the main thread takes them.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

void ForgetRequests(const Domain& domain) {
  if (const auto forgotten = domain.store.ForgetRequests(Now() - kRequestsKept); !forgotten) {
    spdlog::error("forgetting old requests: {}", forgotten.error().message);
  }
}

/// Cheap while nothing has changed.
Result<void> RenewNotes(const Domain& domain, TrustNotes& notes) {
  YIMA_RETURN_IF_ERROR(notes.Bundle());
  YIMA_RETURN_IF_ERROR(notes.List(*domain.store.Read()));
  return {};
}

/// Once a day, from thirty days before a bundle runs out that only roots kept elsewhere can renew.
void WarnOfBundle(const Domain& domain) {
  const auto bundle = PublishedBundle(*domain.store.Read());
  if (!bundle || !*bundle || !domain.keys.All(KeyKind::kRoot).empty()) return;
  const TimeUs left = (*bundle)->expires - Now();
  if (left > TrustNotes::kWarnBefore) return;
  spdlog::warn(
      "the trust bundle {} {}, and the root key is kept elsewhere: yimad root draft, sign, import",
      left > 0 ? "runs out on" : "ran out on", FormatTime((*bundle)->expires));
}

/// Calls once a second, on a thread of its own, while it lives; at once when the call asks for it.
class EverySecond {
 public:
  explicit EverySecond(std::function<bool()> call)
      : thread_([call = std::move(call)](const std::stop_token& stop) {
          std::mutex mutex;
          std::condition_variable_any woken;
          std::unique_lock lock(mutex);
          while (!stop.stop_requested()) {
            if (call()) continue;
            woken.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
          }
        }) {}

 private:
  std::jthread thread_;
};

/// Takes what was committed into the log's tree, a part of it; what hinders it is said once.
bool GrowTree(TreeKeeper& keeper, std::string& trouble) {
  const auto grown = keeper.Grow();
  const std::string said = std::exchange(trouble, grown ? "" : grown.error().message);
  if (!grown && trouble != said) spdlog::error("the log's tree: {}", trouble);
  return grown && *grown;
}

/// Writes where codes were scanned; what hinders it is said once.
void KeepSightings(SightingKeeper& sightings, std::string& trouble) {
  const auto kept = sightings.Keep();
  const std::string said = std::exchange(trouble, kept ? "" : kept.error().message);
  if (!kept && trouble != said) spdlog::error("sightings: {}", trouble);
}

/// Writes how far the city had come at the end of days gone by; what hinders it is said once.
void KeepCoverage(CoverageDayKeeper& coverage, std::string& trouble) {
  const auto kept = coverage.Keep();
  const std::string said = std::exchange(trouble, kept ? "" : kept.error().message);
  if (!kept && trouble != said) spdlog::error("coverage: {}", trouble);
}

/// Until one of the signals comes. This thread serves nobody, so it may wait for commits.
void KeepHouseUntil(const sigset_t& signals, const Domain& domain, TrustNotes& notes,
                    AuditTrail& audit, const std::function<void()>& look) {
  using Clock = std::chrono::steady_clock;
  const timespec wait{kRenewSeconds, 0};
  Clock::time_point forget = Clock::now();
  Clock::time_point warn = Clock::now();
  Clock::time_point probe = Clock::now();
  std::string trouble;
  do {
    if (Clock::now() >= forget) {
      ForgetRequests(domain);
      forget += kForgetEvery;
    }
    if (Clock::now() >= warn) {
      WarnOfBundle(domain);
      warn += kWarnEvery;
    }
    const auto renewed = RenewNotes(domain, notes);
    const std::string said = std::exchange(trouble, renewed ? "" : renewed.error().message);
    if (!renewed && trouble != said) spdlog::error("trust notes: {}", trouble);
    if (domain.store.Refusing() || Clock::now() >= probe) {
      // A number that is never used costs nothing.
      static_cast<void>(domain.store.Reserve("probe", 1));
      probe = Clock::now() + kProbeEvery;
    }
    look();
    if (const auto kept = audit.Keep(); !kept && renewed) {
      spdlog::error("audit trail: {}", kept.error().message);
    }
  } while (sigtimedwait(&signals, nullptr, &wait) < 0);
}

/// Serving matters more than being told of new keys.
std::unique_ptr<ControlDoor> OpenControl(const OrderParts& parts) {
  auto door =
      ControlDoor::Open(parts.data, [parts](const Order& order) { return CarryOut(parts, order); });
  if (door) return *std::move(door);
  spdlog::warn("keys and origins cannot be changed while serving: {}", door.error().message);
  return nullptr;
}

/// The passphrase does not outlive the opening.
Result<std::unique_ptr<DataFolder>> OpenFolder(const ServeOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto passphrase, ReadPassphrase(options.passphrase_file));
  return DataFolder::Open(options.data, passphrase);
}

Result<void> CheckAddresses(const ServeOptions& options) {
  const bool tls = !options.tls_certificate.empty();
  YIMA_RETURN_IF_ERROR(CheckTls(options));
  YIMA_RETURN_IF_ERROR(CheckListen(options.listen, tls, "--listen"));
  if (options.http != kNone) YIMA_RETURN_IF_ERROR(CheckListen(options.http, tls, "--http"));
  if (options.metrics == kNone) return {};
  return CheckListen(options.metrics, false, "--metrics");
}

GrpcServer::Options DoorOf(const ServeOptions& options) {
  GrpcServer::Options door;
  door.address = options.listen;
  door.certificate_file = options.tls_certificate;
  door.key_file = options.tls_key;
  door.client_ca_file = options.client_ca;
  return door;
}

Result<void> Serve(const ServeOptions& options) {
  // What is reported goes to stderr, in our words: gRPC has many of its own for a taken port.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  SetLog(options.log_format, options.log_level);
  YIMA_RETURN_IF_ERROR(CheckAddresses(options));
  const sigset_t signals = BlockSignals();
  YIMA_ASSIGN_OR_RETURN(const auto folder, OpenFolder(options));
  const Domain& domain = folder->domain();
  TrustNotes notes(domain);
  YIMA_RETURN_IF_ERROR(notes.Bundle());
  Custodian custodian(domain, folder->registry(), folder->keys(), notes);
  SightingKeeper sightings(domain);
  YIMA_RETURN_IF_ERROR(sightings.Load());
  const Resolver resolver(domain, &sightings);
  CoverageDayKeeper coverage(domain);
  // Days without a server ended as the last one left them, so before anything is written.
  std::string coverage_trouble;
  KeepCoverage(coverage, coverage_trouble);
  // A folder from before there were principals gets its first one here.
  YIMA_RETURN_IF_ERROR(KeepAdminToken(domain, options.data));
  AuditTrail audit(domain);
  Gate gate(domain, audit, {options.public_rate, 4 * options.public_rate});
  std::vector<Method> table = MakeMethodTable(domain, resolver, notes);
  NoteRefusals(table, audit);
  CertificateWatch certificate(options);
  Metrics metrics;
  if (options.metrics != kNone) table = metrics.Measure(std::move(table));
  YIMA_ASSIGN_OR_RETURN(const auto server, GrpcServer::Start(table, gate, DoorOf(options)));
  YIMA_ASSIGN_OR_RETURN(const auto http,
                        OpenHttpDoor(options, certificate, table, gate, domain, metrics));
  YIMA_ASSIGN_OR_RETURN(const auto figures,
                        OpenMetricsDoor(options, metrics, table, domain, resolver, audit));
  const auto control = OpenControl({options.data, domain, custodian});
  YIMA_RETURN_IF_ERROR(TellAddresses(options, *server, http.get(), figures.get()));
  NotifySystemd("READY=1");
  // Until the end: for some seconds yet calls are answered that commit.
  TreeKeeper keeper(domain);
  const EverySecond tree(
      [&, trouble = std::string()]() mutable { return GrowTree(keeper, trouble); });
  {
    const EverySecond scans([&, trouble = std::string()]() mutable {
      KeepSightings(sightings, trouble);
      return false;
    });
    // Apart from the housekeeping: health is told though a commit hangs.
    const EverySecond health([&] {
      server->SetServing(!domain.store.Refusing());
      return false;
    });
    KeepHouseUntil(signals, domain, notes, audit, [&] {
      certificate.Look(http.get());
      KeepCoverage(coverage, coverage_trouble);
    });
  }
  NotifySystemd("STOPPING=1");
  if (figures != nullptr) figures->Stop();
  if (http != nullptr) http->Stop();
  server->Stop(kGrace);
  YIMA_RETURN_IF_ERROR(audit.Keep());
  // Not worth a failed stop: a crash loses them too.
  std::string untold;
  KeepSightings(sightings, untold);
  // For who exports them from the folder while nothing is served.
  YIMA_RETURN_IF_ERROR(RenewNotes(domain, notes));
  fmt::print("{}\n", Say("已停止", "stopped"));
  return {};
}

}  // namespace

int RunServe(const ServeOptions& options) {
  const auto served = Serve(options);
  return served ? kDone : Complain(served.error());
}

}  // namespace yima::server
