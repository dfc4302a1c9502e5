#include "codegen/label/sheet.h"

#include <atomic>
#include <filesystem>
#include <thread>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/label_samples.h"

#include "codegen/label/page.h"

namespace yima::bench {
namespace {

constexpr double kSymbolsLeastACore = 2'000;
/// Near to what a file of a real job holds: closing one subsets fonts of 16 MB.
constexpr size_t kLabelsAFile = 4'000;
constexpr size_t kFilesACore = 4;

size_t Cores() { return std::max(1u, std::thread::hardware_concurrency()); }

/// Symbols a second on all cores at once, as the template wants them.
double SymbolsPerSecond(const label::Template& plate, const std::vector<std::string>& bodies) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < bodies.size(); i = next++) {
      if (!label::MakeTemplateSymbol(plate, kSampleOrigin + bodies[i])) std::abort();
    }
  };
  const double seconds = SecondsOf([&] {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < Cores(); ++i) threads.emplace_back(work);
  });
  return static_cast<double>(bodies.size()) / seconds;
}

/// Labels a second, from the first one given until all files are written and named.
Result<double> LabelsPerSecond(const std::filesystem::path& folder, const label::Template& plate,
                               const label::Page& page, const std::vector<std::string>& bodies) {
  std::filesystem::create_directories(folder);
  label::SheetOptions sheet;
  sheet.path = (folder / "sheet.pdf").string();
  // As many for each core, so that none idles at the end.
  sheet.labels_per_file = static_cast<uint32_t>(bodies.size() / (kFilesACore * Cores()) + 1);
  Result<void> done;
  const double seconds = SecondsOf([&] {
    done = [&]() -> Result<void> {
      YIMA_ASSIGN_OR_RETURN(const auto writer, label::SheetWriter::Create(plate, page, sheet));
      for (size_t i = 0; i < bodies.size(); ++i) {
        YIMA_RETURN_IF_ERROR(writer->Add(SampleLabel(i, bodies[i])));
      }
      YIMA_RETURN_IF_ERROR(writer->Close());
      return writer->Publish();
    }();
  });
  std::filesystem::remove_all(folder);
  if (!done) return tl::unexpected(done.error());
  return static_cast<double>(bodies.size()) / seconds;
}

}  // namespace

Result<Line> BenchSheet(const Options& options) {
  YIMA_ASSIGN_OR_RETURN(const auto plate, label::Template::Load("plate-60"));
  const auto bodies = RandomBodies(options.quick ? 1'000 : kFilesACore * kLabelsAFile * Cores());
  YIMA_ASSIGN_OR_RETURN(const auto page, label::Page::A4(plate, {}));
  Line line{.bench = "sheet", .unit = "labels/s", .floor_unit = "symbols/s on all cores"};
  line.bar = 0.75;
  const double least = kSymbolsLeastACore * static_cast<double>(Cores());
  return MedianOfRounds(line, options.quick ? 1 : 5, least, [&]() -> Result<Round> {
    const double floor = SymbolsPerSecond(plate, bodies);
    YIMA_ASSIGN_OR_RETURN(const double figure,
                          LabelsPerSecond(options.work / "sheets", plate, page, bodies));
    return Round{figure, floor};
  });
}

}  // namespace yima::bench
