#include "tools/bench.d/registry.h"

#include <chrono>
#include <fstream>
#include <thread>

#include <fmt/format.h>

namespace yima::bench {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kRowsAMessage = 1000;

Result<std::string> ReadAddress(const fs::path& file, const Child& server) {
  for (;;) {
    std::ifstream stream(file);
    std::string address;
    if (std::getline(stream, address)) return address;
    if (!server.Running()) {
      return Fail(StatusCode::kInternal, "PROGRAM_FAILED", "yimad serve ended at once");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

Result<std::unique_ptr<Registry>> Registry::Make(const Options& options, const std::string& name,
                                                 const Setup& setup) {
  const fs::path folder = options.work / fmt::format("{}-{}", name, NewRequestId());
  std::unique_ptr<Registry> registry(new Registry(options, setup, folder));
  YIMA_RETURN_IF_ERROR(Run({options.yimad.string(), "init", "--data", folder.string(), "--origin",
                            "HTTPS://QR.EXAMPLE.CN/"}));
  if (setup.tls) {
    YIMA_ASSIGN_OR_RETURN(registry->certificate_, Certificate::Make(folder));
  }
  YIMA_RETURN_IF_ERROR(registry->Serve());
  return registry;
}

Registry::~Registry() {
  client_.reset();
  server_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Result<void> Registry::Serve() {
  const fs::path file = folder_ / "address";
  const fs::path http_file = folder_ / "http-address";
  fs::remove(file);
  std::vector<std::string> words = {options_.yimad.string(), "serve"};
  const auto add = [&](const char* option, const std::string& value) {
    words.insert(words.end(), {option, value});
  };
  add("--data", folder_.string());
  add("--listen", "127.0.0.1:0");
  add("--address-file", file.string());
  add("--http", "127.0.0.1:0");
  add("--http-address-file", http_file.string());
  if (!setup_.public_limit) add("--public-rate", "0");
  if (setup_.tls) {
    add("--tls-cert", certificate_.certificate.string());
    add("--tls-key", certificate_.key.string());
  }
  YIMA_ASSIGN_OR_RETURN(server_, Child::Start(words));
  YIMA_ASSIGN_OR_RETURN(address_, ReadAddress(file, *server_));
  YIMA_ASSIGN_OR_RETURN(http_address_, ReadAddress(http_file, *server_));
  ClientOptions options;
  options.server = address_;
  std::ifstream(folder_ / "admin-token") >> token_;
  options.token = token_;
  options.ca = TextOf(certificate_.certificate);
  client_ = std::make_unique<Client>(options);
  return {};
}

Result<void> Registry::Restart() {
  client_.reset();
  YIMA_RETURN_IF_ERROR(server_->Stop());
  return Serve();
}

void Registry::Kill() {
  client_.reset();
  server_->Kill();
}

Result<Registry::Imported> Registry::Import(uint64_t n) {
  std::vector<v1::ImportRow> made;
  made.reserve(n);
  for (uint64_t i = 0; i < n; ++i) made.push_back(LedgerRow(imported_ + i));
  v1::ImportHeader header;
  header.set_request_id(NewRequestId());
  header.set_source("bench.csv");
  header.set_create_organizations(true);
  uint64_t sent = 0;
  v1::ImportReport report;
  Result<void> done;
  const double cpu = server_->CpuSecondsWithOwn();
  const double seconds = SecondsOf([&] {
    done = client_->ImportFacilities(
        header,
        [&](std::vector<v1::ImportRow>& rows) -> Result<bool> {
          for (; sent < n && rows.size() < kRowsAMessage; ++sent) {
            rows.push_back(std::move(made[sent]));
          }
          return !rows.empty();
        },
        [&](const v1::ImportFacilitiesResponse& response) -> Result<void> {
          if (response.has_report()) report = response.report();
          return {};
        });
  });
  if (!done) return tl::unexpected(done.error());
  if (report.created() != n) {
    return Fail(StatusCode::kInternal, "IMPORT_INCOMPLETE",
                fmt::format("{} of {} rows were created", report.created(), n));
  }
  imported_ += n;
  const double cpu_seconds = server_->CpuSecondsWithOwn() - cpu;
  return Imported{report.batch(), seconds, cpu_seconds * 1e6 / static_cast<double>(n)};
}

Result<double> Registry::Issue(const v1::IssueCodesRequest& target,
                               const std::function<void(const v1::IssuedCode&)>& visit) {
  v1::IssueCodesRequest request = target;
  request.set_request_id(NewRequestId());
  Result<void> done;
  const double seconds = SecondsOf([&] {
    done =
        client_->IssueCodes(request, [&](const v1::IssueCodesResponse& response) -> Result<void> {
          for (const auto& code : response.codes()) {
            if (visit) visit(code);
          }
          return {};
        });
  });
  if (!done) return tl::unexpected(done.error());
  return seconds;
}

}  // namespace yima::bench
