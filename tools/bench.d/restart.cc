#include <algorithm>
#include <vector>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include <fmt/format.h>

#include "yima/v1/resolver_service.pb.h"

namespace yima::bench {
namespace {

constexpr double kSecondsMost = 2;
/// Left in the write-ahead log by each round, as a busy server leaves it.
constexpr uint64_t kRowsBetween = 10'000;

/// What stands on the plate of one facility of a ledger.
Result<std::string> SomeText(Registry& registry) {
  YIMA_ASSIGN_OR_RETURN(const auto ledger, registry.Import(1));
  v1::IssueCodesRequest request;
  request.mutable_filter()->set_batch(ledger.batch);
  std::string text;
  YIMA_RETURN_IF_ERROR(
      registry.Issue(request, [&](const v1::IssuedCode& code) { text = code.text(); }));
  return text;
}

Result<void> ResolveOnce(const Registry& registry, const std::string& text) {
  v1::ResolveRequest request;
  request.set_text(text);
  YIMA_ASSIGN_OR_RETURN(const auto answer, registry.client().Resolve(request));
  if (answer.has_facility()) return {};
  return Fail(StatusCode::kInternal, "NOT_RESOLVED", answer.ShortDebugString());
}

}  // namespace

Result<Line> BenchRestart(const Options& options) {
  const uint64_t rows = options.quick ? 10'000 : 1'000'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "restart"));
  YIMA_ASSIGN_OR_RETURN(const std::string text, SomeText(*registry));
  constexpr uint64_t kLedgerRows = 100'000;
  for (uint64_t made = 0; made < rows; made += kLedgerRows) {
    YIMA_RETURN_IF_ERROR(registry->Import(std::min(kLedgerRows, rows - made)));
  }
  std::vector<double> seconds;
  for (int round = 0; round < (options.quick ? 1 : 5); ++round) {
    YIMA_RETURN_IF_ERROR(registry->Import(kRowsBetween));
    Result<void> answered;
    seconds.push_back(SecondsOf([&] {
      registry->Kill();
      answered = registry->StartAgain();
      if (answered) answered = ResolveOnce(*registry, text);
    }));
    YIMA_RETURN_IF_ERROR(answered);
  }
  std::ranges::sort(seconds);
  Line line{.bench = "restart", .value = seconds[seconds.size() / 2], .unit = "s"};
  line.bar = kSecondsMost;
  line.better = Better::kMin;
  line.met = line.value <= line.bar;
  return line;
}

}  // namespace yima::bench
