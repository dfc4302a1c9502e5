#include <cstdio>
#include <fstream>
#include <sstream>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include "tools/bench.d/slow_crowd.h"
#include <fmt/format.h>
#include <unistd.h>

#include "server/http/http_server.h"

namespace yima::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWrk = "/usr/bin/wrk";
constexpr double kPagesLeast = 5'000;
constexpr uint64_t kConstantBytes = 10'240;
constexpr unsigned kSlowClients = 5'000;

/// What wrk saw in one run.
struct Seen {
  double per_second = 0;
  double p99_seconds = 0;
};

/// "1.23ms", "456.00us", "1.20s"
double SecondsIn(const std::string& text) {
  const double number = std::stod(text);
  if (text.ends_with("us")) return number / 1e6;
  return text.ends_with("ms") ? number / 1e3 : number;
}

Result<Seen> ReadReport(const fs::path& file) {
  Seen seen;
  std::ifstream report(file);
  for (std::string line; std::getline(report, line);) {
    std::istringstream words(line);
    std::string name;
    std::string value;
    words >> name >> value;
    if (name == "Requests/sec:") seen.per_second = std::stod(value);
    if (name == "99%") seen.p99_seconds = SecondsIn(value);
    if (name == "Non-2xx" || name == "Socket") {
      return Fail(StatusCode::kInternal, "PAGE_FAILED", fmt::format("wrk says: {}", line));
    }
  }
  if (seen.per_second > 0 && seen.p99_seconds > 0) return seen;
  return Fail(StatusCode::kInternal, "PROGRAM_FAILED",
              fmt::format("{} gave no figures: tools/setup --tests installs it", kWrk));
}

/// Asks for random codes' pages, 64 at a time.
class Asker {
 public:
  Asker(const Options& options, const fs::path& bodies) : folder_(options.work) {
    seconds_ = options.quick ? 1 : 3;
    std::ofstream(folder_ / "page.lua") << fmt::format(
        R"(local requests = {{}}
function init(args)
  for line in io.lines("{}") do requests[#requests + 1] = wrk.format("GET", "/" .. line) end
end
local i = 0
function request()
  i = i + 7919
  return requests[i % #requests + 1]
end
)",
        bodies.string());
  }

  Result<Seen> Run(const std::string& address) const {
    const fs::path report = folder_ / "page.wrk";
    YIMA_ASSIGN_OR_RETURN(
        const auto wrk,
        Child::Start({kWrk, "-t1", "-c64", fmt::format("-d{}s", seconds_), "--latency", "-H",
                      "Host: QR.EXAMPLE.CN", "-s", (folder_ / "page.lua").string(),
                      fmt::format("http://{}/", address)},
                     report));
    YIMA_RETURN_IF_ERROR(wrk->Wait());
    return ReadReport(report);
  }

 private:
  const fs::path folder_;
  int seconds_ = 0;
};

/// A registry that serves pages, and a file with the digits of its codes.
struct World {
  std::unique_ptr<Registry> registry;
  fs::path bodies;
};

Result<World> MakeWorld(const Options& options, const std::string& name) {
  World world;
  YIMA_ASSIGN_OR_RETURN(world.registry, Registry::Make(options, name));
  YIMA_ASSIGN_OR_RETURN(const auto ledger, world.registry->Import(options.quick ? 1'000 : 100'000));
  world.bodies = fs::absolute(world.registry->data() / "bodies");
  std::ofstream bodies(world.bodies);
  v1::IssueCodesRequest request;
  request.mutable_filter()->set_batch(ledger.batch);
  YIMA_RETURN_IF_ERROR(world.registry->Issue(request, [&](const v1::IssuedCode& code) {
    bodies << code.text().substr(code.text().rfind('/') + 1) << '\n';
  }));
  bodies.close();
  YIMA_RETURN_IF_ERROR(world.registry->Restart());
  return world;
}

}  // namespace

int ServeConstantPage(const std::string& address_file, uint64_t bytes) {
  server::HttpServer::Options options;
  options.address = "127.0.0.1:0";
  const std::string page(bytes, 'x');
  const auto answer = [&page](const server::HttpRequest&, const server::HttpReply& reply) {
    reply({.body = page});
  };
  const auto server = server::HttpServer::Start(answer, options);
  if (!server) return 1;
  std::ofstream(address_file + ".new") << (*server)->address() << '\n';
  std::rename((address_file + ".new").c_str(), address_file.c_str());
  pause();
  return 0;
}

Result<Line> BenchPage(const Options& options) {
  YIMA_ASSIGN_OR_RETURN(const auto world, MakeWorld(options, "page"));
  const auto file = options.work / "constant-address";
  fs::remove(file);
  YIMA_ASSIGN_OR_RETURN(
      const auto constant,
      Child::Start({fs::read_symlink("/proc/self/exe").string(), "--constant-page",
                    fmt::to_string(kConstantBytes), file.string()}));
  std::string constant_address;
  while (constant_address.empty() && constant->Running()) {
    usleep(2'000);
    std::ifstream(file) >> constant_address;
  }
  const Asker asker(options, world.bodies);
  Line line{.bench = "page", .unit = "pages/s", .floor_unit = "constant pages/s"};
  line.bar = 0.7;
  return MedianOfRounds(line, options.quick ? 1 : 5, kPagesLeast, [&]() -> Result<Round> {
    YIMA_ASSIGN_OR_RETURN(const auto floor, asker.Run(constant_address));
    YIMA_ASSIGN_OR_RETURN(const auto figure, asker.Run(world.registry->http_address()));
    return Round{figure.per_second, floor.per_second};
  });
}

Result<Line> BenchPageSlow(const Options& options) {
  YIMA_ASSIGN_OR_RETURN(const auto world, MakeWorld(options, "page_slow"));
  const Asker asker(options, world.bodies);
  Line line{.bench = "page_slow", .unit = "1/p99 s", .floor_unit = "1/p99 s alone"};
  line.bar = 0.5;
  return MedianOfRounds(line, options.quick ? 1 : 5, 1, [&]() -> Result<Round> {
    const std::string& address = world.registry->http_address();
    YIMA_ASSIGN_OR_RETURN(const auto alone, asker.Run(address));
    YIMA_ASSIGN_OR_RETURN(const auto crowd, SlowCrowd::Gather(address, kSlowClients));
    YIMA_ASSIGN_OR_RETURN(const auto crowded, asker.Run(address));
    return Round{1 / crowded.p99_seconds, 1 / alone.p99_seconds};
  });
}

}  // namespace yima::bench
