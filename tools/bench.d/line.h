#ifndef YIMA_TOOLS_BENCH_D_LINE_H_
#define YIMA_TOOLS_BENCH_D_LINE_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "codegen/code/result.h"

namespace yima::bench {

/// What one run is asked for.
struct Options {
  bool quick = false;                   ///< Small sizes: shows that all works, measures little.
  uint64_t codes = 0;                   ///< Codes that `resolve` picks from; 0: its own default.
  std::filesystem::path work = "work";  ///< On a disk, not in memory; registries are made in it.
  std::filesystem::path yimad;
  std::filesystem::path yima;
};

/// Which side of the bar is good.
enum class Better { kMin, kMax };

/// A figure, and the floor that was measured between its rounds.
struct Line {
  std::string bench;
  double value = 0;
  std::string unit;
  std::optional<double> floor = {};
  std::string floor_unit = {};
  std::optional<double> ratio = {};
  double bar = 0;
  Better better = Better::kMax;
  bool met = false;

  /// One JSON object, or one row of a table.
  std::string ToJson() const;
  std::string ToRow() const;
  static std::string TableHead();
};

/// One round's figure and floor.
struct Round {
  double value = 0;
  double floor = 0;
  /// Microseconds of processor time that each took, of all programs together: what to look at when
  /// other work slows both. 0: not measured.
  double value_cpu_us = 0;
  double floor_cpu_us = 0;
};

/// Runs an odd number of rounds and makes a line of the one whose ratio is the median.
/// `floor_worst`: on the worse side of that the floor itself is broken (a machine too busy, a wrong
/// set-up), and the line is not met whatever the ratio; said on stderr.
Result<Line> MedianOfRounds(Line line, int rounds, double floor_worst,
                            const std::function<Result<Round>()>& round);

/// Seconds that a call takes.
double SecondsOf(const std::function<void()>& call);
/// Seconds of processor time that it takes in this thread: what one core does, whatever else runs.
double CoreSecondsOf(const std::function<void()>& call);

/// A remark for the person who looks on, on stderr.
void Note(const std::string& text);

}  // namespace yima::bench

#endif  // YIMA_TOOLS_BENCH_D_LINE_H_
