#ifndef YIMA_CODEGEN_LABEL_OUTPUT_FILE_H_
#define YIMA_CODEGEN_LABEL_OUTPUT_FILE_H_

#include <string>
#include <string_view>

#include "codegen/code/result.h"

namespace yima::label {

/// FILE_IN_THE_WAY when a file lies there that is not empty and does not begin with these bytes: it
/// is somebody's, and no earlier output of ours that may be replaced.
Result<void> CheckReplaceable(const std::string& path, std::string_view beginning);

/// A file that appears whole or not at all: written beside its place under a hidden name, on the
/// disk before it is renamed, removed when it is not published. Not thread-safe.
class OutputFile {
 public:
  /// FOLDER_MISSING, FILE_UNWRITABLE.
  static Result<OutputFile> Create(const std::string& path);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  /// DISK_FULL, FILE_UNWRITABLE.
  Result<void> Write(std::string_view bytes);
  /// Waits until all of it is on the disk.
  Result<void> Close();
  /// Gives the closed file its name, in place of one that is there.
  Result<void> Publish();

  const std::string& path() const { return path_; }
  /// Where it lies until it is published.
  const std::string& hidden_path() const { return hidden_path_; }

 private:
  OutputFile(std::string path, std::string hidden_path, int descriptor);
  Result<void> Flush();

  std::string path_;
  std::string hidden_path_;  ///< Empty once published or moved from.
  std::string buffer_;
  int descriptor_ = -1;
};

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_OUTPUT_FILE_H_
