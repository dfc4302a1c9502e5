#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include "tools/bench.d/sqlite_floor.h"

namespace yima::bench {
namespace {

/// A facility is some ten rows, and SQLite inserts 650,000 plain ones a second.
constexpr double kFacilitiesLeast = 32'000;

}  // namespace

Result<Line> BenchImport(const Options& options) {
  const double rows = options.quick ? 10'000 : 100'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "import"));
  YIMA_ASSIGN_OR_RETURN(const auto mirror,
                        MirrorDatabase::Make(registry->database(), registry->data() / "mirror.db"));
  Line line{.bench = "import", .unit = "facilities/s", .floor_unit = "facilities/s raw SQLite"};
  line.bar = 0.6;
  return MedianOfRounds(line, options.quick ? 1 : 5, kFacilitiesLeast, [&]() -> Result<Round> {
    YIMA_ASSIGN_OR_RETURN(const auto ledger, registry->Import(static_cast<uint64_t>(rows)));
    YIMA_ASSIGN_OR_RETURN(const auto same, mirror->NewRows());
    YIMA_ASSIGN_OR_RETURN(const double floor_seconds, mirror->Insert(same));
    return Round{rows / ledger.seconds, static_cast<double>(same.size()) / floor_seconds,
                 ledger.cpu_us, floor_seconds * 1e6 / static_cast<double>(same.size())};
  });
}

}  // namespace yima::bench
