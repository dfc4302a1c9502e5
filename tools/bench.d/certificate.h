#ifndef YIMA_TOOLS_BENCH_D_CERTIFICATE_H_
#define YIMA_TOOLS_BENCH_D_CERTIFICATE_H_

#include <filesystem>
#include <string>

#include "codegen/code/result.h"

namespace yima::bench {

/// PEM files of a certificate for 127.0.0.1 that vouches for itself, and of its key.
struct Certificate {
  std::filesystem::path certificate;
  std::filesystem::path key;

  /// Made by openssl(1), in the folder. PROGRAM_FAILED.
  static Result<Certificate> Make(const std::filesystem::path& folder);
};

/// All of a file; empty when it cannot be read.
std::string TextOf(const std::filesystem::path& file);

}  // namespace yima::bench

#endif  // YIMA_TOOLS_BENCH_D_CERTIFICATE_H_
