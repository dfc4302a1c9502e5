#ifndef YIMA_CLIENT_CLI_MANIFEST_H_
#define YIMA_CLIENT_CLI_MANIFEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/code/result.h"

namespace yima::cli {

/// A line of the manifest that `yima labels` writes.
struct ManifestPlate {
  uint64_t line = 0;
  std::string text;
  std::string facility;
};

/// Reads a manifest, `-` for stdin. FILE_EMPTY, COLUMN_MISSING, CODE_MALFORMED, and what reading
/// CSV refuses; errors name file and line.
Result<std::vector<ManifestPlate>> ReadManifest(const std::string& file);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_MANIFEST_H_
