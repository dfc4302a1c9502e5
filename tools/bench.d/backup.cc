#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace yima::bench {
namespace {

namespace fs = std::filesystem;

constexpr double kMegabytesLeast = 100;

/// Copies a file with cp(1), and waits until the copy is on the disk.
Result<void> CopyDurably(const fs::path& from, const fs::path& to) {
  YIMA_RETURN_IF_ERROR(Run({"/bin/cp", from.string(), to.string()}));
  const int copy = open(to.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = copy >= 0 && fsync(copy) == 0;
  if (copy >= 0) close(copy);
  if (synced) return {};
  return Fail(StatusCode::kInternal, "PROGRAM_FAILED", fmt::format("cannot sync {}", to.string()));
}

Result<double> SecondsOfResult(const std::function<Result<void>()>& call) {
  Result<void> done;
  const double seconds = SecondsOf([&] { done = call(); });
  if (!done) return tl::unexpected(done.error());
  return seconds;
}

}  // namespace

Result<Line> BenchBackup(const Options& options) {
  const uint64_t rows = options.quick ? 5'000 : 200'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "backup"));
  YIMA_ASSIGN_OR_RETURN(const auto ledger, registry->Import(rows));
  v1::IssueCodesRequest request;
  request.mutable_filter()->set_batch(ledger.batch);
  YIMA_RETURN_IF_ERROR(registry->Issue(request));
  YIMA_RETURN_IF_ERROR(registry->Restart());

  const auto copy = registry->data() / "copy";
  const auto backup = registry->data() / "backup";
  const double megabytes = static_cast<double>(fs::file_size(registry->database())) / 1e6;
  Line line{.bench = "backup", .unit = "MB/s", .floor_unit = "MB/s of cp and a sync"};
  line.bar = 0.5;
  return MedianOfRounds(line, options.quick ? 1 : 5, kMegabytesLeast, [&]() -> Result<Round> {
    YIMA_ASSIGN_OR_RETURN(const double floor,
                          SecondsOfResult([&] { return CopyDurably(registry->database(), copy); }));
    YIMA_ASSIGN_OR_RETURN(const double figure, SecondsOfResult([&] {
                            return Run({options.yimad.string(), "backup", "--data",
                                        registry->data().string(), backup.string()});
                          }));
    fs::remove(copy);
    fs::remove_all(backup);
    return Round{megabytes / figure, megabytes / floor};
  });
}

}  // namespace yima::bench
