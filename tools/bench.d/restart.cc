#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include "tools/bench.d/sqlite_floor.h"
#include <fmt/format.h>

#include "yima/v1/resolver_service.pb.h"

namespace yima::bench {
namespace {

constexpr double kOpeningMost = 1;
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

/// Seconds that SQLite takes to open what a killed server left, recover its log and read a record.
Result<double> OpeningSeconds(const std::filesystem::path& file) {
  Result<void> read;
  const double seconds = SecondsOf([&] {
    read = [&]() -> Result<void> {
      YIMA_ASSIGN_OR_RETURN(const auto database, RawDatabase::Open(file, false));
      database->KeepLog();
      auto* record = database->Prepare("SELECT bytes FROM record1 ORDER BY id DESC LIMIT 1");
      if (sqlite3_step(record) == SQLITE_ROW) return {};
      return database->Failure();
    }();
  });
  if (!read) return tl::unexpected(read.error());
  return seconds;
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
  Line line{.bench = "restart", .unit = "s", .floor_unit = "s plain SQLite"};
  line.bar = 2;
  line.better = Better::kMin;
  return MedianOfRounds(line, options.quick ? 1 : 5, kOpeningMost, [&]() -> Result<Round> {
    YIMA_RETURN_IF_ERROR(registry->Import(kRowsBetween));
    Result<double> floor;
    Result<void> answered;
    const double seconds = SecondsOf([&] {
      registry->Kill();
      floor = OpeningSeconds(registry->database());
      answered = registry->StartAgain();
      if (answered) answered = ResolveOnce(*registry, text);
    });
    YIMA_RETURN_IF_ERROR(answered);
    YIMA_ASSIGN_OR_RETURN(const double opening, std::move(floor));
    return Round{seconds - opening, opening};
  });
}

}  // namespace yima::bench
