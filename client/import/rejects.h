#ifndef YIMA_CLIENT_IMPORT_REJECTS_H_
#define YIMA_CLIENT_IMPORT_REJECTS_H_

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/result.h"

namespace yima::ledger {

/// Writes rows that were not taken as they stood, in UTF-8, with the reason in a column before
/// them: mended and without that column (or with it: it is left out as unknown) the file can be
/// imported in its turn. Not thread-safe.
class RejectsWriter {
 public:
  /// Replaces a file that is there, but not before Close. FILE_UNWRITABLE.
  static Result<RejectsWriter> Create(const std::string& path,
                                      const std::vector<std::string>& header,
                                      std::string_view reason_header = "reason",
                                      char delimiter = ',');

  Result<void> Write(std::string_view reason, const std::vector<std::string>& fields);
  /// Puts the file in its place, whole; without it there is nothing.
  Result<void> Close();

  RejectsWriter(RejectsWriter&& other) noexcept;
  RejectsWriter& operator=(RejectsWriter&&) = delete;
  ~RejectsWriter();

 private:
  RejectsWriter() = default;
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string path_;
  std::string hidden_path_;  ///< Beside it, until it is whole; empty when written in place.
  char delimiter_ = ',';
  std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace yima::ledger

#endif  // YIMA_CLIENT_IMPORT_REJECTS_H_
