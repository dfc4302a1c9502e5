#include <csignal>
#include <ctime>
#include <fstream>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "server/methods/method_table.h"
#include "server/rpc/grpc_server.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

constexpr std::chrono::seconds kGrace{10};
constexpr time_t kHousekeepingSeconds = 3600;
constexpr TimeUs kRequestsKept = TimeUs{30} * 86'400 * 1'000'000;

bool IsLoopback(const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
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

/// Whole or not there: written beside and renamed.
Result<void> WriteAddress(const std::filesystem::path& file, const std::string& address) {
  if (file.empty()) return {};
  const std::filesystem::path beside = file.string() + ".new";
  std::ofstream(beside) << address << '\n';
  std::error_code error;
  std::filesystem::rename(beside, file, error);
  if (!error) return {};
  return Fail(StatusCode::kFailedPrecondition, "ADDRESS_FILE",
              fmt::format("cannot write {}: {}", file.string(), error.message()), "--address-file");
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

Result<void> Serve(const ServeOptions& options) {
  if (!options.insecure && !IsLoopback(options.listen)) {
    return Invalid("LISTEN_INSECURE",
                   fmt::format("{} is not a loopback address, and there is no access control yet; "
                               "--insecure serves it all the same",
                               options.listen),
                   "--listen");
  }
  const sigset_t signals = BlockSignals();
  YIMA_ASSIGN_OR_RETURN(const auto passphrase, ReadPassphrase(options.passphrase_file));
  YIMA_ASSIGN_OR_RETURN(const auto folder, DataFolder::Open(options.data, passphrase));
  const Domain& domain = folder->domain();
  TrustNotes notes(domain);
  YIMA_ASSIGN_OR_RETURN(const auto trust, OwnTrust(domain, notes));
  const Resolver resolver(domain, trust);
  GrpcServer::Options door;
  door.address = options.listen;
  YIMA_ASSIGN_OR_RETURN(const auto server,
                        GrpcServer::Start(MakeMethodTable(domain, resolver, notes), door));
  YIMA_RETURN_IF_ERROR(WriteAddress(options.address_file, server->address()));
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
