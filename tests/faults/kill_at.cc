// Preloaded into a program, this kills it at the Nth call (KILL_AT) that changes a file: so a test
// can cut a command off at each of its steps in turn.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

void Step() {
  static const char* at = std::getenv("KILL_AT");
  static long left = at == nullptr ? 0 : std::strtol(at, nullptr, 10);
  if (left > 0 && --left == 0) std::raise(SIGKILL);
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
