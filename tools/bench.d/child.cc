#include "tools/bench.d/child.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace yima::bench {
namespace {

int64_t AnonymousKilobytes(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  const std::string_view name = "RssAnon:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::stoll(line.substr(name.size()));
  }
  return 0;
}

[[noreturn]] void BecomeProgram(const std::vector<std::string>& words, const std::string& output) {
  // No server is left behind when the bench is killed.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (out >= 0) dup2(out, STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

bool IsOther(pid_t pid) {
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  return std::filesystem::read_symlink(fmt::format("/proc/{}/exe", pid), error) != own && !error;
}

}  // namespace

Result<std::unique_ptr<Child>> Child::Start(const std::vector<std::string>& words,
                                            const std::filesystem::path& output) {
  const std::string out = output.empty() ? "/dev/null" : output.string();
  const pid_t pid = fork();
  if (pid == 0) BecomeProgram(words, out);
  if (pid < 0) {
    return Fail(StatusCode::kInternal, "PROGRAM_FAILED", fmt::format("cannot run {}", words[0]));
  }
  return std::unique_ptr<Child>(new Child(pid, fmt::format("{} {}", words[0], words.back())));
}

Child::Child(pid_t pid, std::string name) : pid_(pid), name_(std::move(name)) {
  watcher_ = std::thread([this] { Watch(); });
}

Child::~Child() {
  if (!ended_) static_cast<void>(Stop());
}

void Child::Watch() {
  while (watching_) {
    // Before it has become the program it is a copy of this one.
    if (IsOther(pid_)) {
      peak_kilobytes_ = std::max<int64_t>(peak_kilobytes_, AnonymousKilobytes(pid_));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

double Child::megabytes() const {
  return static_cast<double>(AnonymousKilobytes(pid_)) / 1000.0 * 1.024;
}

double Child::CpuSecondsWithOwn() const {
  const auto seconds = [](clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  clockid_t of_program = 0;
  clock_getcpuclockid(pid_, &of_program);
  return seconds(of_program) + seconds(CLOCK_PROCESS_CPUTIME_ID);
}

bool Child::Running() const {
  siginfo_t info{};
  return !ended_ &&
         waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

Result<void> Child::Wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  ended_ = true;
  watching_ = false;
  watcher_.join();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Fail(StatusCode::kInternal, "PROGRAM_FAILED",
              fmt::format("{} ended with status {:#x}", name_, status));
}

Result<void> Child::Stop() {
  kill(pid_, SIGTERM);
  return Wait();
}

void Child::Kill() {
  kill(pid_, SIGKILL);
  static_cast<void>(Wait());
}

Result<void> Run(const std::vector<std::string>& words) {
  YIMA_ASSIGN_OR_RETURN(const auto child, Child::Start(words));
  return child->Wait();
}

}  // namespace yima::bench
