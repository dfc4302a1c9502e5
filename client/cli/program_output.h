#ifndef YIMA_CLIENT_CLI_PROGRAM_OUTPUT_H_
#define YIMA_CLIENT_CLI_PROGRAM_OUTPUT_H_

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "codegen/code/result.h"

namespace yima::cli {

/// A program that runs and whose stdout we read. Not thread-safe; several may run at once.
class ProgramOutput {
 public:
  /// Finds the program on PATH. CHECK_PROGRAM_MISSING says which package has it.
  static Result<ProgramOutput> Start(const std::vector<std::string>& command,
                                     const std::string& package);
  ProgramOutput(ProgramOutput&& other) noexcept;
  ~ProgramOutput();

  /// What it prints; null after End.
  std::FILE* stream() const { return stream_.get(); }
  /// Waits for its end. CHECK_FAILED when that is not exit code 0.
  Result<void> End();

 private:
  struct Closer {
    void operator()(std::FILE* stream) const { std::fclose(stream); }
  };
  ProgramOutput(std::string name, std::FILE* stream, pid_t process);

  std::string name_;
  std::unique_ptr<std::FILE, Closer> stream_;
  pid_t process_ = -1;
};

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_PROGRAM_OUTPUT_H_
