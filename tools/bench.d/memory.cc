#include <fstream>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include <fmt/format.h>

namespace yima::bench {
namespace {

constexpr double kMegabytesMost = 300;
constexpr double kGrowthMost = 1.10;

/// Peaks of the two programs in one run, MB of RssAnon.
struct Peaks {
  double server = 0;
  double cli = 0;
};

Result<void> WriteLedger(const std::filesystem::path& file, uint64_t rows) {
  std::ofstream stream(file);
  stream << LedgerCsvHead();
  for (uint64_t i = 0; i < rows; ++i) stream << LedgerCsvLine(i);
  if (stream.flush()) return {};
  return Fail(StatusCode::kInternal, "LEDGER_NOT_WRITTEN", file.string());
}

Result<double> RunCli(const Options& options, const Registry& registry,
                      std::vector<std::string> words) {
  words.insert(words.begin(), options.yima.string());
  words.insert(words.end(), {"--server", registry.address(), "--token-file",
                             (registry.data() / "admin-token").string()});
  YIMA_ASSIGN_OR_RETURN(const auto program, Child::Start(words));
  YIMA_RETURN_IF_ERROR(program->Wait());
  return program->peak_megabytes();
}

Result<Peaks> ImportPeaks(const Options& options, Registry& registry, uint64_t rows) {
  const auto file = registry.data() / "ledger.csv";
  YIMA_RETURN_IF_ERROR(WriteLedger(file, rows));
  Peaks peaks;
  YIMA_ASSIGN_OR_RETURN(peaks.cli, RunCli(options, registry,
                                          {"facilities", "import", file.string(),
                                           "--create-organizations", "--request-id", "bench"}));
  peaks.server = registry.server().peak_megabytes();
  return peaks;
}

Result<Peaks> IssuePeaks(const Options& options, Registry& registry, uint64_t rows) {
  YIMA_RETURN_IF_ERROR(ImportPeaks(options, registry, rows));
  YIMA_RETURN_IF_ERROR(registry.Restart());
  Peaks peaks;
  YIMA_ASSIGN_OR_RETURN(peaks.cli, RunCli(options, registry,
                                          {"codes", "issue", "--where", "division=140502", "--json",
                                           "--request-id", "bench"}));
  peaks.server = registry.server().peak_megabytes();
  return peaks;
}

Result<Peaks> LabelPeaks(const Options& options, Registry& registry, uint64_t rows) {
  YIMA_RETURN_IF_ERROR(IssuePeaks(options, registry, rows));
  YIMA_RETURN_IF_ERROR(registry.Restart());
  const auto folder = registry.data() / "sheets";
  std::filesystem::create_directory(folder);
  Peaks peaks;
  YIMA_ASSIGN_OR_RETURN(peaks.cli, RunCli(options, registry,
                                          {"labels", "--where", "division=140502", "--template",
                                           "plate-60", "--out", (folder / "all.pdf").string()}));
  peaks.server = registry.server().peak_megabytes();
  return peaks;
}

using Measure = Result<Peaks> (*)(const Options&, Registry&, uint64_t);

/// Shows the program with the higher peak; both must keep both bars.
Result<Line> Compare(const Options& options, const std::string& bench, Measure measure) {
  const uint64_t many = options.quick ? 20'000 : 1'000'000;
  const uint64_t few = options.quick ? 10'000 : 100'000;
  const auto run = [&](uint64_t rows) -> Result<Peaks> {
    YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, bench));
    YIMA_ASSIGN_OR_RETURN(const auto peaks, measure(options, *registry, rows));
    Note(fmt::format("{} {}: server {:.1f} MB, client {:.1f} MB", bench, rows, peaks.server,
                     peaks.cli));
    return peaks;
  };
  YIMA_ASSIGN_OR_RETURN(const Peaks at_few, run(few));
  YIMA_ASSIGN_OR_RETURN(const Peaks at_many, run(many));
  const bool server = at_many.server >= at_many.cli;
  Line line{.bench = bench, .unit = fmt::format("MB, {}", server ? "yimad" : "yima")};
  line.value = server ? at_many.server : at_many.cli;
  line.floor = server ? at_few.server : at_few.cli;
  line.floor_unit = fmt::format("MB at {} facilities", few);
  line.ratio = line.value / *line.floor;
  line.bar = kMegabytesMost;
  line.better = Better::kMin;
  line.met = line.value <= kMegabytesMost && at_many.server <= at_few.server * kGrowthMost &&
             at_many.cli <= at_few.cli * kGrowthMost;
  return line;
}

}  // namespace

Result<Line> BenchMemoryImport(const Options& options) {
  return Compare(options, "memory_import", ImportPeaks);
}

Result<Line> BenchMemoryIssue(const Options& options) {
  return Compare(options, "memory_issue", IssuePeaks);
}

Result<Line> BenchMemoryLabels(const Options& options) {
  return Compare(options, "memory_labels", LabelPeaks);
}

}  // namespace yima::bench
