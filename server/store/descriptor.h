#ifndef YIMA_SERVER_STORE_DESCRIPTOR_H_
#define YIMA_SERVER_STORE_DESCRIPTOR_H_

#include <cerrno>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace yima::store {

/// A file descriptor that closes itself; below 0: none, and errno says why until the next call.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

/// All of the bytes, over interruptions and short writes. False: errno says why.
inline bool WriteAll(const Descriptor& to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(to.get(), bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_DESCRIPTOR_H_
