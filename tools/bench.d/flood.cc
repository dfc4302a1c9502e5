#include "tools/bench.d/benches.h"
#include "tools/bench.d/load.h"
#include "tools/bench.d/registry.h"
#include <fmt/format.h>

#include "yima/v1/resolver_service.pb.h"

namespace yima::bench {
namespace {

constexpr double kFacilitiesLeast = 10'000;
constexpr int kCallers = 64;

/// Asks what a plate says.
Result<std::string> SomeRequest(Registry& registry) {
  v1::IssueCodesRequest issue;
  issue.set_blank(1);
  v1::ResolveRequest request;
  YIMA_RETURN_IF_ERROR(
      registry.Issue(issue, [&](const v1::IssuedCode& code) { request.set_text(code.text()); }));
  return request.SerializeAsString();
}

}  // namespace

Result<Line> BenchFlood(const Options& options) {
  const uint64_t rows = options.quick ? 5'000 : 100'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry,
                        Registry::Make(options, "flood", {.public_limit = true}));
  YIMA_ASSIGN_OR_RETURN(const std::string request, SomeRequest(*registry));
  const auto import = [&]() -> Result<double> {
    YIMA_ASSIGN_OR_RETURN(const auto ledger, registry->Import(rows));
    return static_cast<double>(rows) / ledger.seconds;
  };
  YIMA_RETURN_IF_ERROR(import());
  Line line{.bench = "flood", .unit = "facilities/s", .floor_unit = "facilities/s alone"};
  line.bar = 0.5;
  return MedianOfRounds(line, options.quick ? 1 : 5, kFacilitiesLeast, [&]() -> Result<Round> {
    YIMA_ASSIGN_OR_RETURN(const double alone, import());
    const Flood flood(registry->TargetOf("/yima.v1.ResolverService/Resolve", ""), kCallers,
                      request);
    double flooded = 0;
    Result<double> done;
    const double seconds = SecondsOf([&] { done = import(); });
    YIMA_ASSIGN_OR_RETURN(flooded, std::move(done));
    Note(fmt::format("flood: {:.0f} calls/s were answered and {:.0f} refused",
                     static_cast<double>(flood.answered()) / seconds,
                     static_cast<double>(flood.refused()) / seconds));
    return Round{flooded, alone};
  });
}

}  // namespace yima::bench
