#include <charconv>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sodium.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "server/methods/method_table.h"
#include "server/rpc/grpc_server.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/whole_file.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

constexpr std::chrono::seconds kGrace{10};
constexpr time_t kHousekeepingSeconds = 3600;
constexpr TimeUs kRequestsKept = TimeUs{30} * 86'400 * 1'000'000;

/// An address that stays on this machine whatever a resolver says: 127.0.0.0/8, ::1, localhost.
bool IsLoopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

/// LISTEN_MALFORMED, LISTEN_INSECURE.
Result<void> CheckListen(const std::string& address, bool insecure) {
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
                   "--listen");
  }
  if (insecure || IsLoopback(host)) return {};
  return Invalid("LISTEN_INSECURE",
                 fmt::format("{} is not a loopback address, and there is no access control yet; "
                             "--insecure serves it all the same",
                             address),
                 "--listen");
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

void KeepHouse(const Domain& domain, TrustNotes& notes) {
  if (const auto forgotten = domain.store.ForgetRequests(Now() - kRequestsKept); !forgotten) {
    spdlog::error("forgetting old requests: {}", forgotten.error().message);
  }
  if (const auto bundle = notes.Bundle(); !bundle) {
    spdlog::error("trust bundle: {}", bundle.error().message);
  }
  if (const auto list = notes.List(*domain.store.Read()); !list) {
    spdlog::error("revocation list: {}", list.error().message);
  }
}

Result<TrustStore> OwnTrust(const Domain& domain, TrustNotes& notes) {
  TrustStore trust({domain.keys.root().public_key()});
  YIMA_ASSIGN_OR_RETURN(const std::string bundle, notes.Bundle());
  YIMA_RETURN_IF_ERROR(trust.AcceptBundle(bundle));
  return trust;
}

/// The passphrase does not outlive the opening.
Result<std::unique_ptr<DataFolder>> OpenFolder(const ServeOptions& options) {
  YIMA_ASSIGN_OR_RETURN(auto passphrase, ReadPassphrase(options.passphrase_file));
  auto folder = DataFolder::Open(options.data, passphrase);
  if (passphrase) sodium_memzero(passphrase->data(), passphrase->size());
  return folder;
}

Result<void> Serve(const ServeOptions& options) {
  // What is reported goes to stderr, in our words: gRPC has many of its own for a taken port.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  spdlog::set_default_logger(spdlog::stderr_color_mt("yimad"));
  YIMA_RETURN_IF_ERROR(CheckListen(options.listen, options.insecure));
  const sigset_t signals = BlockSignals();
  YIMA_ASSIGN_OR_RETURN(const auto folder, OpenFolder(options));
  const Domain& domain = folder->domain();
  TrustNotes notes(domain);
  YIMA_ASSIGN_OR_RETURN(const auto trust, OwnTrust(domain, notes));
  const Resolver resolver(domain, trust);
  GrpcServer::Options door;
  door.address = options.listen;
  YIMA_ASSIGN_OR_RETURN(const auto server,
                        GrpcServer::Start(MakeMethodTable(domain, resolver, notes), door));
  if (!options.address_file.empty()) {
    YIMA_RETURN_IF_ERROR(
        WriteWholeFile(options.address_file, server->address() + "\n", "--address-file"));
  }
  fmt::print(fmt::runtime(Say("正在服务：{}\n", "serving on {}\n")), server->address());
  std::fflush(stdout);

  for (;;) {
    KeepHouse(domain, notes);
    const timespec wait{kHousekeepingSeconds, 0};
    if (sigtimedwait(&signals, nullptr, &wait) > 0) break;
  }
  server->Stop(kGrace);
  fmt::print("{}\n", Say("已停止", "stopped"));
  return {};
}

}  // namespace

int RunServe(const ServeOptions& options) {
  const auto served = Serve(options);
  return served ? kDone : Complain(served.error());
}

}  // namespace yima::server
