#include "tools/bench.d/line.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace yima::bench {
namespace {

constexpr const char* kRow = "{:<14} {:>11} {:<22} {:>11} {:<26} {:>7} {:>8}  {}\n";

/// Four significant digits are more than a shared machine can hold.
double Rounded(double value) {
  if (value == 0) return 0;
  const double scale = std::pow(10, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

std::string Words(double value) { return fmt::format("{:.{}f}", value, value < 100 ? 2 : 0); }

std::string CpuWords(const Round& round) {
  if (round.value_cpu_us == 0) return {};
  return fmt::format("; {:.1f} and {:.1f} µs of processor time each", round.value_cpu_us,
                     round.floor_cpu_us);
}

double ClockSeconds(clockid_t clock, const std::function<void()>& call) {
  const auto now = [&] {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double begin = now();
  call();
  return now() - begin;
}

}  // namespace

std::string Line::ToJson() const {
  nlohmann::ordered_json object;
  object["bench"] = bench;
  object["value"] = Rounded(value);
  object["unit"] = unit;
  object["floor"] = nullptr;
  object["floor_unit"] = floor_unit;
  object["ratio"] = nullptr;
  if (floor) object["floor"] = Rounded(*floor);
  if (ratio) object["ratio"] = Rounded(*ratio);
  object["bar"] = bar;
  object["better"] = better == Better::kMin ? "min" : "max";
  object["met"] = met;
  return object.dump() + "\n";
}

std::string Line::TableHead() {
  return fmt::format(kRow, "bench", "figure", "", "floor", "", "ratio", "bar", "");
}

std::string Line::ToRow() const {
  const std::string want = (better == Better::kMin ? "≤ " : "≥ ") + fmt::format("{:g}", bar);
  return fmt::format(kRow, bench, Words(value), unit, floor ? Words(*floor) : "", floor_unit,
                     ratio ? fmt::format("{:.3f}", *ratio) : "", want, met ? "met" : "MISSED");
}

Result<Line> MedianOfRounds(Line line, int rounds, double floor_worst,
                            const std::function<Result<Round>()>& round) {
  std::vector<Round> all;
  for (int i = 0; i < rounds; ++i) {
    YIMA_ASSIGN_OR_RETURN(all.emplace_back(), round());
    const Round& last = all.back();
    constexpr int kTold = 10;
    if (rounds > kTold && i % kTold != 0) continue;
    Note(fmt::format("{} round {} of {}: {} ÷ {} = {:.3f}{}", line.bench, i + 1, rounds,
                     Words(last.value), Words(last.floor), last.value / last.floor,
                     CpuWords(last)));
  }
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::ranges::nth_element(all, middle, {}, [](const Round& r) { return r.value / r.floor; });
  line.value = middle->value;
  line.floor = middle->floor;
  line.ratio = middle->value / middle->floor;
  const auto good = [&](double figure, double bar) {
    return line.better == Better::kMax ? figure >= bar : figure <= bar;
  };
  const bool sound = good(middle->floor, floor_worst);
  if (!sound) {
    Note(fmt::format("{}: the floor {} {} is broken, want {} {}: is the machine busy?", line.bench,
                     Words(middle->floor), line.floor_unit,
                     line.better == Better::kMax ? "at least" : "at most", Words(floor_worst)));
  }
  line.met = sound && good(*line.ratio, line.bar);
  return line;
}

double SecondsOf(const std::function<void()>& call) { return ClockSeconds(CLOCK_MONOTONIC, call); }

double CoreSecondsOf(const std::function<void()>& call) {
  return ClockSeconds(CLOCK_THREAD_CPUTIME_ID, call);
}

void Note(const std::string& text) { fmt::print(stderr, "bench: {}\n", text); }

}  // namespace yima::bench
