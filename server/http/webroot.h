#ifndef YIMA_SERVER_HTTP_WEBROOT_H_
#define YIMA_SERVER_HTTP_WEBROOT_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "codegen/code/result.h"

namespace yima::server {

/// The files by which platforms prove that a domain is ours, from one flat folder. They are read
/// when asked for, so that one can be put there without a restart. Thread-safe.
class Webroot {
 public:
  /// Bytes; such files hold a word or two.
  static constexpr size_t kFileSizeMax = size_t{64} << 10;

  /// None is served when `folder` is empty. WEBROOT_MISSING unless it is a folder.
  static Result<Webroot> Open(const std::filesystem::path& folder);

  struct File {
    std::string content;
    std::string content_type;
  };
  /// Nothing unless the name is 1 to 100 of [0-9A-Za-z._-], begins with none of `.` and `-`, and
  /// leads to a plain file, not a link, of at most kFileSizeMax bytes.
  std::optional<File> Read(std::string_view name) const;

 private:
  explicit Webroot(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_WEBROOT_H_
