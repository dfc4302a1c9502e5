// Preloaded into a program, this kills it at the Nth call (KILL_AT) that changes a file, or stops
// it there (STOP_AT): so a test can cut a command off at each of its steps in turn, or act between
// any two of them.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

long NumberIn(const char* name) {
  const char* number = std::getenv(name);
  return number == nullptr ? 0 : std::strtol(number, nullptr, 10);
}

void Step() {
  static const long kill_at = NumberIn("KILL_AT");
  static const long stop_at = NumberIn("STOP_AT");
  static std::atomic<long> steps = 0;
  const long step = ++steps;
  if (step == kill_at) std::raise(SIGKILL);
  if (step == stop_at) kill(getpid(), SIGSTOP);
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int fsync(int fd) {
  Step();
  return Real<int(int)>("fsync")(fd);
}
int fdatasync(int fd) {
  Step();
  return Real<int(int)>("fdatasync")(fd);
}
int rename(const char* from, const char* to) {
  Step();
  return Real<int(const char*, const char*)>("rename")(from, to);
}
int mkdir(const char* path, mode_t mode) {
  Step();
  return Real<int(const char*, mode_t)>("mkdir")(path, mode);
}
int ftruncate64(int fd, off64_t size) {
  Step();
  return Real<int(int, off64_t)>("ftruncate64")(fd, size);
}
int unlinkat(int folder, const char* path, int flags) {
  Step();
  return Real<int(int, const char*, int)>("unlinkat")(folder, path, flags);
}
int unlink(const char* path) {
  Step();
  return Real<int(const char*)>("unlink")(path);
}
ssize_t write(int fd, const void* bytes, size_t size) {
  Step();
  return Real<ssize_t(int, const void*, size_t)>("write")(fd, bytes, size);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  Step();
  return Real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64")(fd, bytes, size, at);
}

}  // extern "C"
