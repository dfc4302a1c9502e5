#ifndef YIMA_TOOLS_BENCH_D_REGISTRY_H_
#define YIMA_TOOLS_BENCH_D_REGISTRY_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tools/bench.d/certificate.h"
#include "tools/bench.d/child.h"
#include "tools/bench.d/line.h"
#include "tools/bench.d/load.h"

#include "client/client.h"

namespace yima::bench {

/// How a registry is served.
struct Setup {
  bool tls = false;           ///< With a certificate of its own.
  bool public_limit = false;  ///< The usual limit of calls without a token; otherwise none.
};

/// A registry of its own, made with `yimad init` and served by the real program; its folder is
/// removed with the object.
class Registry {
 public:
  static Result<std::unique_ptr<Registry>> Make(const Options& options, const std::string& name,
                                                const Setup& setup = {});
  ~Registry();

  /// Stops the server, which leaves all in the database's main file, and starts another.
  Result<void> Restart();
  /// Ends the server as a crash does; StartAgain before anything else is asked of it.
  void Kill();
  Result<void> StartAgain() { return Serve(); }

  const Client& client() const { return *client_; }
  const std::string& address() const { return address_; }
  const std::string& token() const { return token_; }
  const Certificate& certificate() const { return certificate_; }  ///< Empty without TLS.
  /// A method of it, "/yima.v1.ResolverService/Resolve".
  Target TargetOf(const std::string& method, const std::string& token) const {
    return {address_, method, token, TextOf(certificate_.certificate)};
  }
  const std::string& http_address() const { return http_address_; }
  const Child& server() const { return *server_; }
  std::filesystem::path database() const { return folder_ / "yima.db"; }
  std::filesystem::path data() const { return folder_; }

  /// One ledger, taken in.
  struct Imported {
    uint64_t batch = 0;
    double seconds = 0;  ///< From its first row sent until the report, when all are durable.
    double cpu_us = 0;   ///< Processor time a row, of server and client together.
  };
  /// The next n facilities of division 140502.
  Result<Imported> Import(uint64_t n);
  /// Codes for all facilities of a filter, or n blank ones: seconds until the last is durable and
  /// here.
  Result<double> Issue(const v1::IssueCodesRequest& target,
                       const std::function<void(const v1::IssuedCode&)>& visit = {});

 private:
  Registry(Options options, const Setup& setup, std::filesystem::path folder)
      : options_(std::move(options)), setup_(setup), folder_(std::move(folder)) {}
  Result<void> Serve();

  const Options options_;
  const Setup setup_;
  const std::filesystem::path folder_;
  std::unique_ptr<Child> server_;
  std::string address_;
  std::string token_;
  Certificate certificate_;
  std::string http_address_;
  std::unique_ptr<Client> client_;
  uint64_t imported_ = 0;
};

/// The row of a ledger as an office keeps it, the nth of its kind: seventeen attributes, in words.
v1::ImportRow LedgerRow(uint64_t n);
/// The same as a line of CSV.
std::string LedgerCsvHead();
std::string LedgerCsvLine(uint64_t n);

}  // namespace yima::bench

#endif  // YIMA_TOOLS_BENCH_D_REGISTRY_H_
