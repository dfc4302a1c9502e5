// Preloaded into a program, this lets what changes files fail with EIO while the file FAIL_WHILE
// exists: all of it, or syncs alone when that file begins with "s". When it begins with "h", syncs
// hang instead.
#include <cerrno>
#include <cstdlib>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

enum class Call { kWrite, kSync };

/// Regular files that are not the program's own streams.
bool Fails(int fd, Call call) {
  static const char* const mark = std::getenv("FAIL_WHILE");
  struct stat about {};
  if (mark == nullptr || fd <= STDERR_FILENO || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    return false;
  }
  const int file = open(mark, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char first = 0;
  if (read(file, &first, 1) != 1) first = 0;
  close(file);
  if (call == Call::kWrite && (first == 's' || first == 'h')) return false;
  if (first == 'h') {
    while (access(mark, F_OK) == 0) usleep(10'000);
    return false;
  }
  errno = EIO;
  return true;
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int fsync(int fd) { return Fails(fd, Call::kSync) ? -1 : Real<int(int)>("fsync")(fd); }
int fdatasync(int fd) { return Fails(fd, Call::kSync) ? -1 : Real<int(int)>("fdatasync")(fd); }
int ftruncate64(int fd, off64_t size) {
  if (Fails(fd, Call::kWrite)) return -1;
  return Real<int(int, off64_t)>("ftruncate64")(fd, size);
}
ssize_t write(int fd, const void* bytes, size_t size) {
  if (Fails(fd, Call::kWrite)) return -1;
  return Real<ssize_t(int, const void*, size_t)>("write")(fd, bytes, size);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  if (Fails(fd, Call::kWrite)) return -1;
  return Real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64")(fd, bytes, size, at);
}

}  // extern "C"
