#include "server/http/webroot.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "server/store/descriptor.h"

namespace yima::server {
namespace {

constexpr size_t kNameSizeMax = 100;

bool IsName(std::string_view name) {
  if (name.empty() || name.size() > kNameSizeMax || name.front() == '.' || name.front() == '-') {
    return false;
  }
  return std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::string TypeOf(std::string_view name) {
  if (name.ends_with(".html") || name.ends_with(".htm")) return "text/html; charset=utf-8";
  if (name.ends_with(".json")) return "application/json";
  if (name.ends_with(".xml")) return "application/xml";
  return "text/plain; charset=utf-8";
}

}  // namespace

Result<Webroot> Webroot::Open(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return Webroot(folder);
  return Fail(StatusCode::kNotFound, "WEBROOT_MISSING",
              fmt::format("{} is no folder", folder.string()), "--webroot");
}

std::optional<Webroot::File> Webroot::Read(std::string_view name) const {
  if (folder_.empty() || !IsName(name)) return std::nullopt;
  const store::Descriptor file(
      open((folder_ / name).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size > static_cast<off_t>(kFileSizeMax)) {
    return std::nullopt;
  }
  File read{std::string(static_cast<size_t>(status.st_size), '\0'), TypeOf(name)};
  const ssize_t size = pread(file.get(), read.content.data(), read.content.size(), 0);
  if (size < 0) return std::nullopt;
  read.content.resize(static_cast<size_t>(size));
  return read;
}

}  // namespace yima::server
