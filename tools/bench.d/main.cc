#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/load.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/vfs.h>

namespace yima::bench {
namespace {

struct Bench {
  const char* name;
  Result<Line> (*run)(const Options&);
};
constexpr std::array kBenches = {
    Bench{"issue", BenchIssue},
    Bench{"import", BenchImport},
    Bench{"resolve", BenchResolve},
    Bench{"resolve_tls", BenchResolveTls},
    Bench{"resolve_stream", BenchResolveStream},
    Bench{"access", BenchAccess},
    Bench{"verify", BenchVerify},
    Bench{"symbol", BenchSymbol},
    Bench{"sheet", BenchSheet},
    Bench{"single_write", BenchSingleWrite},
    Bench{"flood", BenchFlood},
    Bench{"backup", BenchBackup},
    Bench{"restart", BenchRestart},
    Bench{"page", BenchPage},
    Bench{"page_slow", BenchPageSlow},
    Bench{"nearby", BenchNearby},
    Bench{"coverage", BenchCoverage},
    Bench{"watch", BenchWatch},
    Bench{"history", BenchHistory},
    Bench{"rights_notice", BenchRightsNotice},
    Bench{"memory_import", BenchMemoryImport},
    Bench{"memory_issue", BenchMemoryIssue},
    Bench{"memory_labels", BenchMemoryLabels},
    Bench{"memory_rights", BenchMemoryRights},
    Bench{"certificate", BenchCertificate},
    Bench{"verify_certificate", BenchVerifyCertificate},
    Bench{"log_integrate", BenchLogIntegrate},
    Bench{"log_verify", BenchLogVerify},
    Bench{"log_proof", BenchLogProof},
};

/// A commit to memory would cost nothing, and nothing measured against it would mean anything.
Result<void> PrepareWork(const std::filesystem::path& work) {
  constexpr long kTmpfsMagic = 0x01021994;
  std::error_code error;
  std::filesystem::create_directories(work, error);
  struct statfs system {};
  if (error || statfs(work.c_str(), &system) != 0) {
    return Invalid("WORK_FOLDER", fmt::format("cannot make {}", work.string()), "--work");
  }
  if (system.f_type != kTmpfsMagic) return {};
  return Invalid("WORK_FOLDER", fmt::format("{} lies in memory, want a disk", work.string()),
                 "--work");
}

/// All, in their order, when none is named.
Result<std::vector<Bench>> Chosen(const std::vector<std::string>& names) {
  if (names.empty()) return std::vector<Bench>(kBenches.begin(), kBenches.end());
  std::vector<Bench> chosen;
  for (const auto& name : names) {
    const auto found = std::ranges::find(kBenches, name, &Bench::name);
    if (found == kBenches.end()) {
      return Invalid("BENCH_UNKNOWN", fmt::format("no bench is named \"{}\"", name), "NAME");
    }
    chosen.push_back(*found);
  }
  return chosen;
}

Result<void> RunAll(const Options& options, const std::vector<std::string>& names, bool json) {
  YIMA_ASSIGN_OR_RETURN(const auto chosen, Chosen(names));
  YIMA_RETURN_IF_ERROR(PrepareWork(options.work));
  std::vector<Line> lines;
  for (const auto& bench : chosen) {
    auto line = bench.run(options);
    if (!line) {
      line.error().message = fmt::format("{}: {}", bench.name, line.error().message);
      return tl::unexpected(std::move(line).error());
    }
    if (json) {
      fmt::print("{}", line->ToJson());
      std::fflush(stdout);
    }
    lines.push_back(*std::move(line));
  }
  if (json) return {};
  fmt::print("{}", Line::TableHead());
  for (const auto& line : lines) fmt::print("{}", line.ToRow());
  return {};
}

}  // namespace
}  // namespace yima::bench

int main(int argc, char** argv) {
  using namespace yima::bench;
  CLI::App app{"Measures Yima against what the machine can do at most. Started by tools/bench."};
  Options options;
  std::vector<std::string> names;
  bool json = false;
  uint64_t echo = 0;
  app.add_option("NAME", names, "the benches to run; all when none is named");
  app.add_flag("--json", json, "one JSON object a line");
  app.add_flag("--quick", options.quick, "small sizes: shows that all works, measures little");
  app.add_option("--codes", options.codes, "codes for resolve to pick from");
  app.add_option("--work", options.work, "folder on a disk for registries that are made");
  app.add_option("--yimad", options.yimad, "the server");
  app.add_option("--yima", options.yima, "the client");
  app.add_option("--echo", echo, "serve replies of so many bytes, NAME being the address file");
  Certificate certificate;
  app.add_option("--tls-cert", certificate.certificate, "for --echo: serve over TLS, with this");
  app.add_option("--tls-key", certificate.key, "its key");
  uint64_t constant = 0;
  app.add_option("--constant-page", constant, "serve a page of so many bytes, NAME as above");
  CLI11_PARSE(app, argc, argv);
  if (echo != 0 && names.size() == 1) return ServeEcho(names[0], echo, certificate);
  if (constant != 0 && names.size() == 1) return ServeConstantPage(names[0], constant);
  if (sodium_init() < 0) return 1;
  const auto done = RunAll(options, names, json);
  if (done) return 0;
  fmt::print(stderr, "bench: {}\n", done.error().message);
  return done.error().code == yima::StatusCode::kInvalidArgument ? 2 : 1;
}
