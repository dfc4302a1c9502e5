#include "client/scan/apart.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace yima::scan {
namespace {

using Symbols = std::vector<ScannedSymbol>;

template <typename T>
void Append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

/// Behind all that a process tells: without it, the process did not come to its end.
constexpr char kEnd = '.';

std::string Encode(const Symbols& symbols) {
  std::string out;
  for (const auto& symbol : symbols) {
    Append(out, symbol.corners);
    Append(out, uint64_t{symbol.text.size()});
    out += symbol.text;
  }
  out += kEnd;
  return out;
}

/// What Encode made in another process of this program, but for its end.
Symbols Decode(std::string_view bytes) {
  Symbols symbols;
  const auto take = [&](void* to, size_t size) {
    std::memcpy(to, bytes.data(), size);
    bytes.remove_prefix(size);
  };
  while (!bytes.empty()) {
    ScannedSymbol symbol;
    uint64_t size = 0;
    take(&symbol.corners, sizeof(symbol.corners));
    take(&size, sizeof(size));
    symbol.text = bytes.substr(0, size);
    bytes.remove_prefix(size);
    symbols.push_back(std::move(symbol));
  }
  return symbols;
}

[[noreturn]] void TellAndExit(int pipe, const std::function<Symbols()>& scan) noexcept {
  // A failed assertion says where in the decoder, which helps nobody, and leaves no core behind.
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0 && pipe != STDERR_FILENO) dup2(nowhere, STDERR_FILENO);
  prctl(PR_SET_DUMPABLE, 0);
  const std::string told = Encode(scan());
  for (size_t at = 0; at < told.size();) {
    const ssize_t written = write(pipe, told.data() + at, told.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(1);
    at += static_cast<size_t>(written);
  }
  _exit(0);
}

std::string ReadToEnd(int pipe) {
  std::string bytes;
  char buffer[4096];
  for (;;) {
    const ssize_t size = read(pipe, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(size));
  }
}

tl::unexpected<Error> NoProcess() {
  return Fail(StatusCode::kResourceExhausted, "PROCESS_REFUSED",
              fmt::format("no process can be made to read the picture in: {}", strerror(errno)));
}

struct Process {
  pid_t id = -1;
  int pipe = -1;  ///< What it tells.
};

Result<Process> Begin(const std::function<Symbols()>& scan) {
  // One at a time, so that no process is born with the writing end of another one's pipe, whose
  // reader would wait for both.
  static std::mutex beginning;
  const std::scoped_lock lock(beginning);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return NoProcess();
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    TellAndExit(ends[1], scan);
  }
  close(ends[1]);
  if (child > 0) return Process{child, ends[0]};
  close(ends[0]);
  return NoProcess();
}

}  // namespace

Result<Symbols> RunApart(const std::function<Symbols()>& scan) {
  YIMA_ASSIGN_OR_RETURN(const Process process, Begin(scan));
  std::string told = ReadToEnd(process.pipe);
  close(process.pipe);
  while (waitpid(process.id, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!told.empty() && told.back() == kEnd) {
    told.pop_back();
    return Decode(told);
  }
  return Fail(StatusCode::kInvalidArgument, "DECODER_FAILED",
              "the decoder failed over this picture: crop it to the code, or take another one");
}

Result<Symbols> ScanFileApart(const std::string& path) {
  YIMA_ASSIGN_OR_RETURN(const Image image, LoadImage(path));
  auto symbols = RunApart([&] { return Scanner().Scan(image); });
  if (!symbols) return tl::unexpected(AtFile(path, std::move(symbols).error()));
  return symbols;
}

}  // namespace yima::scan
