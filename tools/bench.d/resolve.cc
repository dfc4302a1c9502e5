#include <fstream>
#include <random>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/load.h"
#include "tools/bench.d/registry.h"
#include <fmt/format.h>
#include <unistd.h>

#include "codegen/code/code_text.h"
#include "yima/v1/resolver_service.pb.h"

namespace yima::bench {
namespace {

constexpr double kEchoesLeast = 31'000;
constexpr int kCallers = 64;
constexpr const char* kOrigin = "HTTPS://QR.EXAMPLE.CN/";

/// Codes as 83 bytes each: a million texts would crowd the page cache that is measured.
using Codes = std::vector<CodeBytes>;

Result<Codes> MakeCodes(Registry& registry, uint64_t n) {
  constexpr uint64_t kLedgerRows = 100'000;
  Codes codes;
  codes.reserve(n);
  for (uint64_t made = 0; made < n; made += kLedgerRows) {
    YIMA_ASSIGN_OR_RETURN(const auto ledger, registry.Import(std::min(kLedgerRows, n - made)));
    v1::IssueCodesRequest request;
    request.mutable_filter()->set_batch(ledger.batch);
    YIMA_RETURN_IF_ERROR(registry.Issue(request, [&](const v1::IssuedCode& code) {
      const auto parts = SplitCodeText(code.text());
      const auto bytes = parts ? DecodeBody(parts->digits) : std::nullopt;
      if (bytes) codes.push_back(*bytes);
    }));
    Note(fmt::format("resolve: {} of {} codes made", codes.size(), n));
  }
  return codes;
}

/// Spreads the ith call over all codes, without a lock between the threads that ask.
uint64_t Scattered(uint64_t i) {
  i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9;
  i = (i ^ (i >> 27)) * 0x94d049bb133111eb;
  return i ^ (i >> 31);
}

/// Every code is found, and found authentic, before speed means anything.
Result<void> CheckSome(const Registry& registry, const Codes& codes) {
  for (size_t i = 0; i < codes.size(); i += codes.size() / 100 + 1) {
    v1::ResolveRequest request;
    request.set_text(kOrigin + EncodeBody(codes[i]));
    YIMA_ASSIGN_OR_RETURN(const auto answer, registry.client().Resolve(request));
    if (answer.verdict() != v1::VERDICT_AUTHENTIC || answer.state() != v1::CODE_STATE_ACTIVE ||
        answer.organizations_size() != 3) {
      return Fail(StatusCode::kInternal, "NOT_RESOLVED", answer.ShortDebugString());
    }
  }
  return {};
}

struct Echo {
  std::unique_ptr<Child> program;
  std::string address;
};

Result<Echo> StartEcho(const Options& options, uint64_t reply_bytes) {
  const auto file = options.work / "echo-address";
  std::filesystem::remove(file);
  Echo echo;
  YIMA_ASSIGN_OR_RETURN(echo.program,
                        Child::Start({std::filesystem::read_symlink("/proc/self/exe").string(),
                                      "--echo", fmt::to_string(reply_bytes), file.string()}));
  while (echo.address.empty() && echo.program->Running()) {
    usleep(2'000);
    std::ifstream(file) >> echo.address;
  }
  return echo;
}

}  // namespace

Result<Line> BenchResolve(const Options& options) {
  const uint64_t codes_wanted =
      options.codes != 0 ? options.codes : (options.quick ? 20'000 : 1'000'000);
  const uint64_t calls = options.quick ? 5'000 : 100'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "resolve"));
  YIMA_ASSIGN_OR_RETURN(const Codes codes, MakeCodes(*registry, codes_wanted));
  YIMA_RETURN_IF_ERROR(registry->Restart());
  YIMA_RETURN_IF_ERROR(CheckSome(*registry, codes));

  uint64_t run = 0;
  const auto request = [&](uint64_t i) {
    v1::ResolveRequest asked;
    asked.set_text(kOrigin + EncodeBody(codes[Scattered(run << 32 | i) % codes.size()]));
    return asked.SerializeAsString();
  };
  const Load resolver(registry->address(), "/yima.v1.ResolverService/Resolve", kCallers);
  YIMA_ASSIGN_OR_RETURN(const auto warm, resolver.Run(calls, request, registry->server()));
  YIMA_ASSIGN_OR_RETURN(const Echo echo,
                        StartEcho(options, static_cast<uint64_t>(warm.reply_bytes)));
  const Load echoing(echo.address, "/yima.bench.Echo/Echo", kCallers);
  YIMA_RETURN_IF_ERROR(echoing.Run(calls / 5, request, *echo.program));

  Line line{.bench = "resolve", .unit = "resolves/s", .floor_unit = "echoes/s"};
  line.bar = codes_wanted > 1'000'000 ? 0.75 : 0.8;
  return MedianOfRounds(line, options.quick ? 1 : 7, kEchoesLeast, [&]() -> Result<Round> {
    ++run;
    YIMA_ASSIGN_OR_RETURN(const auto floor, echoing.Run(calls, request, *echo.program));
    YIMA_ASSIGN_OR_RETURN(const auto figure, resolver.Run(calls, request, registry->server()));
    return Round{figure.per_second, floor.per_second, figure.cpu_us, floor.cpu_us};
  });
}

}  // namespace yima::bench
