#ifndef YIMA_TOOLS_BENCH_D_CHILD_H_
#define YIMA_TOOLS_BENCH_D_CHILD_H_

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

#include "codegen/code/result.h"

namespace yima::bench {

/// A program run beside this one, with the peak of its anonymous memory (RssAnon: without the
/// mapped database, which is the system's page cache). Stopped with the object.
class Child {
 public:
  /// stdout goes to `output`, or to nobody when empty. PROGRAM_FAILED.
  static Result<std::unique_ptr<Child>> Start(const std::vector<std::string>& words,
                                              const std::filesystem::path& output = {});
  ~Child();

  /// Waits for its end. PROGRAM_FAILED unless it exits with 0.
  Result<void> Wait();
  /// SIGTERM, then Wait.
  Result<void> Stop();
  /// SIGKILL, and waits.
  void Kill();
  bool Running() const;

  /// Processor time so far of it and this program together, seconds.
  double CpuSecondsWithOwn() const;

  /// Its anonymous memory now.
  double megabytes() const;
  /// The highest seen so far, looked at every 5 ms.
  double peak_megabytes() const { return static_cast<double>(peak_kilobytes_) / 1000.0 * 1.024; }

 private:
  Child(pid_t pid, std::string name);
  void Watch();

  const pid_t pid_;
  const std::string name_;
  bool ended_ = false;
  std::atomic<bool> watching_ = true;
  std::atomic<int64_t> peak_kilobytes_ = 0;
  std::thread watcher_;
};

/// Runs a program to its end.
Result<void> Run(const std::vector<std::string>& words);

}  // namespace yima::bench

#endif  // YIMA_TOOLS_BENCH_D_CHILD_H_
