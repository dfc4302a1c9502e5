#include "client/cli/program_output.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace yima::cli {
namespace {

/// Gives 0 or an errno; the process prints into `output`.
int Spawn(const std::vector<std::string>& command, int output, pid_t* process) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  const int error = ::posix_spawnp(process, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

Result<ProgramOutput> ProgramOutput::Start(const std::vector<std::string>& command,
                                           const std::string& package) {
  int ends[2];
  // Closed on exec: another program started meanwhile must not keep this pipe open.
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return Fail(StatusCode::kResourceExhausted, "CHECK_FAILED",
                fmt::format("{}: {}", command[0], std::strerror(errno)));
  pid_t process = -1;
  const int error = Spawn(command, ends[1], &process);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    return Fail(StatusCode::kFailedPrecondition, "CHECK_PROGRAM_MISSING",
                fmt::format("{}: {}: labels are read again with it: install {}", command[0],
                            std::strerror(error), package));
  }
  return ProgramOutput(command[0], ::fdopen(ends[0], "rb"), process);
}

ProgramOutput::ProgramOutput(std::string name, std::FILE* stream, pid_t process)
    : name_(std::move(name)), stream_(stream), process_(process) {}

ProgramOutput::ProgramOutput(ProgramOutput&& other) noexcept
    : name_(std::move(other.name_)),
      stream_(std::move(other.stream_)),
      process_(std::exchange(other.process_, -1)) {}

ProgramOutput::~ProgramOutput() {
  if (process_ > 0) (void)End();
}

Result<void> ProgramOutput::End() {
  // A program that still writes ends by the closed pipe.
  stream_.reset();
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) continue;
  process_ = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Fail(StatusCode::kInternal, "CHECK_FAILED",
              fmt::format("{} could not read the finished file: exit code {}", name_,
                          WIFEXITED(status) ? WEXITSTATUS(status) : -1));
}

}  // namespace yima::cli
