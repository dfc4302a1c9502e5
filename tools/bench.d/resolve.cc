#include "tools/bench.d/benches.h"
#include "tools/bench.d/load.h"
#include "tools/bench.d/registry.h"
#include <fmt/format.h>

#include "codegen/code/code_text.h"
#include "yima/v1/resolver_service.pb.h"

namespace yima::bench {
namespace {

constexpr double kEchoesLeast = 31'000;
constexpr double kTlsEchoesLeast = 15'000;
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
    Note(fmt::format("{} of {} codes made", codes.size(), n));
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

/// How both are asked.
struct Manner {
  std::string bench;
  uint64_t codes = 0;
  bool known = false;  ///< Over TLS, by a caller who shows a token.
};

Result<Line> Measure(const Options& options, const Manner& manner) {
  const uint64_t calls = options.quick ? 5'000 : 100'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry,
                        Registry::Make(options, manner.bench, {.tls = manner.known}));
  YIMA_ASSIGN_OR_RETURN(const Codes codes, MakeCodes(*registry, manner.codes));
  YIMA_RETURN_IF_ERROR(registry->Restart());
  YIMA_RETURN_IF_ERROR(CheckSome(*registry, codes));

  uint64_t run = 0;
  const auto request = [&](uint64_t i) {
    v1::ResolveRequest asked;
    asked.set_text(kOrigin + EncodeBody(codes[Scattered(run << 32 | i) % codes.size()]));
    return asked.SerializeAsString();
  };
  const std::string token = manner.known ? registry->token() : "";
  const Target target = registry->TargetOf("/yima.v1.ResolverService/Resolve", token);
  const Load resolver(target, kCallers);
  YIMA_ASSIGN_OR_RETURN(const auto warm, resolver.Run(calls, request, registry->server()));
  YIMA_ASSIGN_OR_RETURN(
      const Echo echo,
      Echo::Start(options, static_cast<uint64_t>(warm.reply_bytes), registry->certificate()));
  const Load echoing({echo.address, "/yima.bench.Echo/Echo", token, target.ca}, kCallers);
  YIMA_RETURN_IF_ERROR(echoing.Run(calls / 5, request, *echo.program));

  Line line{.bench = manner.bench, .unit = "resolves/s", .floor_unit = "echoes/s"};
  line.bar = manner.codes > 1'000'000 ? 0.75 : 0.8;
  const double least = manner.known ? kTlsEchoesLeast : kEchoesLeast;
  return MedianOfRounds(line, options.quick ? 1 : 7, least, [&]() -> Result<Round> {
    ++run;
    YIMA_ASSIGN_OR_RETURN(const auto floor, echoing.Run(calls, request, *echo.program));
    YIMA_ASSIGN_OR_RETURN(const auto figure, resolver.Run(calls, request, registry->server()));
    return Round{figure.per_second, floor.per_second, figure.cpu_us, floor.cpu_us};
  });
}

}  // namespace

Result<Line> BenchResolve(const Options& options) {
  const uint64_t codes = options.quick ? 20'000 : 1'000'000;
  return Measure(options, {"resolve", options.codes != 0 ? options.codes : codes});
}

Result<Line> BenchResolveTls(const Options& options) {
  return Measure(options, {"resolve_tls", options.quick ? uint64_t{20'000} : 100'000, true});
}

}  // namespace yima::bench
